#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <rtseq/seqlocked.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support.hpp"
#include "variants.hpp"

namespace {

using rtseq::seqlocked;
using rtseq::tests::stamped;

template <class Variant>
class every_seqlocked : public testing::Test {
 protected:
  template <class T>
  using value_of = seqlocked<T, typename Variant::context, typename Variant::lock>;
};
TYPED_TEST_SUITE(every_seqlocked, rtseq::tests::variants);

TYPED_TEST(every_seqlocked, loads_what_was_stored) {
  typename TestFixture::template value_of<std::uint64_t> value;
  EXPECT_EQ(value.load(), 0u);
  value.store(7);
  EXPECT_EQ(value.load(), 7u);
  std::uint64_t into = 0;
  EXPECT_TRUE(value.try_load(into));
  EXPECT_EQ(into, 7u);
}

TYPED_TEST(every_seqlocked, update_changes_the_value_that_no_store_can_come_between) {
  constexpr int rounds = 5'000;
  typename TestFixture::template value_of<std::uint64_t> counter;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) counter.update([](std::uint64_t& n) { ++n; });
      });
    }
  }
  EXPECT_EQ(counter.load(), 2u * rounds);
}

TYPED_TEST(every_seqlocked, an_update_that_throws_stores_nothing) {
  typename TestFixture::template value_of<int> value{5};
  EXPECT_THROW(value.update([](int& n) {
    n = 6;
    throw std::runtime_error{"change"};
  }),
               std::runtime_error);
  EXPECT_EQ(value.load(), 5);
  value.store(7);  // the lock was released
  EXPECT_EQ(value.load(), 7);
}

TYPED_TEST(every_seqlocked, versions_tell_whether_something_was_stored) {
  typename TestFixture::template value_of<int> value{1};
  const auto [first, token] = value.load_versioned();
  EXPECT_EQ(first, 1);
  EXPECT_FALSE(value.changed_since(token));
  value.store(2);
  EXPECT_TRUE(value.changed_since(token));
  const auto [second, later] = value.load_versioned();
  EXPECT_EQ(second, 2);
  EXPECT_FALSE(value.changed_since(later));
  EXPECT_NE(token, later);
}

TYPED_TEST(every_seqlocked, a_sleeper_sees_every_last_store) {
  constexpr int rounds = 2'000;
  typename TestFixture::template value_of<int> value{0};
  std::thread consumer{[&] {
    for (;;) {
      const auto [n, token] = value.load_versioned();
      if (n == rounds) break;
      value.wait_changed(token);
    }
  }};
  for (int i = 1; i <= rounds; ++i) value.store(i);
  consumer.join();
}

template <std::size_t Bytes, class Value>
void expect_whole_and_in_order(Value& value) {
  rtseq::tests::repeating_thread writer{[&, version = std::uint64_t{0}]() mutable {
    value.store(stamped<Bytes>::of(version++ & (Bytes == 1 ? 0xFF : 0xFFFF)));
  }};
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(value.load().whole()) << Bytes << " bytes";
    stamped<Bytes> into;
    if (value.try_load(into)) {
      ASSERT_TRUE(into.whole()) << Bytes << " bytes";
    }
    ASSERT_TRUE(value.load_versioned().first.whole()) << Bytes << " bytes";
  }
}

TYPED_TEST(every_seqlocked, no_reader_sees_a_torn_value_of_any_size) {
  const auto check = [&]<std::size_t Bytes>(std::integral_constant<std::size_t, Bytes>) {
    typename TestFixture::template value_of<stamped<Bytes>> value{stamped<Bytes>::of(0)};
    expect_whole_and_in_order<Bytes>(value);
  };
  check(std::integral_constant<std::size_t, 1>{});
  check(std::integral_constant<std::size_t, 3>{});
  check(std::integral_constant<std::size_t, 8>{});
  check(std::integral_constant<std::size_t, 13>{});
  check(std::integral_constant<std::size_t, 24>{});
  check(std::integral_constant<std::size_t, 100>{});
  check(std::integral_constant<std::size_t, 1000>{});
}

TEST(seqlocked, try_load_leaves_its_argument_alone_when_it_fails) {
  seqlocked<int> value{1};
  value.update([&](int&) {
    // An update does not disturb readers before it stores.
    int into = 9;
    EXPECT_TRUE(value.try_load(into));
    EXPECT_EQ(into, 1);
  });
  std::atomic<bool> stop{false};
  std::jthread writer{[&] {
    for (int i = 0; !stop; ++i) value.store(i & 1);
  }};
  int failures = 0;
  for (int i = 0; i < 2'000'000 && failures == 0; ++i) {
    int into = 9;
    if (!value.try_load(into)) {
      ++failures;
      EXPECT_EQ(into, 9);
    }
  }
  stop = true;
}

struct no_default {
  explicit no_default(int n) : value{n} {}
  int value;
};
struct alignas(64) aligned {
  double lanes[8];
};

TEST(seqlocked, takes_any_trivially_copyable_type) {
  seqlocked<no_default> a{no_default{4}};
  a.store(no_default{5});
  EXPECT_EQ(a.load().value, 5);
  EXPECT_EQ(a.load_versioned().first.value, 5);
  seqlocked<aligned> b;
  b.store({{1, 2, 3, 4, 5, 6, 7, 8}});
  EXPECT_EQ(b.load().lanes[7], 8);
  seqlocked<bool> c{true};
  EXPECT_TRUE(c.load());
  seqlocked<stamped<4096>> d;
  d.store(stamped<4096>::of(12345));
  EXPECT_TRUE(d.load().whole());
}

// Wherever it is: its alignment leaves it no place across two.
template <class Object>
constexpr bool lies_on_one_line = 64 % alignof(Object) == 0 && sizeof(Object) == alignof(Object);
TEST(seqlocked, costs_its_value_and_sixteen_bytes_and_lies_on_one_cache_line_if_it_is_small) {
  static_assert(RTSEQ_LOCKDEP ||
                (lies_on_one_line<seqlocked<bool>> && lies_on_one_line<seqlocked<stamped<48>>>));
  static_assert(RTSEQ_LOCKDEP || sizeof(seqlocked<std::uint64_t>) <= 32);
  static_assert(RTSEQ_LOCKDEP || sizeof(seqlocked<stamped<48>>) <= 64);
  static_assert(RTSEQ_LOCKDEP || sizeof(seqlocked<stamped<64>>) <= 80);
}

// Where the object begins a line no move of 32 or 64 bytes straddles two.
TEST(seqlocked, begins_with_its_value) {
  const seqlocked<stamped<64>> constructed{stamped<64>::of(1)};
  EXPECT_TRUE(begins_with(constructed, stamped<64>::of(1)));
  seqlocked<stamped<256>> stored;
  stored.store(stamped<256>::of(2));
  EXPECT_TRUE(begins_with(stored, stamped<256>::of(2)));
}

TEST(seqlocked, has_its_cache_lines_to_itself_if_it_is_told_its_alignment) {
  using lone = seqlocked<int, rtseq::task_context, rtseq::pi_mutex, 64>;
  static_assert(alignof(lone) == 64 && (RTSEQ_LOCKDEP || sizeof(lone) == 64));
  static_assert(alignof(seqlocked<aligned, rtseq::task_context, rtseq::pi_mutex, 8>) == 64,
                "never less than needed");
  std::array<lone, 2> neighbours;
  neighbours[1].store(7);
  EXPECT_EQ(neighbours[0].load(), 0);
  EXPECT_EQ(neighbours[1].load(), 7);
}

}  // namespace
