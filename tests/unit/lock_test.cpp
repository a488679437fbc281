// What every writer lock promises; what only one of them does stands in that lock's own test.
#include <gtest/gtest.h>

#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lock/traits.hpp>
#include <thread>
#include <vector>
#if defined(RTSEQ_TEST_ABSL)
#include <rtseq/lock/absl_mutex.hpp>
#endif

#include "support.hpp"

namespace {

template <class Lock>
class every_lock : public testing::Test {};

using locks = testing::Types<rtseq::spinlock, rtseq::pi_mutex, rtseq::std_mutex
#if defined(RTSEQ_TEST_ABSL)
                             ,
                             rtseq::absl_mutex
#endif
                             >;
TYPED_TEST_SUITE(every_lock, locks);

TYPED_TEST(every_lock, one_at_a_time) {
  using traits = rtseq::lock_traits<TypeParam>;
  constexpr int threads = 4;
  constexpr int rounds = 20'000;
  TypeParam lock;
  int count = 0;  // plain: the lock orders it, or ThreadSanitizer says so
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
          traits::lock(lock);
          ++count;
          traits::unlock(lock);
        }
      });
    }
  }
  EXPECT_EQ(count, threads * rounds);
}

TYPED_TEST(every_lock, try_lock_takes_it_if_and_only_if_it_is_free) {
  using traits = rtseq::lock_traits<TypeParam>;
  TypeParam lock;
  const auto try_elsewhere = [&] {
    bool taken = false;
    std::thread{[&] {
      taken = traits::try_lock(lock);
      if (taken) traits::unlock(lock);
    }}.join();
    return taken;
  };
  ASSERT_TRUE(traits::try_lock(lock));
  EXPECT_FALSE(try_elsewhere());
  traits::unlock(lock);
  EXPECT_TRUE(try_elsewhere());
}

// Waiting is noexcept: a cancellation there would end the program.
TYPED_TEST(every_lock, waiting_for_it_is_no_cancellation_point) {
  using traits = rtseq::lock_traits<TypeParam>;
  TypeParam lock;
  traits::lock(lock);
  EXPECT_TRUE(rtseq::tests::survives_a_cancellation(
      [&] {
        traits::lock(lock);
        traits::unlock(lock);
      },
      [&] { traits::unlock(lock); }));
}

TEST(lock_traits, say_what_each_lock_promises) {
  using rtseq::lock_traits;
  static_assert(!lock_traits<rtseq::spinlock>::sleeps && !lock_traits<rtseq::spinlock>::boosts_owner);
  static_assert(lock_traits<rtseq::pi_mutex>::sleeps && lock_traits<rtseq::pi_mutex>::boosts_owner);
  static_assert(lock_traits<rtseq::std_mutex>::sleeps && !lock_traits<rtseq::std_mutex>::boosts_owner);
  static_assert(!lock_traits<rtseq::pi_mutex>::robust && !lock_traits<rtseq::pi_mutex>::process_shared);
}

// A lock of one's own: the weakest promises are assumed unless it declares better ones.
struct plain_lock {
  void lock() {}
  bool try_lock() { return true; }
  void unlock() {}
};
struct declared_lock : plain_lock {
  static constexpr bool sleeps = false;
  static constexpr bool boosts_owner = true;
};
TEST(lock_traits, take_the_weakest_promises_of_a_lock_that_declares_none) {
  static_assert(rtseq::writer_lock<plain_lock> && rtseq::lock_traits<plain_lock>::sleeps);
  static_assert(!rtseq::lock_traits<plain_lock>::boosts_owner);
  static_assert(!rtseq::lock_traits<declared_lock>::sleeps &&
                rtseq::lock_traits<declared_lock>::boosts_owner);
  static_assert(!rtseq::writer_lock<int>);
}

}  // namespace
