// Interrupt contexts: what may interrupt this code and read the same data, and how it is held off.
//
// One concept, one type for each answer. Every lock template takes a context and is the same code for all
// of them; <rtseq/context/*.hpp> holds the four that mask something, and users may write their own (an
// RTOS, a kernel, a DSP). A context is a class of static functions; its state is per thread.
#ifndef RTSEQ_CONTEXT_HPP
#define RTSEQ_CONTEXT_HPP

#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/violation.hpp>

#include <concepts>
#include <type_traits>

namespace rtseq {

// What save_and_disable() returns and restore() takes. Copied freely, so small.
template <class C>
concept context_has_flags_type = std::default_initializable<typename C::flags_type> &&
    std::is_trivially_copyable_v<typename C::flags_type>;

// Linux: local_irq_save(). Holds interrupts off for this thread; returns how it was before. Nests.
template <class C>
concept context_can_save_and_disable = requires {
  { C::save_and_disable() }
  noexcept->std::same_as<typename C::flags_type>;
};

// Linux: local_irq_restore(). Puts back what `flags` says: restored, not enabled.
template <class C>
concept context_can_restore = requires(typename C::flags_type flags) {
  { C::restore(flags) }
  noexcept;
};

// Is the caller an interrupt handler? May interrupts arrive here?
template <class C>
concept context_tells_where_it_is = requires {
  { C::in_interrupt() }
  noexcept->std::same_as<bool>;
  { C::interrupts_enabled() }
  noexcept->std::same_as<bool>;
};

// Do the _irqsave forms of locks call save_and_disable()? Not where handlers are threads and locks sleep.
template <class C>
concept context_says_what_irqsave_masks = std::same_as<decltype(C::irqsave_masks), const bool>;

// May nothing sleep between save_and_disable() and restore(), nor in a handler?
template <class C>
concept context_says_whether_it_is_atomic = std::same_as<decltype(C::atomic_when_disabled), const bool>;

// The writers' lock where the user names none.
template <class C>
concept context_has_default_lock = writer_lock<typename C::lock_type>;

template <class C>
concept interrupt_context = context_has_flags_type<C> && context_can_save_and_disable<C> &&
    context_can_restore<C> && context_tells_where_it_is<C> && context_says_what_irqsave_masks<C> &&
    context_says_whether_it_is_atomic<C> && context_has_default_lock<C>;

// Only threads touch the data. Compiles to no code.
struct task_context {
  struct flags_type {};
  using lock_type = pi_mutex;
  static constexpr bool irqsave_masks = false;
  static constexpr bool atomic_when_disabled = false;

  // Each is wait-free. Any context.
  static flags_type save_and_disable() noexcept RTSEQ_NONBLOCKING { return {}; }
  static void restore(flags_type) noexcept RTSEQ_NONBLOCKING {}
  static bool in_interrupt() noexcept RTSEQ_NONBLOCKING { return false; }
  static bool interrupts_enabled() noexcept RTSEQ_NONBLOCKING { return true; }
};
static_assert(interrupt_context<task_context>);

namespace detail {

// Linux: might_sleep(). Reports what may sleep, a lock or a wait, about to be called where nothing may, whether or
// not it would have slept this time. Nothing remains of it where context and lock cannot disagree.
template <interrupt_context Context>
inline void might_sleep(const void* object, const char* message) noexcept {
  if constexpr (Context::atomic_when_disabled) {
    if (!Context::interrupts_enabled()) [[unlikely]]
      report_violation(violation::sleep_in_atomic, message, object);
  }
}
template <interrupt_context Context, writer_lock Lock>
inline void might_sleep(const void* object) noexcept {
  if constexpr (lock_traits<Lock>::sleeps) {
    might_sleep<Context>(object,
                         "a sleeping lock is taken while interrupts are disabled: take it first, or use the "
                         "one-step _irqsave form");
  }
}

}  // namespace detail
}  // namespace rtseq

#endif
