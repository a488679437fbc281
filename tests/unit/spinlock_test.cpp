#include <gtest/gtest.h>

#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/traits.hpp>
#include <thread>

namespace {

TEST(spinlock, knows_its_owner) {
  rtseq::spinlock lock;
  EXPECT_FALSE(lock.held_by_this_thread());
  lock.lock();
  EXPECT_TRUE(lock.held_by_this_thread());
  std::thread{[&] { EXPECT_FALSE(lock.held_by_this_thread()); }}.join();
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_FALSE(lock.held_by_this_thread());
}

TEST(spinlock, relocking_by_its_owner_is_reported) {
  EXPECT_DEATH(
      {
        rtseq::spinlock lock;
        using traits = rtseq::lock_traits<rtseq::spinlock>;  // Clang's annotations would refuse to compile it
        traits::lock(lock);
        traits::lock(lock);
      },
      "rtseq: spinlock: locked again by its owner");
}

}  // namespace
