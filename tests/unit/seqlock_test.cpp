#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <rtseq/guards.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqlock.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support.hpp"
#include "variants.hpp"

namespace {

using rtseq::read_token;
using rtseq::seqlock;

template <class Variant>
class every_seqlock : public testing::Test {
 protected:
  using lock_type = seqlock<typename Variant::context, typename Variant::lock>;

  struct pair {
    std::uint64_t a, b;
  };
  void write(std::uint64_t value) {
    a_ = value;
    b_ = value;
  }
  pair read() const { return {a_, b_}; }

  // Clang's annotations do not follow a lock that an assertion takes.
  bool try_take() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { return lock_.try_write_lock(); }
  void give_back() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock_.write_unlock(); }

  lock_type lock_;
  rtseq::relaxed<std::uint64_t> a_, b_;
};
TYPED_TEST_SUITE(every_seqlock, rtseq::tests::variants);

TYPED_TEST(every_seqlock, begin_and_retry_see_writes) {
  auto& lock = this->lock_;
  const read_token token = lock.read_begin();
  EXPECT_FALSE(lock.read_retry(token));
  EXPECT_FALSE(lock.changed_since(token));
  lock.write_lock();
  EXPECT_FALSE(lock.try_read_begin().has_value());
  EXPECT_TRUE(lock.read_retry(token));
  lock.write_unlock();
  EXPECT_TRUE(lock.read_retry(token));
  EXPECT_TRUE(lock.changed_since(token));
  EXPECT_TRUE(lock.try_read_begin().has_value());
}

TYPED_TEST(every_seqlock, excluding_writers_does_not_disturb_lock_free_readers) {
  const rtseq::lockdep::off one_thread_plays_both_sides;
  auto& lock = this->lock_;
  const read_token token = lock.read_begin();
  lock.read_lock_excl();
  EXPECT_FALSE(lock.try_write_lock());
  EXPECT_FALSE(lock.read_retry(token));
  EXPECT_TRUE(lock.try_read_begin().has_value());
  lock.read_unlock_excl();
  EXPECT_FALSE(lock.read_retry(token));
}

TYPED_TEST(every_seqlock, try_write_lock_never_waits) {
  ASSERT_TRUE(this->try_take());
  std::thread{[&] { EXPECT_FALSE(this->try_take()); }}.join();
  EXPECT_FALSE(this->try_take()) << "nor is its owner let in";
  this->give_back();
  ASSERT_TRUE(this->try_take());
  this->give_back();
}

TYPED_TEST(every_seqlock, irqsave_masks_where_the_context_says_so_and_restores) {
  using context = typename TypeParam::context;
  if (const char* why = rtseq::tests::why_not_look_at_the_mask<context>()) GTEST_SKIP() << why;
  auto& lock = this->lock_;
  ASSERT_TRUE(context::interrupts_enabled());
  const auto outer = lock.write_lock_irqsave();
  EXPECT_EQ(context::interrupts_enabled(), !context::irqsave_masks);
  lock.write_unlock_irqrestore(outer);
  EXPECT_TRUE(context::interrupts_enabled());

  const auto excl = lock.read_lock_excl_irqsave();
  EXPECT_EQ(context::interrupts_enabled(), !context::irqsave_masks);
  lock.read_unlock_excl_irqrestore(excl);
  EXPECT_TRUE(context::interrupts_enabled());
}

TYPED_TEST(every_seqlock, irqsave_sections_of_two_locks_nest) {
  using context = typename TypeParam::context;
  if (const char* why = rtseq::tests::why_not_look_at_the_mask<context>()) GTEST_SKIP() << why;
  typename TestFixture::lock_type other;
  {
    const rtseq::write_irqsave_guard first{this->lock_};
    {
      const rtseq::write_irqsave_guard second{other};
      EXPECT_EQ(context::interrupts_enabled(), !context::irqsave_masks);
    }
    EXPECT_EQ(context::interrupts_enabled(), !context::irqsave_masks);
  }
  EXPECT_TRUE(context::interrupts_enabled());
}

TYPED_TEST(every_seqlock, read_returns_what_the_valid_pass_returned) {
  this->write(7);
  EXPECT_EQ(this->lock_.read([&] { return this->read().b; }), 7u);
  int passes = 0;
  const int result = this->lock_.read([&] {
    if (++passes == 1) {
      std::thread{[&] { const rtseq::write_guard guard{this->lock_}; }}.join();
    }
    return passes;
  });
  EXPECT_EQ(passes, 2);
  EXPECT_EQ(result, 2);
  this->lock_.read([&] { ++passes; });
  EXPECT_EQ(passes, 3);
}

TYPED_TEST(every_seqlock, try_read_gives_up_after_its_attempts_and_never_waits) {
  auto& lock = this->lock_;
  const auto write_elsewhere = [&] { std::thread{[&] { const rtseq::write_guard guard{lock}; }}.join(); };
  int passes = 0;
  const std::optional<int> none = lock.try_read([&] { return write_elsewhere(), ++passes; }, 3);
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(passes, 3);
  EXPECT_FALSE(lock.try_read([&] { write_elsewhere(); }));
  EXPECT_EQ(lock.try_read([] { return 5; }), std::optional{5});
  EXPECT_TRUE(lock.try_read([] {}));
  EXPECT_FALSE(lock.try_read([] { return 5; }, 0).has_value());

  const rtseq::write_guard guard{lock};
  passes = 0;
  EXPECT_FALSE(lock.try_read([&] { return ++passes; }, 100).has_value());
  EXPECT_EQ(passes, 0) << "a section must not run inside a write";
}

TYPED_TEST(every_seqlock, read_or_lock_always_finishes) {
  auto& lock = this->lock_;
  int lockless = 0;
  int locked = 0;
  const int result = lock.read_or_lock(
      [&] {
        if (lock.try_write_lock()) {
          lock.write_unlock();  // another write comes between, every time
          return ++lockless;
        }
        return ++locked + 100;
      },
      4);
  EXPECT_EQ(lockless, 4);
  EXPECT_EQ(locked, 1);
  EXPECT_EQ(result, 101);
  EXPECT_EQ(lock.read_or_lock([] { return 3; }), 3);
  int calls = 0;
  lock.read_or_lock([&] { ++calls; }, 0);
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(this->try_take()) << "the lock must not leak";
  this->give_back();
}

TYPED_TEST(every_seqlock, an_exception_leaves_no_section_open) {
  EXPECT_THROW(
      {
        const rtseq::write_irqsave_guard guard{this->lock_};
        throw std::runtime_error{"in a section"};
      },
      std::runtime_error);
  EXPECT_THROW(this->lock_.read_or_lock([]() -> int { throw std::runtime_error{"in a read"}; }, 0),
               std::runtime_error);
  EXPECT_TRUE(TypeParam::context::interrupts_enabled());
  EXPECT_TRUE(this->lock_.try_read_begin().has_value());
  ASSERT_TRUE(this->try_take());
  this->give_back();
}

TYPED_TEST(every_seqlock, a_reader_waits_for_a_writer_in_mid_write) {
  auto& lock = this->lock_;
  std::atomic<bool> odd{false};
  std::jthread writer{[&] {
    const rtseq::write_guard guard{lock};
    this->a_ = 1;
    odd = true;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    this->b_ = 1;
  }};
  while (!odd) std::this_thread::yield();
  const auto [a, b] = lock.read([&] { return this->read(); });
  EXPECT_EQ(a, 1u);
  EXPECT_EQ(b, 1u);
}

TYPED_TEST(every_seqlock, waiting_for_a_writer_is_no_cancellation_point) {
  ASSERT_TRUE(this->try_take());
  EXPECT_TRUE(rtseq::tests::survives_a_cancellation(
      [this] { (void)this->lock_.read_retry(this->lock_.read_begin()); }, [this] { this->give_back(); }));
}

TYPED_TEST(every_seqlock, a_read_inside_ones_own_write_section_is_reported_not_waited_for) {
  EXPECT_DEATH(
      {
        if (this->try_take()) (void)this->lock_.read_retry(this->lock_.read_begin());
      },
      "rtseq: a read section begins inside the caller's own write section");
}

TYPED_TEST(every_seqlock, locking_again_by_the_owner_is_reported) {
  auto lock_twice = [](auto& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    lock.write_lock();
    lock.write_lock();
  };
  EXPECT_DEATH(lock_twice(this->lock_), "rtseq: .*locked again by its owner");
}

TYPED_TEST(every_seqlock, readers_and_writers_of_every_kind_agree) {
  auto& lock = this->lock_;
  constexpr int writes = 3'000;
  std::uint64_t written = 0;  // plain: writers take turns
  {
    std::vector<std::jthread> threads;
    std::atomic<int> writers{2};
    for (int w = 0; w < 2; ++w) {
      threads.emplace_back([&, w] {
        for (int i = 0; i < writes; ++i) {
          if ((i + w) % 2 == 0) {
            const rtseq::write_guard guard{lock};
            this->write(++written);
          } else {
            const rtseq::write_irqsave_guard guard{lock};
            this->write(++written);
          }
        }
        --writers;
      });
    }
    for (int r = 0; r < 3; ++r) {
      threads.emplace_back([&, r] {
        std::uint64_t last = 0;
        const auto check = [&](typename TestFixture::pair p) {
          ASSERT_EQ(p.a, p.b);
          ASSERT_GE(p.a, last);
          last = p.a;
        };
        while (writers != 0) {
          if (r == 0) check(lock.read([&] { return this->read(); }));
          if (r == 1) check(lock.read_or_lock([&] { return this->read(); }, 2));
          if (r == 2) {
            if (const auto p = lock.try_read([&] { return this->read(); }, 2)) check(*p);
          }
        }
      });
    }
  }
  EXPECT_EQ(written, 2u * writes);
  EXPECT_EQ(this->read().a, written);
}

TYPED_TEST(every_seqlock, sleepers_are_woken_by_the_next_write) {
  auto& lock = this->lock_;
  const read_token token = lock.read_begin();
  std::atomic<int> woken{0};
  std::jthread first{[&] { lock.wait_changed(token), ++woken; }};
  std::jthread second{[&] { lock.wait_changed(token), ++woken; }};
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_EQ(woken, 0);
  EXPECT_FALSE(lock.read_retry(token)) << "sleepers must not disturb readers";
  { const rtseq::write_irqsave_guard guard{lock}; }
  first.join();
  second.join();
  EXPECT_EQ(woken, 2);
  lock.wait_changed(token);  // has changed: returns at once
}

TYPED_TEST(every_seqlock, no_wake_up_is_lost) {
  auto& lock = this->lock_;
  constexpr int rounds = 3'000;
  std::atomic<int> sleeps{0};
  std::jthread sleeper{[&] {
    for (int i = 1; i <= rounds; ++i) {
      const read_token token = lock.read_begin();
      sleeps.store(i, std::memory_order_release);
      lock.wait_changed(token);
    }
  }};
  for (int i = 1; i <= rounds; ++i) {
    while (sleeps.load(std::memory_order_acquire) < i) std::this_thread::yield();
    const rtseq::write_irqsave_guard guard{lock};
  }
}

// A reader that waits holds the writers' lock for a moment. A handler that writes must not find it held by the
// thread that it interrupted.
TEST(seqlock, a_handler_may_write_whatever_its_task_is_doing) {
  using context = rtseq::deferred_signal_context;
  static seqlock<context> lock;
  static std::atomic<int> handled{0};
  ASSERT_EQ(context::register_handler(SIGUSR2,
                                      [](int, siginfo_t*, void*) {
                                        const rtseq::write_irqsave_guard guard{lock};
                                        ++handled;
                                      }),
            0);
  {
    rtseq::tests::repeating_thread writer{[] {
      const rtseq::write_irqsave_guard guard{lock};
      for (int i = 0; i < 2'000; ++i) rtseq::detail::cpu_relax();  // longer than a reader pauses
    }};
    const pthread_t reader = pthread_self();
    rtseq::tests::repeating_thread sender{[reader] {
      pthread_kill(reader, SIGUSR2);
      std::this_thread::sleep_for(std::chrono::microseconds{20});
    }};
    for (int i = 0; i < 2'000 || handled < 100; ++i) (void)lock.read_retry(lock.read_begin());
  }
  EXPECT_EQ(context::unregister_handler(SIGUSR2), 0);
}

// Under threaded_context handlers are threads and locks sleep: interrupts first and the lock second, in two
// steps, takes a sleeping lock in an atomic section. One step does not.
TEST(seqlock, the_two_step_order_is_reported_where_the_lock_sleeps) {
  const rtseq::tests::violation_collector violations;
  seqlock<rtseq::threaded_context> lock;
  {
    const rtseq::irqsave_guard<rtseq::threaded_context> off;
    const rtseq::write_guard guard{lock};
  }
  EXPECT_EQ(violations.count(), 1);
  EXPECT_EQ(violations.last(), rtseq::violation::sleep_in_atomic);
}
TEST(seqlock, the_one_step_order_is_right_in_every_context) {
  const rtseq::tests::violation_collector violations;
  seqlock<rtseq::threaded_context> threaded;
  { const rtseq::write_irqsave_guard guard{threaded}; }
  seqlock<rtseq::signal_context> with_signals;
  { const rtseq::write_irqsave_guard guard{with_signals}; }
  seqlock<rtseq::virtual_cpu_context> with_cpu;
  { const rtseq::write_irqsave_guard guard{with_cpu}; }
  EXPECT_EQ(violations.count(), 0);
}

TEST(seqlock, a_small_one_fits_beside_its_data_on_a_cache_line) {
  static_assert(RTSEQ_LOCKDEP || sizeof(seqlock<>) <= 16);
}

}  // namespace
