// A sequence lock with one of its four orders left out, over the weak-memory checker; then rtseq's own.
#include "model/model_test.hpp"

#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>

namespace {

constexpr auto none = std::memory_order_relaxed;
constexpr char torn[] = "a torn value is accepted";

struct orders {
  std::memory_order first_load = acquire;
  bool reader_fence = true;
  bool writer_fence = true;
  std::memory_order last_store = release;
};

struct naive_pair {
  rtseq::detail::atomic<unsigned> count{0};
  rtseq::detail::atomic<int> a{0}, b{0};

  void write(int value, orders with) {
    count.store(count.load(none) + 1, none);
    if (with.writer_fence) rtseq::detail::data_fence(release);
    a.store(value, none);
    b.store(value, none);
    count.store(count.load(none) + 1, with.last_store);
  }
  void read(orders with) const {
    const unsigned begun = count.load(with.first_load);
    model::assume((begun & 1) == 0);
    const int first = a.load(none), second = b.load(none);
    if (with.reader_fence) rtseq::detail::data_fence(acquire);
    model::assume(count.load(none) == begun);
    require(first == second, torn);
  }
};

std::function<void(program&)> written_and_read(orders with) {
  return [with](program& p) {
    auto& s = p.make<naive_pair>("s");
    p.name(s.count, "count"), p.name(s.a, "a"), p.name(s.b, "b");
    p.thread("writer", [&s, with] { s.write(1, with); });
    p.thread("reader", [&s, with] { s.read(with); });
  };
}

TEST(s10, without_acquire_on_the_first_load) {
  EXPECT_TRUE(fails(written_and_read({.first_load = none}), torn));
}
TEST(s10, without_acquire_fence_before_the_second_load) {
  EXPECT_TRUE(fails(written_and_read({.reader_fence = false}), torn));
}
TEST(s10, without_release_fence_after_the_odd_store) {
  EXPECT_TRUE(fails(written_and_read({.writer_fence = false}), torn));
}
TEST(s10, without_release_on_the_even_store) {
  EXPECT_TRUE(fails(written_and_read({.last_store = none}), torn));
}

struct pair_of_words {
  rtseq::seqcount<> count;
  rtseq::relaxed<int> a{0}, b{0};
};

TEST(s10, rtseq_has_all_four) {
  EXPECT_TRUE(proved(written_and_read({})));  // the naive one with all four: nothing else was wrong with it
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<pair_of_words>("s");
    p.name(s.count, "count"), p.name(s.a, "a"), p.name(s.b, "b");
    p.thread("writer", [&s] {
      s.count.write_begin();
      s.a = 1, s.b = 1;
      s.count.write_end();
    });
    p.thread("reader", [&s] {
      const rtseq::read_token token = s.count.read_begin();
      const int a = s.a, b = s.b;
      model::assume(!s.count.read_retry(token));
      require(a == b, torn);
    });
  }));
}

}  // namespace
