#include <rtseq/context/threaded.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/seqlock.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace {

using context = rtseq::threaded_context;

std::atomic<int> reports{0};
void collect(const rtseq::violation_report& report) noexcept {
  if (report.rule == rtseq::violation::sleep_in_atomic) ++reports;
}
class collecting {
 public:
  collecting() { reports = 0; }
  ~collecting() { rtseq::set_violation_handler(previous_); }
  collecting(const collecting&) = delete;
  collecting& operator=(const collecting&) = delete;

 private:
  rtseq::violation_handler previous_ = rtseq::set_violation_handler(collect);
};

TEST(ThreadedContext, irqsave_masks_nothing_and_the_lock_sleeps) {
  static_assert(!context::irqsave_masks);
  static_assert(context::atomic_when_disabled);
  static_assert(rtseq::lock_traits<context::lock_type>::sleeps);
  static_assert(rtseq::lock_traits<context::lock_type>::boosts_owner);
}

TEST(ThreadedContext, sections_nest_and_restore_what_was) {
  EXPECT_TRUE(context::interrupts_enabled());
  const auto outer = context::save_and_disable();
  const auto inner = context::save_and_disable();
  EXPECT_FALSE(context::interrupts_enabled());
  context::restore(inner);
  EXPECT_FALSE(context::interrupts_enabled());
  context::restore(outer);
  EXPECT_TRUE(context::interrupts_enabled());
}

TEST(ThreadedContext, sleeping_lock_in_an_atomic_section_is_reported) {
  rtseq::pi_mutex lock;
  const collecting guard;
  rtseq::detail::might_sleep<context, rtseq::pi_mutex>(&lock);
  EXPECT_EQ(reports, 0);
  const auto flags = context::save_and_disable();
  rtseq::detail::might_sleep<context, rtseq::pi_mutex>(&lock);
  EXPECT_EQ(reports, 1);
  context::restore(flags);
  rtseq::detail::might_sleep<context, rtseq::pi_mutex>(&lock);
  EXPECT_EQ(reports, 1);
}

TEST(ThreadedContext, spinning_lock_in_an_atomic_section_is_fine) {
  rtseq::spinlock lock;
  const collecting guard;
  const auto flags = context::save_and_disable();
  rtseq::detail::might_sleep<context, rtseq::spinlock>(&lock);
  context::restore(flags);
  EXPECT_EQ(reports, 0);
}

TEST(ThreadedContext, handler_threads_run_on_during_an_atomic_section_and_may_sleep) {
  rtseq::pi_mutex lock;
  const collecting guard;
  const auto flags = context::save_and_disable();
  bool in_interrupt = false;
  bool enabled = false;
  std::thread handler([&] {
    const context::handler_scope scope;
    in_interrupt = context::in_interrupt();
    enabled = context::interrupts_enabled();
    rtseq::detail::might_sleep<context, rtseq::pi_mutex>(&lock);
  });
  handler.join();
  EXPECT_FALSE(context::in_interrupt());
  context::restore(flags);
  EXPECT_TRUE(in_interrupt);
  EXPECT_TRUE(enabled);
  EXPECT_EQ(reports, 0);
}

TEST(ThreadedContext, handler_scopes_nest) {
  EXPECT_FALSE(context::in_interrupt());
  {
    const context::handler_scope outer;
    { const context::handler_scope inner; }
    EXPECT_TRUE(context::in_interrupt());
  }
  EXPECT_FALSE(context::in_interrupt());
}

TEST(ThreadedContextDeathTest, waiting_for_a_write_sleeps_whatever_the_lock) {
  const rtseq::seqlock<context, rtseq::spinlock> lock;
  EXPECT_DEATH(
      {
        (void)context::save_and_disable();
        lock.wait_changed(lock.read_begin());
      },
      "waiting for a write sleeps");
}

TEST(ThreadedContextDeathTest, unhandled_report_ends_the_program_with_a_message) {
  rtseq::pi_mutex lock;
  EXPECT_DEATH(
      {
        (void)context::save_and_disable();
        (rtseq::detail::might_sleep<context, rtseq::pi_mutex>(&lock));
      },
      "sleeping lock");
}

}  // namespace
