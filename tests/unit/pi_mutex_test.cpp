#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/traits.hpp>
#include <thread>

#include "support.hpp"

namespace {

using rtseq::pi_mutex;
using traits = rtseq::lock_traits<pi_mutex>;  // for misuse that Clang's annotations would refuse to compile

TEST(pi_mutex, is_one_word) { static_assert(RTSEQ_LOCKDEP || sizeof(pi_mutex) == 4); }

TEST(pi_mutex, knows_its_owner) {
  pi_mutex mutex;
  EXPECT_FALSE(mutex.held_by_this_thread());
  mutex.lock();
  EXPECT_TRUE(mutex.held_by_this_thread());
  std::thread{[&] {
    EXPECT_FALSE(mutex.held_by_this_thread());
    EXPECT_FALSE(mutex.try_lock());
  }}.join();
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  EXPECT_FALSE(mutex.held_by_this_thread());
}

TEST(pi_mutex, relocking_by_its_owner_is_refused_not_slept_on) {
  EXPECT_DEATH(
      {
        pi_mutex mutex;
        traits::lock(mutex);
        traits::lock(mutex);
      },
      "rtseq: pi_mutex: locked again by its owner");
}

TEST(pi_mutex, waiting_for_each_other_is_reported_by_the_kernel) {
  EXPECT_DEATH(
      {
        pi_mutex a;
        pi_mutex b;
        std::atomic<int> holding{0};
        const auto cross = [&holding](pi_mutex& first, pi_mutex& second) {
          traits::lock(first);
          for (++holding; holding < 2;) std::this_thread::yield();
          traits::lock(second);
        };
        std::thread other{[&] { (cross(b, a)); }};
        (cross(a, b));
        other.join();
      },
      "rtseq: pi_mutex: waiting for it would be a cycle");
}

TEST(pi_mutex, unlocking_what_is_not_owned_is_reported) {
  EXPECT_DEATH(
      {
        pi_mutex mutex;
        traits::unlock(mutex);
      },
      "rtseq: pi_mutex: unlocked by a thread that does not own it");
}

TEST(pi_mutex, an_owner_that_is_gone_is_reported) {
  EXPECT_DEATH(
      {
        pi_mutex mutex;
        std::thread{[&] { traits::lock(mutex); }}.join();
        traits::lock(mutex);
      },
      "rtseq: pi_mutex: its owner no longer exists");
}

TEST(pi_mutex, an_owner_that_ends_while_somebody_waits_is_reported) {
  EXPECT_DEATH(
      {
        pi_mutex mutex;
        std::atomic<bool> held{false};
        std::thread owner{[&] {
          traits::lock(mutex);
          held = true;
          std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }};
        while (!held) std::this_thread::yield();
        traits::lock(mutex);
        owner.join();
      },
      "rtseq: pi_mutex: its owner no longer exists");
}

TEST(pi_mutex, a_waiter_sleeps_until_it_is_handed_over) {
  pi_mutex mutex;
  int shared = 0;
  mutex.lock();
  std::atomic<bool> started{false};
  std::thread waiter{[&] {
    started = true;
    mutex.lock();
    EXPECT_EQ(shared, 1);
    shared = 2;
    mutex.unlock();
  }};
  while (!started) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  shared = 1;
  mutex.unlock();
  waiter.join();
  mutex.lock();
  EXPECT_EQ(shared, 2);
  mutex.unlock();
}

TEST(pi_mutex, a_forked_child_locks_under_its_own_id) {
  pi_mutex mutex;
  mutex.lock();
  mutex.unlock();  // the parent's id is cached now
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    mutex.lock();
    const bool mine = mutex.held_by_this_thread() &&
                      rtseq::detail::this_thread_id() == static_cast<rtseq::detail::thread_id>(getpid());
    mutex.unlock();
    _exit(mine ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

pi_mutex handler_mutex;
std::atomic<int> handler_locked{0};

TEST(pi_mutex, may_be_locked_in_a_signal_handler) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    if (handler_mutex.held_by_this_thread()) return;  // interrupted the owner: it must not wait for itself
    handler_mutex.lock();
    ++handler_locked;
    handler_mutex.unlock();
  };
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  {
    rtseq::tests::repeating_thread contender{[] {
      handler_mutex.lock();
      handler_mutex.unlock();
    }};
    for (int i = 0; i < 2'000; ++i) {
      pthread_kill(pthread_self(), SIGUSR1);
      handler_mutex.lock();
      handler_mutex.unlock();
    }
  }
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_GT(handler_locked, 0);
}

}  // namespace
