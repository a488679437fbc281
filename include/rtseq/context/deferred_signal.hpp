// Interrupts are POSIX signals; a masked section raises a thread-local depth: no system call.
//
// For signal handlers of one's own that read (or write) what their thread may be writing, where blocking
// signals for each section costs too much. A handler registered here never runs inside a masked section of
// its thread. The first signal that arrives there is kept, with its siginfo; all others are blocked in the
// interrupted frame, so the kernel queues them as it always does; at the end of the section the kept one is
// handled, then the kernel delivers the rest. Nothing is lost but what the kernel itself coalesces, and
// real-time signals keep their order.
//
// Cost: a section is four thread-local accesses and a branch, about 1 ns. A direct delivery costs one
// system call more than a plain handler, a deferred one about five.
// Needs rtseq::runtime. Linux only; glibc and kernel signal frames.
//
// Limits
// - Handlers installed otherwise are not deferred, only blocked once a signal has been kept. If one of them
//   interrupts a section and is itself interrupted by a registered signal, or the program unblocks signals in
//   a section, a second signal may arrive while one is kept: it goes back to the end of the thread's queue.
// - The signal mask belongs to the library inside a section: what the program changes there may be undone
//   when the section ends.
// - Threads created and programs executed inside a section may inherit a mask that blocks everything.
//   A thread that ends inside one takes its kept signal with it.
// - fork() and _Fork(), also inside a section, are fine: the child does not see the parent's kept signal,
//   as it does not see its pending ones, and has its mask back at the end of the section.
// - The child of a vfork() runs on its parent's variables, but with signals of its own: block them around vfork(), as
//   posix_spawn() does.
// - Handlers of synchronous faults (SIGSEGV, SIGABRT, …) are never held off, so they must not begin sections: one may
//   interrupt the end of another.
// - longjmp() out of a handler leaves in_interrupt() true; out of a section, the section open.
// - A deferred handler runs on the stack of the section that it waited for, also with SA_ONSTACK.
// - What was saved with sigaction() while a handler was registered, and is put back after it was unregistered, is a
//   reported error (violation::context_misuse) when the signal comes.
// - Linked statically, rtseq::runtime is one for each program or shared library that has a copy of it. A plugin shares
//   its program's handlers and depths only if both link a shared one (BUILD_SHARED_LIBS) or the program exports its
//   own (-rdynamic).
// - Under ThreadSanitizer, which itself delays and coalesces signals, real-time signals may be reordered,
//   and a handler that was not deferred runs with everything blocked.
#ifndef RTSEQ_CONTEXT_DEFERRED_SIGNAL_HPP
#define RTSEQ_CONTEXT_DEFERRED_SIGNAL_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/lock/pi_mutex.hpp>

#include <signal.h>

namespace rtseq {

namespace detail {

RTSEQ_THREAD_LOCAL(unsigned, deferred_signal_depth);
RTSEQ_THREAD_LOCAL(unsigned, deferred_handler_depth);
RTSEQ_THREAD_LOCAL(bool, deferred_signal_kept);

// Handles the kept signal and unblocks the others. Precondition: one is kept, the depth is 0.
[[gnu::cold]] void deliver_kept_signal() noexcept;

}  // namespace detail

RTSEQ_TRUST_NONBLOCKING_BEGIN
struct deferred_signal_context {
  using flags_type = unsigned;  // the depth as it was
  using lock_type = pi_mutex;
#if RTSEQ_LOCKDEP
  static constexpr auto lockdep_irq = detail::lockdep::irq::deferred_signal;
#endif
  static constexpr bool irqsave_masks = true;
  static constexpr bool atomic_when_disabled = false;  // sleeping only delays the handlers

  // As for sigaction; `ucontext` is null if the signal was deferred: what it interrupted has gone on.
  using handler = void (*)(int signo, siginfo_t* info, void* ucontext);

  // Installs `function` for `signo`, process-wide. While it runs, `also_blocked` and `signo` are blocked.
  // `sa_flags`: any of SA_NODEFER, SA_ONSTACK, SA_NOCLDSTOP, SA_NOCLDWAIT; SA_RESTART is always set.
  // 0, or an errno: EINVAL (no such signal; SIGKILL, SIGSTOP and synchronous faults, which cannot wait; no
  // function; another flag), EBUSY (registered already), ENOMEM. Blocking. Tasks only.
  [[nodiscard]] static int register_handler(int signo, handler function,
                                            const sigset_t* also_blocked = nullptr,
                                            int sa_flags = 0) noexcept;

  // Restores what was installed before; a signal still kept then goes there. Calls that have begun may
  // still be running on other threads. 0, or an errno: EINVAL, ENOENT (not registered). Blocking. Tasks only.
  static int unregister_handler(int signo) noexcept;

  // Wait-free. Tasks and handlers.
  static flags_type save_and_disable(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING {
    const flags_type flags = detail::deferred_signal_depth;
    detail::deferred_signal_depth = flags + 1;
    // The section stays below the store: a handler on top of it must find the depth raised.
    detail::signal_fence();
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(irq_saved(lockdep_irq));
    return flags;
  }

  // Wait-free if no signal was kept; else its handler runs before this returns. On the thread that saved.
  static void restore(flags_type flags) noexcept {
    RTSEQ_LOCKDEP_HOOK(irq_restored(lockdep_irq));
    detail::signal_fence();  // the section stays above
    detail::deferred_signal_depth = flags;
    // A signal that arrives before the store is kept, after it handled at once; so look for one only then.
    detail::signal_fence();
    if (flags == 0 && detail::deferred_signal_kept) [[unlikely]]
      detail::deliver_kept_signal();
  }

  // Wait-free. Any context. True in handlers registered here.
  static bool in_interrupt() noexcept RTSEQ_NONBLOCKING { return detail::deferred_handler_depth != 0; }
  static bool interrupts_enabled() noexcept RTSEQ_NONBLOCKING { return detail::deferred_signal_depth == 0; }
};
RTSEQ_TRUST_NONBLOCKING_END
static_assert(interrupt_context<deferred_signal_context>);

}  // namespace rtseq

#endif
