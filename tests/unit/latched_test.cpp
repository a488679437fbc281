#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <rtseq/latched.hpp>
#include <thread>
#include <vector>

#include "support.hpp"
#include "variants.hpp"

namespace {

using rtseq::latched;
using rtseq::tests::stamped;

template <class Variant>
class every_latched : public testing::Test {
 protected:
  template <class T>
  using value_of = latched<T, typename Variant::context, typename Variant::lock>;
};
TYPED_TEST_SUITE(every_latched, rtseq::tests::variants);

TYPED_TEST(every_latched, loads_what_was_stored) {
  typename TestFixture::template value_of<std::uint64_t> value{3};
  EXPECT_EQ(value.load(), 3u);
  value.store(7);
  EXPECT_EQ(value.load(), 7u);
  EXPECT_TRUE(value.try_store(8));
  std::uint64_t into = 0;
  EXPECT_TRUE(value.try_load(into));
  EXPECT_EQ(into, 8u);
}

TYPED_TEST(every_latched, a_reader_gets_through_while_an_update_is_computed) {
  typename TestFixture::template value_of<int> value{1};
  value.update([&](int& n) {
    n = 2;
    EXPECT_EQ(value.load(), 1);
  });
  EXPECT_EQ(value.load(), 2);
}

TYPED_TEST(every_latched, a_second_writer_is_refused_not_made_to_wait) {
  typename TestFixture::template value_of<int> value{1};
  value.update([&](int& n) {
    EXPECT_FALSE(value.try_store(9));                               // on top of the writer
    std::thread{[&] { EXPECT_FALSE(value.try_store(9)); }}.join();  // beside it
    n = 2;
  });
  EXPECT_EQ(value.load(), 2);
}

TYPED_TEST(every_latched, writers_lose_nothing) {
  constexpr int rounds = 5'000;
  typename TestFixture::template value_of<std::uint64_t> counter{0};
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

TEST(latched, a_handler_may_store_whatever_its_task_is_doing) {
  using context = rtseq::deferred_signal_context;
  static latched<int, context> value{0};
  static std::atomic<int> handled{0};
  ASSERT_EQ(context::register_handler(SIGUSR2,
                                      [](int, siginfo_t*, void*) {
                                        value.store(2);
                                        ++handled;
                                      }),
            0);
  {
    const pthread_t task = pthread_self();
    rtseq::tests::repeating_thread sender{[task] { pthread_kill(task, SIGUSR2); }};
    for (int i = 0; i < 20'000 || handled == 0; ++i) EXPECT_TRUE(value.try_store(1));
  }
  EXPECT_EQ(context::unregister_handler(SIGUSR2), 0);
}

template <std::size_t Bytes, class Value>
void expect_whole(Value& value) {
  rtseq::tests::repeating_thread writer{[&, version = std::uint64_t{0}]() mutable {
    value.store(stamped<Bytes>::of(version++ & (Bytes == 1 ? 0xFF : 0xFFFF)));
  }};
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(value.load().whole()) << Bytes << " bytes";
    stamped<Bytes> into;
    if (value.try_load(into)) {
      ASSERT_TRUE(into.whole()) << Bytes << " bytes";
    }
  }
}

TYPED_TEST(every_latched, no_reader_sees_a_torn_value_of_any_size) {
  const auto check = [&]<std::size_t Bytes>(std::integral_constant<std::size_t, Bytes>) {
    typename TestFixture::template value_of<stamped<Bytes>> value{stamped<Bytes>::of(0)};
    expect_whole<Bytes>(value);
  };
  check(std::integral_constant<std::size_t, 1>{});
  check(std::integral_constant<std::size_t, 8>{});
  check(std::integral_constant<std::size_t, 13>{});
  check(std::integral_constant<std::size_t, 24>{});
  check(std::integral_constant<std::size_t, 1000>{});
}

// Wherever it is: its alignment leaves it no place across two.
template <class Object>
constexpr bool lies_on_one_line = 64 % alignof(Object) == 0 && sizeof(Object) == alignof(Object);
TEST(latched, lies_on_one_cache_line_if_it_is_small) {
  static_assert(RTSEQ_LOCKDEP || (lies_on_one_line<latched<bool>> && lies_on_one_line<latched<stamped<24>>>));
  static_assert(RTSEQ_LOCKDEP || sizeof(latched<stamped<64>>) <= 144);
  static_assert(alignof(latched<bool, rtseq::task_context, rtseq::pi_mutex, 64>) == 64);
}

// Where the object begins a line no move of 32 or 64 bytes straddles two.
TEST(latched, begins_with_its_copies) {
  latched<stamped<64>> stored;
  stored.store(stamped<64>::of(2));
  EXPECT_TRUE(begins_with(stored, std::array{stamped<64>::of(2), stamped<64>::of(2)}));
}

}  // namespace
