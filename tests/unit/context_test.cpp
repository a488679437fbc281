// The concept: what it asks of a context, which part of it says what is missing, and a context of a user's own.
#include <rtseq/context.hpp>
#include <rtseq/lock/spinlock.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <mutex>
#include <type_traits>

namespace {

// A context as a user writes it, for a DSP with one interrupt-enable register (here: a variable).
namespace dsp {

struct registers {
  std::uint32_t interrupt_enable = 0xff;
  bool servicing = false;
} cpu;

struct context {
  using flags_type = std::uint32_t;
  using lock_type = rtseq::spinlock;
  static constexpr bool irqsave_masks = true;
  static constexpr bool atomic_when_disabled = true;

  static flags_type save_and_disable() noexcept {
    const flags_type flags = cpu.interrupt_enable;
    cpu.interrupt_enable = 0;
    return flags;
  }
  static void restore(flags_type flags) noexcept { cpu.interrupt_enable = flags; }
  static bool in_interrupt() noexcept { return cpu.servicing; }
  static bool interrupts_enabled() noexcept { return cpu.interrupt_enable != 0; }
};

}  // namespace dsp
static_assert(rtseq::interrupt_context<dsp::context>);

// What a context fails to satisfy: exactly one of the parts, which is the one a compiler names.
enum part { flags_type = 1, save = 2, restore = 4, where = 8, irqsave = 16, atomic = 32, lock = 64 };
template <class C>
constexpr int missing_parts() {
  return (rtseq::context_has_flags_type<C> ? 0 : flags_type) |
         (rtseq::context_can_save_and_disable<C> ? 0 : save) | (rtseq::context_can_restore<C> ? 0 : restore) |
         (rtseq::context_tells_where_it_is<C> ? 0 : where) |
         (rtseq::context_says_what_irqsave_masks<C> ? 0 : irqsave) |
         (rtseq::context_says_whether_it_is_atomic<C> ? 0 : atomic) |
         (rtseq::context_has_default_lock<C> ? 0 : lock);
}
template <class C, int Part>
constexpr bool lacks_only = missing_parts<C>() == Part && !rtseq::interrupt_context<C>;

struct no_save : dsp::context {
  static flags_type save_and_disable() noexcept = delete;
};
struct save_returns_another_type : dsp::context {
  static int save_and_disable() noexcept { return 0; }
};
struct save_may_throw : dsp::context {
  static flags_type save_and_disable() { return 0; }
};
struct no_restore : dsp::context {
  static void restore(flags_type) noexcept = delete;
};
struct restore_may_throw : dsp::context {
  static void restore(flags_type) {}
};
struct no_in_interrupt : dsp::context {
  static bool in_interrupt() noexcept = delete;
};
struct no_interrupts_enabled : dsp::context {
  static bool interrupts_enabled() noexcept = delete;
};
struct interrupts_enabled_is_no_bool : dsp::context {
  static int interrupts_enabled() noexcept { return 1; }
};
struct no_irqsave_masks : dsp::context {
  static void irqsave_masks();
};
struct irqsave_masks_is_no_bool : dsp::context {
  static constexpr int irqsave_masks = 1;
};
struct no_atomic_when_disabled : dsp::context {
  static void atomic_when_disabled();
};
struct no_types {
  static std::uint32_t save_and_disable() noexcept { return 0; }
  static void restore(std::uint32_t) noexcept {}
  static bool in_interrupt() noexcept { return false; }
  static bool interrupts_enabled() noexcept { return true; }
  static constexpr bool irqsave_masks = true;
  static constexpr bool atomic_when_disabled = true;
};
struct no_lock : no_types {
  using flags_type = std::uint32_t;
};
struct lock_is_no_lock : dsp::context {
  using lock_type = void;
};

static_assert(lacks_only<no_save, save>);
static_assert(lacks_only<save_returns_another_type, save>);
static_assert(lacks_only<save_may_throw, save>);
static_assert(lacks_only<no_restore, restore>);
static_assert(lacks_only<restore_may_throw, restore>);
static_assert(lacks_only<no_in_interrupt, where>);
static_assert(lacks_only<no_interrupts_enabled, where>);
static_assert(lacks_only<interrupts_enabled_is_no_bool, where>);
static_assert(lacks_only<no_irqsave_masks, irqsave>);
static_assert(lacks_only<irqsave_masks_is_no_bool, irqsave>);
static_assert(lacks_only<no_atomic_when_disabled, atomic>);
static_assert(lacks_only<no_lock, lock>);
static_assert(lacks_only<lock_is_no_lock, lock>);

// Without the type of the flags, nothing that takes or returns them can be there either.
struct no_flags_type : no_types {
  using lock_type = rtseq::spinlock;
};
struct flags_are_a_guard {
  using flags_type = std::unique_lock<std::mutex>;
};
static_assert(missing_parts<no_flags_type>() == (flags_type | save | restore));
static_assert((missing_parts<flags_are_a_guard>() & flags_type) != 0);

static_assert(!rtseq::interrupt_context<int>);
static_assert(!rtseq::interrupt_context<void>);

TEST(Context, task_context_is_never_an_interrupt_and_masks_nothing) {
  using rtseq::task_context;
  static_assert(std::is_empty_v<task_context::flags_type>);
  const auto flags = task_context::save_and_disable();
  EXPECT_TRUE(task_context::interrupts_enabled());
  EXPECT_FALSE(task_context::in_interrupt());
  task_context::restore(flags);
}

TEST(Context, a_users_own_context_nests) {
  const auto outer = dsp::context::save_and_disable();
  EXPECT_FALSE(dsp::context::interrupts_enabled());
  const auto inner = dsp::context::save_and_disable();
  dsp::context::restore(inner);
  EXPECT_FALSE(dsp::context::interrupts_enabled());
  dsp::context::restore(outer);
  EXPECT_EQ(dsp::cpu.interrupt_enable, 0xffu);
}

int reports = 0;
rtseq::violation last_rule;
const void* last_object;
void collect(const rtseq::violation_report& report) noexcept {
  ++reports;
  last_rule = report.rule;
  last_object = report.object;
}

TEST(Context, sleeping_lock_is_reported_where_a_users_own_context_is_atomic) {
  const auto previous = rtseq::set_violation_handler(collect);
  reports = 0;
  rtseq::pi_mutex sleeps;
  rtseq::spinlock spins;
  rtseq::detail::might_sleep<dsp::context, rtseq::pi_mutex>(&sleeps);
  EXPECT_EQ(reports, 0);
  const auto flags = dsp::context::save_and_disable();
  rtseq::detail::might_sleep<dsp::context, rtseq::spinlock>(&spins);
  EXPECT_EQ(reports, 0);
  rtseq::detail::might_sleep<dsp::context, rtseq::pi_mutex>(&sleeps);
  dsp::context::restore(flags);
  rtseq::set_violation_handler(previous);
  ASSERT_EQ(reports, 1);
  EXPECT_EQ(last_rule, rtseq::violation::sleep_in_atomic);
  EXPECT_EQ(last_object, &sleeps);
}

}  // namespace
