#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/lock/pi_mutex.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rtseq::virtual_cpu;
using context = rtseq::virtual_cpu_context;

void wait_for(const std::atomic<bool>& flag) {
  while (!flag) std::this_thread::sleep_for(50us);
}
void wait_for_pending(const virtual_cpu& cpu) {
  while (!cpu.interrupt_pending()) std::this_thread::sleep_for(50us);
}

// `plain` variables are not atomic on purpose: ThreadSanitizer proves that the gate orders them.

TEST(VirtualCpu, masks_and_its_lock_spins) {
  static_assert(context::irqsave_masks);
  static_assert(context::atomic_when_disabled);
  static_assert(!rtseq::lock_traits<context::lock_type>::sleeps);
}

TEST(VirtualCpu, handler_at_a_shut_gate_runs_before_restore_returns) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  int plain = 0;
  const auto flags = context::save_and_disable();
  std::thread handler([&] { cpu.interrupt([&] { plain = 1; }); });
  wait_for_pending(cpu);
  EXPECT_EQ(plain, 0);
  context::restore(flags);
  EXPECT_EQ(plain, 1);
  EXPECT_FALSE(cpu.interrupt_pending());
  handler.join();
}

TEST(VirtualCpu, sections_nest) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  int plain = 0;
  const auto outer = context::save_and_disable();
  std::thread handler([&] { cpu.interrupt([&] { plain = 1; }); });
  wait_for_pending(cpu);
  const auto inner = context::save_and_disable();
  context::restore(inner);
  EXPECT_FALSE(context::interrupts_enabled());
  EXPECT_EQ(plain, 0);
  EXPECT_TRUE(cpu.interrupt_pending());
  context::restore(outer);
  EXPECT_TRUE(context::interrupts_enabled());
  EXPECT_EQ(plain, 1);
  handler.join();
}

TEST(VirtualCpu, masking_waits_for_the_running_handler) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  std::atomic<bool> entered{false};
  int plain = 0;
  std::thread handler([&] {
    cpu.interrupt([&] {
      entered = true;
      std::this_thread::sleep_for(2ms);
      plain = 1;
    });
  });
  wait_for(entered);
  const auto flags = context::save_and_disable();
  EXPECT_EQ(plain, 1);
  context::restore(flags);
  handler.join();
}

TEST(VirtualCpu, preemption_point_holds_the_task_while_a_handler_runs) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  virtual_cpu::preemption_point();  // none runs
  std::atomic<bool> entered{false};
  std::atomic<bool> left{false};
  std::thread handler([&] {
    cpu.interrupt([&] {
      virtual_cpu::preemption_point();  // does not hold the handler
      entered = true;
      std::this_thread::sleep_for(2ms);
      left = true;
    });
  });
  wait_for(entered);
  virtual_cpu::preemption_point();
  EXPECT_TRUE(left);
  handler.join();
}

TEST(VirtualCpu, handlers_run_one_at_a_time_and_never_in_a_section) {
  constexpr int handlers = 3;
  constexpr int interrupts = 300;
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  long plain = 0;
  std::atomic<int> running{handlers};
  std::vector<std::thread> threads;
  for (int i = 0; i < handlers; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < interrupts; ++n) cpu.interrupt([&] { ++plain; });
      --running;
    });
  }
  long sections = 0;
  while (running != 0) {
    const auto flags = context::save_and_disable();
    const long before = plain;
    for (int i = 0; i < 50; ++i) rtseq::detail::cpu_relax();
    plain = before + 1;
    context::restore(flags);
    virtual_cpu::preemption_point();
    ++sections;
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(plain, handlers * interrupts + sections);
}

TEST(VirtualCpu, task_makes_progress_under_an_endless_stream_of_handlers) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  std::atomic<bool> stop{false};
  std::atomic<int> handled{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        cpu.interrupt([&] {
          ++handled;
          for (int spin = 0; spin < 100; ++spin) rtseq::detail::cpu_relax();
        });
      }
    });
  }
  for (int n = 0; n < 100 || handled < 100; ++n) {
    context::restore(context::save_and_disable());
    virtual_cpu::preemption_point();
  }
  stop = true;
  for (auto& thread : threads) thread.join();
}

TEST(VirtualCpu, handler_is_in_interrupt_and_masking_there_changes_nothing) {
  virtual_cpu cpu;
  EXPECT_FALSE(context::in_interrupt());
  std::thread([&] {
    cpu.interrupt([] {
      EXPECT_TRUE(context::in_interrupt());
      EXPECT_FALSE(context::interrupts_enabled());
      const auto outer = context::save_and_disable();
      const auto inner = context::save_and_disable();
      context::restore(inner);
      context::restore(outer);
      EXPECT_TRUE(context::in_interrupt());
      EXPECT_FALSE(context::interrupts_enabled());
    });
    EXPECT_FALSE(context::in_interrupt());
    EXPECT_TRUE(context::interrupts_enabled());
  }).join();
}

TEST(VirtualCpu, task_may_run_a_handler_on_its_own_thread) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  cpu.interrupt([] { EXPECT_TRUE(context::in_interrupt()); });
  EXPECT_FALSE(context::in_interrupt());
  EXPECT_TRUE(context::interrupts_enabled());
}

TEST(VirtualCpu, section_on_one_cpu_does_not_hold_off_anothers_handlers) {
  virtual_cpu here;
  virtual_cpu there;
  const virtual_cpu::task_scope task(here);
  const auto flags = context::save_and_disable();
  bool ran = false;
  there.interrupt([&] {
    ran = context::in_interrupt();
    context::restore(context::save_and_disable());
  });
  EXPECT_TRUE(ran);
  EXPECT_FALSE(context::in_interrupt());
  EXPECT_FALSE(context::interrupts_enabled());
  // Still shut here:
  std::thread handler([&] { here.interrupt([] {}); });
  wait_for_pending(here);
  context::restore(flags);
  handler.join();
}

TEST(VirtualCpu, thread_without_a_cpu_keeps_its_depth_and_masks_nobody) {
  virtual_cpu cpu;
  const auto outer = context::save_and_disable();
  const auto inner = context::save_and_disable();
  std::thread([&] { cpu.interrupt([] {}); }).join();
  virtual_cpu::preemption_point();
  context::restore(inner);
  EXPECT_FALSE(context::interrupts_enabled());
  context::restore(outer);
  EXPECT_TRUE(context::interrupts_enabled());
}

TEST(VirtualCpu, task_that_attaches_with_interrupts_disabled_shuts_the_gate) {
  virtual_cpu cpu;
  const auto flags = context::save_and_disable();
  const virtual_cpu::task_scope task(cpu);
  int plain = 0;
  std::thread handler([&] { cpu.interrupt([&] { plain = 1; }); });
  wait_for_pending(cpu);
  EXPECT_EQ(plain, 0);
  context::restore(flags);
  EXPECT_EQ(plain, 1);
  handler.join();
}

TEST(VirtualCpu, next_task_sees_what_the_one_before_it_did) {
  virtual_cpu cpu;
  int plain = 0;
  std::atomic<bool> detached{false};
  std::thread first([&] {
    {
      const virtual_cpu::task_scope task(cpu);
      plain = 1;
    }
    detached.store(true, std::memory_order_relaxed);  // orders nothing: the attachment does
  });
  wait_for(detached);
  const virtual_cpu::task_scope task(cpu);
  EXPECT_EQ(plain, 1);
  first.join();
}

TEST(VirtualCpu, interrupt_returns_what_the_handler_returns_and_survives_its_exception) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  EXPECT_EQ(cpu.interrupt([] { return 7; }), 7);
  EXPECT_THROW(cpu.interrupt([] { throw std::runtime_error("handler"); }), std::runtime_error);
  EXPECT_FALSE(context::in_interrupt());
  EXPECT_TRUE(context::interrupts_enabled());
  context::restore(context::save_and_disable());
}

std::atomic<int> reports{0};
void collect(const rtseq::violation_report& report) noexcept {
  if (report.rule == rtseq::violation::sleep_in_atomic) ++reports;
}
TEST(VirtualCpu, sleeping_lock_is_reported_in_sections_and_handlers) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  rtseq::pi_mutex lock;
  const auto might_sleep = [&] { rtseq::detail::might_sleep<context, rtseq::pi_mutex>(&lock); };
  const auto previous = rtseq::set_violation_handler(collect);
  might_sleep();
  EXPECT_EQ(reports, 0);
  const auto flags = context::save_and_disable();
  might_sleep();
  context::restore(flags);
  EXPECT_EQ(reports, 1);
  cpu.interrupt(might_sleep);
  EXPECT_EQ(reports, 2);
  rtseq::set_violation_handler(previous);
}

using VirtualCpuDeathTest = testing::Test;

TEST(VirtualCpuDeathTest, second_task_on_one_cpu_is_reported) {
  virtual_cpu cpu;
  const virtual_cpu::task_scope task(cpu);
  EXPECT_DEATH(std::thread([&] { const virtual_cpu::task_scope second(cpu); }).join(),
               "a second task on one CPU");
}
TEST(VirtualCpuDeathTest, task_of_two_cpus_is_reported) {
  virtual_cpu cpu;
  virtual_cpu other;
  const virtual_cpu::task_scope task(cpu);
  EXPECT_DEATH(const virtual_cpu::task_scope second(other), "this thread has a CPU already");
}
TEST(VirtualCpuDeathTest, task_that_ends_with_the_gate_shut_is_reported) {
  EXPECT_DEATH(
      {
        virtual_cpu cpu;
        const virtual_cpu::task_scope task(cpu);
        (void)context::save_and_disable();
      },
      "with interrupts disabled");
}
TEST(VirtualCpuDeathTest, interrupt_that_would_wait_for_itself_is_reported) {
  EXPECT_DEATH(
      {
        virtual_cpu cpu;
        const virtual_cpu::task_scope task(cpu);
        (void)context::save_and_disable();
        cpu.interrupt([] {});
      },
      "its own handler or masked section");
  EXPECT_DEATH(
      {
        virtual_cpu cpu;
        cpu.interrupt([&] { cpu.interrupt([] {}); });
      },
      "its own handler or masked section");
}

}  // namespace
