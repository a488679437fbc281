#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <rtseq/context/signal.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>
#include <thread>

#include "support.hpp"

namespace {

using rtseq::single_writer;
using traits =
    rtseq::lock_traits<single_writer>;  // Clang's annotations would refuse to compile what is wrong
using value = rtseq::tests::stamped<64>;
template <class Lock>
using published = rtseq::seqlocked<value, rtseq::task_context, Lock>;
template <class Lock>
using sequence_lock = rtseq::seqlock<rtseq::task_context, Lock>;

TEST(single_writer, knows_its_writer) {
  single_writer lock;
  EXPECT_FALSE(lock.held_by_this_thread());
  lock.lock();
  EXPECT_TRUE(lock.held_by_this_thread());
  std::thread{[&] { EXPECT_FALSE(lock.held_by_this_thread()); }}.join();
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_FALSE(lock.held_by_this_thread());
  EXPECT_TRUE(traits::try_lock(lock));
  traits::unlock(lock);
}

TEST(single_writer, two_writers_that_meet_are_reported) {
  EXPECT_DEATH(
      {
        single_writer lock;
        traits::lock(lock);
        std::thread{[&] { traits::lock(lock); }}.join();
      },
      "rtseq: single_writer: two threads write at the same time");
}

TEST(single_writer, a_write_inside_a_write_is_reported) {
  EXPECT_DEATH(
      {
        published<single_writer> data{value::of(1)};
        data.update([&](value&) { data.store(value::of(2)); });
      },
      "rtseq: single_writer: a write begins inside another of its thread");
}

// Misuse that Clang's annotations would not compile.
template <class Lock>
void read_inside_the_own_write_section(Lock& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  const rtseq::write_guard guard{lock};
  (void)lock.read_begin();
}

TEST(single_writer, a_read_inside_the_own_write_section_is_reported) {
  EXPECT_DEATH(
      {
        sequence_lock<single_writer> lock;
        read_inside_the_own_write_section(lock);
      },
      "inside the caller's own write section");
}

TEST(single_writer, readers_see_whole_values) {
  published<single_writer> data{value::of(1)};
  rtseq::tests::repeating_thread writer{
      [&data, version = 1u]() mutable { data.store(value::of(++version)); }};
  std::uint64_t newest = 0;
  for (int reads = 0; reads < 100'000 || newest < 2; ++reads) {
    const value seen = data.load();
    ASSERT_TRUE(seen.whole());
    ASSERT_GE(seen.version(), newest);
    newest = seen.version();
  }
}

TEST(single_writer, another_thread_may_take_over) {
  rtseq::latched<value, rtseq::task_context, single_writer> data{value::of(1)};
  for (unsigned version = 2; version < 10; ++version) {
    std::thread{[&data, version] { data.store(value::of(version)); }}.join();
    EXPECT_EQ(data.load().version(), version);
  }
}

rtseq::seqlocked<value, rtseq::signal_context, single_writer> written_by_handler{value::of(1)};

TEST(single_writer, a_handler_of_its_thread_may_write_if_the_context_masks_it) {
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = [](int) { written_by_handler.store(value::of(3)); };
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  written_by_handler.update([](value& changing) {
    raise(SIGUSR1);  // held off until the update is done
    changing = value::of(2);
  });
  EXPECT_EQ(written_by_handler.load().version(), 3u);
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
}

template <class T>
concept readers_may_take_the_lock = requires(T& lock) {
  lock.read_or_lock([] {});
  lock.read_lock_excl();
  lock.read_lock_excl_irqsave();
};
template <class T>
concept readers_may_sleep = requires(const T& data, rtseq::read_token token) {
  data.wait_changed(token);
};

TEST(single_writer, refuses_at_compile_time_what_would_be_a_second_one_in_the_lock) {
  static_assert(rtseq::writer_lock<single_writer> && !rtseq::excluding_lock<single_writer>);
  static_assert(rtseq::excluding_lock<rtseq::pi_mutex>);
  static_assert(readers_may_take_the_lock<sequence_lock<rtseq::pi_mutex>>);
  static_assert(!readers_may_take_the_lock<sequence_lock<single_writer>>);
  static_assert(readers_may_sleep<published<rtseq::pi_mutex>>);
  static_assert(!readers_may_sleep<published<single_writer>>);
  static_assert(!readers_may_sleep<sequence_lock<single_writer>>);
}

}  // namespace
