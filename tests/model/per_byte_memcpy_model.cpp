// P1478's own use: a seqlock of which only the copies carry the order of the data.
#include "model_test.hpp"

#include <rtseq/per_byte_memcpy.hpp>

#include <cstddef>
#include <cstdint>

namespace {

struct words {
  std::uint64_t a = 0;
  std::uint32_t b = 0;
};
struct shared {
  rtseq::detail::atomic<unsigned> count{0};
  words data;
};
void copy_in(shared& s, const words& value, std::memory_order order) {
  rtseq::atomic_store_per_byte_memcpy(&s.data, &value, offsetof(words, b) + sizeof value.b, order);
}
words copy_out(const shared& s, std::memory_order order) {
  words value;
  rtseq::atomic_load_per_byte_memcpy(&value, &s.data, offsetof(words, b) + sizeof value.b, order);
  return value;
}

std::function<void(program&)> seqlock_of_copies(std::memory_order store, std::memory_order load) {
  return [=](program& p) {
    auto& s = p.make<shared>("s");
    p.name(s.count, "count"), p.name(s.data, "data");
    p.thread("writer", [&s, store] {
      for (std::uint32_t i = 1; i <= 2; ++i) {
        s.count.store(2 * i - 1, model::relaxed);
        copy_in(s, {i, i}, store);
        s.count.store(2 * i, release);
      }
    });
    p.thread("reader", [&s, load] {
      const unsigned before = s.count.load(acquire);
      if (before % 2 != 0) return;
      const words value = copy_out(s, load);
      if (s.count.load(model::relaxed) != before) return;
      require(value.a == value.b, "a torn value is accepted");
      require(value.a == before / 2, "another version's value is accepted");
    });
  };
}
TEST(per_byte_memcpy_model, orders_a_copy_between_two_looks_at_a_count) {
  EXPECT_TRUE(proved(seqlock_of_copies(release, acquire)));
}
// In ThreadSanitizer's form every unit is ordered, whatever the copy asks for.
testing::AssertionResult fails_where_copies_are_relaxed(const std::function<void(program&)>& program) {
  return RTSEQ_TSAN ? proved(program) : fails(program, "is accepted");
}
TEST(per_byte_memcpy_model, twin_with_a_relaxed_store_is_torn) {
  EXPECT_TRUE(fails_where_copies_are_relaxed(seqlock_of_copies(model::relaxed, acquire)));
}
TEST(per_byte_memcpy_model, twin_with_a_relaxed_load_is_torn) {
  EXPECT_TRUE(fails_where_copies_are_relaxed(seqlock_of_copies(release, model::relaxed)));
}
TEST(per_byte_memcpy_model, bytes_may_be_read_while_they_are_written) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<shared>("s");
    p.thread("writer", [&s] { copy_in(s, {1, 1}, model::relaxed); });
    p.thread("reader", [&s] {
      const words value = copy_out(s, model::relaxed);
      require(value.a <= 1 && value.b <= 1, "a unit is torn");
    });
  }));
}
TEST(per_byte_memcpy_model, twin_plain_bytes_race) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& word = p.make<model::var<int>>("word");
        p.thread("writer", [&word] { word = 1; });
        p.thread("reader", [&word] { require(word <= 1, "a unit is torn"); });
      },
      "data race on word"));
}

}  // namespace
