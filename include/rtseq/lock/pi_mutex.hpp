// A priority-inheriting mutex directly on the futex. The default writer lock.
//
// Whoever waits for it lends the owner its priority, so a high-priority reader that finds a low-priority
// writer preempted in mid-write gets through after the rest of that one section. Unlike a pthread mutex it
// may be used from a signal handler, and relocking by its owner is refused instead of slept on.
//
// Cost: uncontended one compare-exchange each way; no system call, but one for the thread's id the first time.
// Size: 4 bytes. Linux only.
// Limits: within one process. A child made by fork() inherits a locked mutex as locked, by an owner that
// does not exist there. Code that runs after vfork(), _Fork() or a raw clone(), handlers included,
// must not lock.
// Source: futex(2) FUTEX_LOCK_PI; Linux Documentation/locking/pi-futex.rst.
#ifndef RTSEQ_LOCK_PI_MUTEX_HPP
#define RTSEQ_LOCK_PI_MUTEX_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/deadline.hpp>
#include <rtseq/detail/futex.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/violation.hpp>

#include <time.h>

#include <cerrno>
#include <cstdint>

namespace rtseq {

class RTSEQ_CAPABILITY("mutex") pi_mutex {
 public:
  static constexpr bool sleeps = true;
  static constexpr bool boosts_owner = true;
  static constexpr bool async_signal_safe = true;

#if RTSEQ_LOCKDEP
  constexpr pi_mutex(RTSEQ_LOCKDEP_NAME) noexcept : lockdep_{lockdep_name, "pi_mutex", &lockdep_type} {}
  constexpr explicit pi_mutex(detail::lockdep::silent_t) noexcept {}
  const detail::lockdep::map& lockdep_map() const noexcept { return lockdep_; }
  detail::lockdep::map& lockdep_map() noexcept { return lockdep_; }
#else
  constexpr pi_mutex() noexcept = default;
  constexpr pi_mutex(lockdep::name) noexcept {}
#endif
  pi_mutex(const pi_mutex&) = delete;
  pi_mutex& operator=(const pi_mutex&) = delete;

  // Blocking; bounded by the owners' sections, which run at the caller's priority. Tasks and signal
  // handlers. Relocking by the owner is a reported error (violation::self_deadlock), and so is an owner
  // that is gone (violation::owner_died).
  void lock(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_ACQUIRE() {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(acquire(lockdep_));
    if (!take()) [[unlikely]]
      lock_contended();
  }

  // Wait-free; enters the kernel once a thread, for its id. Any context. False if anybody, the caller too, holds
  // the lock.
  [[nodiscard]] bool try_lock(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING RTSEQ_TRY_ACQUIRE(true) {
    RTSEQ_LOCKDEP_HERE;
    if (!take()) return false;
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    return true;
  }

  // Blocking as lock(), until `end` (of std::chrono::steady_clock) at the latest. False if it is over, or if
  // waiting would be for the caller itself. Before Linux 5.14 it does not wait.
  [[nodiscard]] bool try_lock_until(const detail::deadline& end RTSEQ_LOCKDEP_AND_AT) noexcept
      RTSEQ_TRY_ACQUIRE(true) {
    RTSEQ_LOCKDEP_HERE;
    if (!take()) {
      const timespec until = end.time();
      if (held_by_this_thread() || !wait_for_lock(&until)) return false;
    }
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    return true;
  }

  // Lock-free; enters the kernel only if somebody waits.
  void unlock() noexcept RTSEQ_RELEASE() {
    RTSEQ_LOCKDEP_HOOK(release(lockdep_));
    std::uint32_t mine = detail::this_thread_id();
    // release: pairs with take's acquire; without it the next owner could miss this section's stores.
    if (!word_.compare_exchange_strong(mine, 0, std::memory_order_release, std::memory_order_relaxed))
        [[unlikely]] {
      unlock_contended();
    }
  }

  // Wait-free. Any context.
  [[nodiscard]] bool held_by_this_thread() const noexcept RTSEQ_NONBLOCKING {
    // relaxed: a thread asks only about itself; the kernel writes its id only while it waits in lock().
    return (word_.load(std::memory_order_relaxed) & owner_mask) == detail::this_thread_id();
  }

 private:
  bool take() noexcept {
    std::uint32_t unlocked = 0;
    // acquire: pairs with unlock's release; without it the section could read what was there before.
    return word_.compare_exchange_strong(unlocked, detail::this_thread_id(), std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }

  // The word as the kernel reads it: the owner's thread id, and two flags above it.
  static constexpr std::uint32_t owner_mask = 0x3fff'ffff;
  static constexpr std::uint32_t waiters_flag = 0x8000'0000;
  static constexpr std::uint32_t owner_died_flag = 0x4000'0000;

  [[gnu::cold, gnu::noinline]] void lock_contended() noexcept {
    if (held_by_this_thread()) {
      detail::fatal_violation(violation::self_deadlock, "pi_mutex: locked again by its owner", this);
    }
    (void)wait_for_lock(nullptr);
  }

  // For ever if `until` is null; else false when it is over, or waiting is in vain.
  [[gnu::cold, gnu::noinline]] bool wait_for_lock(const timespec* until) noexcept {
    for (;;) {
      switch (detail::futex_lock_pi(word_, until)) {
        case 0:
          // acquire: the kernel handed the lock over; pairs with unlock_contended's release.
          if ((word_.load(std::memory_order_acquire) & owner_died_flag) == 0) return true;
          // Who waits while the owner dies inherits the lock, and what the owner left half done.
          detail::fatal_violation(violation::owner_died, "pi_mutex: its owner no longer exists", this);
        case EAGAIN:  // the owner is about to exit
        case EINTR:
          break;
        case ETIMEDOUT:
          return false;
        case EDEADLK:
          if (until != nullptr) return false;
          detail::fatal_violation(violation::self_deadlock,
                                  "pi_mutex: waiting for it would be a cycle of lock owners", this);
        case ESRCH:
          detail::fatal_violation(violation::owner_died, "pi_mutex: its owner no longer exists", this);
        case ENOSYS:
        case EINVAL:
          if (until != nullptr) return false;
          [[fallthrough]];
        default:
          detail::fatal_violation(violation::owner_died, "pi_mutex: the kernel refused FUTEX_LOCK_PI", this);
      }
    }
  }

  [[gnu::cold, gnu::noinline]] void unlock_contended() noexcept {
    // release: the kernel hands the lock to a waiter; pairs with wait_for_lock's acquire. The flag is set
    // already, by that waiter: it is why the compare-exchange failed.
    (void)word_.fetch_or(waiters_flag, std::memory_order_release);
    if (detail::futex_unlock_pi(word_) != 0) {
      detail::fatal_violation(violation::owner_died, "pi_mutex: unlocked by a thread that does not own it",
                              this);
    }
  }

#if RTSEQ_LOCKDEP
  static constexpr detail::lockdep::type_info lockdep_type =
      detail::lockdep::bare_type<false, true, true, true>;
  detail::lockdep::map lockdep_;
#endif
  detail::atomic<std::uint32_t> word_{0};
};

}  // namespace rtseq

#endif
