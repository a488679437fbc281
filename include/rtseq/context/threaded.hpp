// Interrupts are threads, as PREEMPT_RT's threaded handlers are.
//
// A handler that is a thread can be held off by a lock, so nothing needs masking: the _irqsave forms of locks
// mask nothing here. Disabling interrupts by hand still means what it means on PREEMPT_RT: the section is
// atomic, nothing in it may sleep. That is checked: taking a lock that sleeps there is reported
// (violation::sleep_in_atomic), so code that disables interrupts first and takes the lock second is found
// on its first run, without the deadlock. The handler threads run on meanwhile.
//
// Cost: a thread-local increment. Source: Linux Documentation/locking/locktypes.rst, "PREEMPT_RT caveats".
#ifndef RTSEQ_CONTEXT_THREADED_HPP
#define RTSEQ_CONTEXT_THREADED_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/lock/pi_mutex.hpp>

namespace rtseq {

namespace detail {

RTSEQ_THREAD_LOCAL(unsigned, atomic_depth);
RTSEQ_THREAD_LOCAL(unsigned, threaded_handler_depth);

}  // namespace detail

RTSEQ_TRUST_NONBLOCKING_BEGIN
struct threaded_context {
  using flags_type = unsigned;  // the depth as it was
  using lock_type = pi_mutex;
#if RTSEQ_LOCKDEP
  static constexpr auto lockdep_irq = detail::lockdep::irq::threaded;
#endif
  static constexpr bool irqsave_masks = false;
  static constexpr bool atomic_when_disabled = true;

  // Wait-free. Tasks and handlers. Marks the thread atomic; no handler is held off.
  static flags_type save_and_disable(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING {
    const flags_type flags = detail::atomic_depth;
    detail::atomic_depth = flags + 1;
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(irq_saved(lockdep_irq));
    return flags;
  }
  // Wait-free. On the thread that saved.
  static void restore(flags_type flags) noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HOOK(irq_restored(lockdep_irq));
    detail::atomic_depth = flags;
  }

  // Wait-free. True on threads that wear a handler_scope. They may sleep: interrupts stay enabled there.
  static bool in_interrupt() noexcept RTSEQ_NONBLOCKING { return detail::threaded_handler_depth != 0; }
  static bool interrupts_enabled() noexcept RTSEQ_NONBLOCKING { return detail::atomic_depth == 0; }

  // Makes the calling thread a handler for as long as it lives. Nests. Wait-free.
  class [[nodiscard]] handler_scope {
   public:
    handler_scope() noexcept { detail::threaded_handler_depth = detail::threaded_handler_depth + 1; }
    ~handler_scope() { detail::threaded_handler_depth = detail::threaded_handler_depth - 1; }
    handler_scope(const handler_scope&) = delete;
    handler_scope& operator=(const handler_scope&) = delete;
  };
};
RTSEQ_TRUST_NONBLOCKING_END
static_assert(interrupt_context<threaded_context>);

}  // namespace rtseq

#endif
