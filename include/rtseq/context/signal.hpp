// Interrupts are POSIX signals; a masked section blocks them in the kernel.
//
// For data that a signal handler reads (or writes) while its own thread may be writing it. Works with any
// handler, however it was installed, and with signals that other code sends. Where a section is short and
// the handlers are yours, deferred_signal_context does the same without system calls.
//
// Cost: two system calls a section, about 300 ns. Limits: synchronous faults (SIGSEGV and its like) are
// never held off; a thread created inside a section inherits the blocked mask.
#ifndef RTSEQ_CONTEXT_SIGNAL_HPP
#define RTSEQ_CONTEXT_SIGNAL_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/lock/pi_mutex.hpp>

#include <pthread.h>
#include <signal.h>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>

namespace rtseq {

namespace detail {

RTSEQ_THREAD_LOCAL(unsigned, signal_handler_depth);

// May `signo` be held off? Not what cannot be blocked, nor faults of the running instruction (blocked, they
// kill), nor the numbers between that the C library keeps for itself.
constexpr bool is_maskable_signal(int signo) noexcept {
#if defined(__GLIBC__)
  constexpr int last_internal = 33;
#else
  constexpr int last_internal = 34;
#endif
  switch (signo) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGABRT:
      return false;
    default:
      return signo > 0 && signo < _NSIG && !(signo >= 32 && signo <= last_internal);
  }
}

// A sigset_t made by the compiler, so that a handler never waits for one to be built. Linux: signal n is bit
// n - 1 of an array of words.
template <class Predicate>
constexpr sigset_t make_signal_set(Predicate chosen) noexcept {
  constexpr int word_bits = 8 * sizeof(unsigned long);
  std::array<unsigned long, sizeof(sigset_t) / sizeof(unsigned long)> words{};
  for (int signo = 1; signo < _NSIG; ++signo) {
    if (chosen(signo)) {
      words[static_cast<std::size_t>((signo - 1) / word_bits)] |= 1ul << ((signo - 1) % word_bits);
    }
  }
  return std::bit_cast<sigset_t>(words);
}

}  // namespace detail

// Which signals a context masks: a type with this function. Wait-free: it is called in handlers too (no
// function-local static). Real-time signals have no constant numbers (SIGRTMIN is a call), so choosing
// some of them takes a policy of one's own.
template <class P>
concept signal_policy = requires {
  { P::set() }
  noexcept->std::same_as<const sigset_t&>;
};

// Every signal that may be blocked, except synchronous faults.
struct all_signals {
  static const sigset_t& set() noexcept { return chosen; }

 private:
  static constexpr sigset_t chosen = detail::make_signal_set(detail::is_maskable_signal);
};

// Exactly these: basic_signal_context<signals<SIGUSR1, SIGALRM>>.
template <int... Signos>
struct signals {
  static_assert(sizeof...(Signos) > 0, "name at least one signal");
  static_assert((detail::is_maskable_signal(Signos) && ...), "one of these cannot, or must not, be blocked");

  static const sigset_t& set() noexcept { return chosen; }

 private:
  static constexpr sigset_t chosen =
      detail::make_signal_set([](int signo) { return ((signo == Signos) || ...); });
};

// The library does not see handlers that others install, so a handler says what it is: Linux's irq_enter()
// and irq_exit(). One at the top of each handler makes in_interrupt() true. With the signal's number lockdep knows
// what holds the handler off; without it, only that nothing blocked does not. Wait-free; signal handlers.
class [[nodiscard]] signal_handler_scope {
 public:
  explicit signal_handler_scope([[maybe_unused]] int signo = 0) noexcept {
    detail::signal_handler_depth = detail::signal_handler_depth + 1;
    detail::signal_fence();  // the handler stays below the store: in_interrupt() is true all through it
    RTSEQ_LOCKDEP_HOOK(handler_entered(detail::lockdep::irq::signal, signo));
  }
  ~signal_handler_scope() {
    RTSEQ_LOCKDEP_HOOK(handler_left(detail::lockdep::irq::signal));
    detail::signal_fence();  // pairs with the constructor's: the handler stays above
    detail::signal_handler_depth = detail::signal_handler_depth - 1;
  }
  signal_handler_scope(const signal_handler_scope&) = delete;
  signal_handler_scope& operator=(const signal_handler_scope&) = delete;
};

RTSEQ_TRUST_NONBLOCKING_BEGIN
template <signal_policy Policy>
struct basic_signal_context {
  using flags_type = sigset_t;  // the thread's mask as it was
  using handler_scope = signal_handler_scope;
  using lock_type = pi_mutex;
#if RTSEQ_LOCKDEP
  static constexpr auto lockdep_irq = detail::lockdep::irq::signal;
#endif
  static constexpr bool irqsave_masks = true;
  static constexpr bool atomic_when_disabled = false;  // sleeping only delays the handlers

  // One system call. Tasks and handlers. Signals sent meanwhile stay queued in the kernel.
  static flags_type save_and_disable(RTSEQ_LOCKDEP_AT) noexcept {
    flags_type flags;
    ::pthread_sigmask(SIG_BLOCK, &Policy::set(), &flags);
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(irq_saved(lockdep_irq));
    RTSEQ_LOCKDEP_HOOK(signals_blocked(flags, Policy::set()));
    return flags;
  }

  // One system call. Signals that this unblocks have their handlers run before it returns.
  static void restore(flags_type flags) noexcept {
    RTSEQ_LOCKDEP_HOOK(irq_restored(lockdep_irq));
    ::pthread_sigmask(SIG_SETMASK, &flags, nullptr);
  }

  // Wait-free. Any context. True in handlers that hold a handler_scope.
  static bool in_interrupt() noexcept RTSEQ_NONBLOCKING { return detail::signal_handler_depth != 0; }

  // One system call. Any context. False only if every chosen signal is blocked.
  static bool interrupts_enabled() noexcept {
    sigset_t mask;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    for (int signo = 1; signo < _NSIG; ++signo) {
      if (::sigismember(&Policy::set(), signo) == 1 && ::sigismember(&mask, signo) == 0) return true;
    }
    return false;
  }
};
RTSEQ_TRUST_NONBLOCKING_END

using signal_context = basic_signal_context<all_signals>;
static_assert(interrupt_context<signal_context>);

}  // namespace rtseq

#endif
