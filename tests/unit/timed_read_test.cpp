#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <optional>
#include <thread>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using rtseq::detail::deadline;

// Runs `in_section` on another thread while this one holds a write section.
template <class Lock, class F>
void while_another_writes(Lock& lock, F in_section) {
  const rtseq::write_guard odd{lock};
  std::thread{in_section}.join();
}

template <class Lock>
class TimedRead : public ::testing::Test {};
using locks = ::testing::Types<
    rtseq::seqlock<>, rtseq::seqlock<rtseq::signal_context>, rtseq::seqlock<rtseq::threaded_context>,
    rtseq::seqlock<rtseq::task_context, rtseq::spinlock>, rtseq::seqlock<rtseq::task_context, std::mutex>>;
TYPED_TEST_SUITE(TimedRead, locks);

TYPED_TEST(TimedRead, returns_what_the_section_returned_while_nobody_writes) {
  TypeParam lock;
  EXPECT_EQ(lock.try_read_for([] { return 7; }, 1s), std::optional{7});
  EXPECT_EQ(lock.try_read_until([] { return 7; }, clock::now() + 1s), std::optional{7});
  EXPECT_TRUE(lock.try_read_for([] {}, 1s));
}

TYPED_TEST(TimedRead, a_deadline_that_is_over_still_allows_one_try) {
  TypeParam lock;
  EXPECT_EQ(lock.try_read_until([] { return 7; }, clock::now() - 1s), std::optional{7});
  EXPECT_EQ(lock.try_read_for([] { return 7; }, -1s), std::optional{7});
}

TYPED_TEST(TimedRead, gives_up_behind_a_writer_that_does_not_end_and_not_before_the_deadline) {
  TypeParam lock;
  while_another_writes(lock, [&] {
    const auto start = clock::now();
    EXPECT_EQ(lock.try_read_for([] { return 7; }, 20ms), std::nullopt);
    EXPECT_GE(clock::now() - start, 20ms);
    EXPECT_FALSE(lock.try_read_for([] {}, 0ms));
  });
  EXPECT_TRUE(lock.try_read_for([] {}, 0ms));
}

TYPED_TEST(TimedRead, waits_for_a_writer_that_ends_in_time) {
  TypeParam lock;
  std::atomic<bool> odd{false};
  std::thread writer{[&] {
    const rtseq::write_guard section{lock};
    odd = true;
    std::this_thread::sleep_for(20ms);
  }};
  while (!odd) {}
  EXPECT_EQ(lock.try_read_for([] { return 7; }, 60s), std::optional{7});
  writer.join();
}

TYPED_TEST(TimedRead, reads_at_its_deadline_behind_one_who_has_the_lock_and_does_not_write) {
  // Where this thread comes back late, the count is still odd at the first deadline.
  for (const std::chrono::milliseconds patience : {100ms, 1000ms, 10'000ms}) {
    TypeParam lock;
    std::atomic<bool> ended{false};
    std::optional<int> read;
    lock.write_lock();
    std::thread holder{[&] {
      const rtseq::read_excl_guard even{lock};
      while (!ended) std::this_thread::sleep_for(1ms);
    }};
    std::this_thread::sleep_for(20ms);  // it waits for the lock, and before the reader
    std::thread reader{[&] {
      read = lock.try_read_for([] { return 7; }, patience);
      ended = true;
    }};
    std::this_thread::sleep_for(20ms);
    lock.write_unlock();
    reader.join();
    holder.join();
    if (read == 7) return;
    EXPECT_EQ(read, std::nullopt);
  }
  ADD_FAILURE() << "no deadline was long enough";
}

TYPED_TEST(TimedRead, inside_ones_own_write_section_is_empty_at_once_not_an_error) {
  TypeParam lock;
  const rtseq::write_guard odd{lock};
  const auto start = clock::now();
  EXPECT_FALSE(lock.try_read_for([] {}, 60s));
  EXPECT_LT(clock::now() - start, 30s);
}

TYPED_TEST(TimedRead, goes_on_after_a_write_in_between) {
  TypeParam lock;
  int runs = 0;
  const auto disturbed_once = [&] {
    if (++runs != 1) return;
    const rtseq::write_guard in_between{lock};
  };
  EXPECT_TRUE(lock.try_read_for(disturbed_once, 60s));
  EXPECT_EQ(runs, 2);
}

TYPED_TEST(TimedRead, writers_without_a_pause_end_it_too_and_not_before_the_deadline) {
  TypeParam lock;
  int runs = 0;
  const auto disturbed = [&] {
    ++runs;
    const rtseq::write_guard in_between{lock};
  };
  const auto start = clock::now();
  EXPECT_FALSE(lock.try_read_for(disturbed, 5ms));
  EXPECT_GE(clock::now() - start, 5ms);
  EXPECT_GE(runs, 1);
}

TEST(TimedReadInterrupts, are_held_off_only_while_the_reader_has_the_lock) {
  if (const char* why = rtseq::tests::why_not_block_all_signals()) GTEST_SKIP() << why;
  rtseq::seqlock<rtseq::signal_context> lock;
  const auto nothing_blocked = [] {
    sigset_t now;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
    return ::sigismember(&now, SIGUSR1) == 0;
  };
  while_another_writes(lock, [&] {
    EXPECT_FALSE(lock.try_read_for([] {}, 1ms));
    EXPECT_TRUE(nothing_blocked());
  });
  EXPECT_TRUE(lock.try_read_for([] {}, 1ms));
  EXPECT_TRUE(nothing_blocked());
}

TEST(TimedLoad, fills_the_value_or_leaves_it_alone) {
  rtseq::seqlocked<int> value{3};
  int into = 0;
  EXPECT_TRUE(value.try_load_for(into, 0ns));
  EXPECT_EQ(into, 3);
  EXPECT_TRUE(value.try_load_until(into, clock::now() + 1s));
}

TEST(TimedLoad, gets_every_value_whole_while_another_stores) {
  using stamped = rtseq::tests::stamped<256>;
  rtseq::seqlocked<stamped> value{stamped::of(0)};
  std::uint64_t version = 0;
  const rtseq::tests::repeating_thread writer{[&] { value.store(stamped::of(++version)); }};
  for (int i = 0; i < 1000; ++i) {
    stamped into;
    ASSERT_TRUE(value.try_load_for(into, 60s));
    ASSERT_TRUE(into.whole());
  }
}

// Locks for as long as it takes to see that it could; misuse that Clang's annotations would not compile.
bool lockable_until(rtseq::pi_mutex& mutex, clock::time_point end) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  if (!mutex.try_lock_until(end)) return false;
  mutex.unlock();
  return true;
}

TEST(TimedLock, pi_mutex_gives_up_at_the_deadline_and_unlocks_cleanly) {
  rtseq::pi_mutex mutex;
  mutex.lock();
  std::thread{[&] {
    const auto start = clock::now();
    EXPECT_FALSE(lockable_until(mutex, start + 20ms));
    EXPECT_GE(clock::now() - start, 20ms);
  }}.join();
  EXPECT_FALSE(lockable_until(mutex, clock::now() + 60s)) << "relocking is refused, not slept on";
  mutex.unlock();
  std::thread{[&] { EXPECT_TRUE(lockable_until(mutex, clock::now())); }}.join();
}

TEST(TimedLock, pi_mutex_is_had_when_its_owner_unlocks) {
  // The later end is beyond what 32 bits of seconds hold.
  for (const std::chrono::hours patience : {std::chrono::hours{1}, std::chrono::hours{1'000'000}}) {
    rtseq::pi_mutex mutex;
    std::atomic<bool> held{false};
    std::thread owner{[&] {
      mutex.lock();
      held = true;
      std::this_thread::sleep_for(20ms);
      mutex.unlock();
    }};
    while (!held) {}
    EXPECT_TRUE(lockable_until(mutex, clock::now() + patience));
    owner.join();
  }
}

TEST(Deadline, takes_any_duration_and_no_overflow) {
  EXPECT_FALSE(deadline::after(std::chrono::hours::max()).passed());
  EXPECT_FALSE(deadline::after(std::chrono::nanoseconds::max()).passed());
  EXPECT_FALSE(
      deadline::after(std::chrono::duration<double>{std::numeric_limits<double>::infinity()}).passed());
  EXPECT_FALSE(deadline::after(1min).passed());
  EXPECT_TRUE(deadline::after(std::chrono::hours::min()).passed());
  EXPECT_TRUE(deadline::after(std::chrono::duration<float>{-1}).passed());
  EXPECT_FALSE(deadline{clock::time_point::max()}.passed());
  EXPECT_TRUE(deadline{clock::time_point::min()}.passed());
}

TEST(Deadline, is_given_to_the_kernel_in_its_own_units_and_never_beyond_them) {
  const auto since_boot = [](const timespec& t) {
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
  };
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const timespec soon = deadline::after(1500ms).time();
  EXPECT_GE(since_boot(soon), since_boot(now) + 1500ms);
  EXPECT_LT(since_boot(soon), since_boot(now) + 60s);
  EXPECT_LT(soon.tv_nsec, 1'000'000'000);
  EXPECT_GT(deadline::after(std::chrono::hours::max()).time().tv_sec, soon.tv_sec);
}

// Counts from its own beginning.
struct lap_clock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<lap_clock>;
  static constexpr bool is_steady = true;
  static time_point now() {
    static const auto start = clock::now();
    return time_point{std::chrono::duration_cast<duration>(clock::now() - start)};
  }
};
TEST(Deadline, is_of_any_steady_clock) {
  EXPECT_FALSE(deadline{lap_clock::now() + 60s}.passed());
  EXPECT_TRUE(deadline{lap_clock::now()}.passed());
}

}  // namespace
