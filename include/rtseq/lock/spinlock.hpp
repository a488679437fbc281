// A spinlock: for writers that never sleep while they hold it. Test-and-test-and-set with bounded backoff.
//
// Use it where the writer cannot be preempted by those who wait for it: virtual CPUs, threads of equal
// priority on cores of their own. Nothing boosts its owner; between threads of different priority on one
// core use pi_mutex.
//
// Cost: uncontended one compare-exchange to lock, one store to unlock. A waiter pauses for a few microseconds, then
// yields, then naps for 50 µs at a time: a user-space spinner that only spun could keep the owner from running.
// Size: 4 bytes.
#ifndef RTSEQ_LOCK_SPINLOCK_HPP
#define RTSEQ_LOCK_SPINLOCK_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/violation.hpp>

namespace rtseq {

class RTSEQ_CAPABILITY("spinlock") spinlock {
 public:
  static constexpr bool sleeps = false;
  static constexpr bool boosts_owner = false;
  static constexpr bool async_signal_safe = true;

#if RTSEQ_LOCKDEP
  constexpr spinlock(RTSEQ_LOCKDEP_NAME) noexcept : lockdep_{lockdep_name, "spinlock", &lockdep_type} {}
  constexpr explicit spinlock(detail::lockdep::silent_t) noexcept {}
  const detail::lockdep::map& lockdep_map() const noexcept { return lockdep_; }
  detail::lockdep::map& lockdep_map() noexcept { return lockdep_; }
#else
  constexpr spinlock() noexcept = default;
  constexpr spinlock(lockdep::name) noexcept {}
#endif
  spinlock(const spinlock&) = delete;
  spinlock& operator=(const spinlock&) = delete;

  // Blocking. Any context, but a handler must not lock what its own thread may hold: relocking by the
  // owner is a reported error (violation::self_deadlock).
  void lock(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_ACQUIRE() {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(acquire(lockdep_));
    if (!take()) [[unlikely]]
      lock_contended();
  }

  // Wait-free. Any context. False if anybody, the caller too, holds the lock.
  [[nodiscard]] bool try_lock(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING RTSEQ_TRY_ACQUIRE(true) {
    RTSEQ_LOCKDEP_HERE;
    if (!take()) return false;
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    return true;
  }

  // Wait-free.
  void unlock() noexcept RTSEQ_NONBLOCKING RTSEQ_RELEASE() {
    RTSEQ_LOCKDEP_HOOK(release(lockdep_));
    // release: pairs with take's acquire; without it the next owner could miss this section's stores.
    owner_.store(0, std::memory_order_release);
  }

  // Wait-free. Any context.
  [[nodiscard]] bool held_by_this_thread() const noexcept RTSEQ_NONBLOCKING {
    // relaxed: a thread asks only about itself.
    return owner_.load(std::memory_order_relaxed) == detail::this_thread_id();
  }

 private:
  bool take() noexcept {
    detail::thread_id none = 0;
    // acquire: pairs with unlock's release; without it the section could read what was there before.
    return owner_.compare_exchange_strong(none, detail::this_thread_id(), std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }

  [[gnu::cold, gnu::noinline]] void lock_contended() noexcept RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (held_by_this_thread()) {
      detail::fatal_violation(violation::self_deadlock, "spinlock: locked again by its owner", this);
    }
    detail::backoff backoff;
    for (unsigned pauses = 1; !take();) {
      // relaxed: only a hint; take orders.
      while (owner_.load(std::memory_order_relaxed) != 0) {
        if (pauses < max_pauses) {
          for (unsigned i = 0; i < pauses; ++i) detail::cpu_relax();
          pauses *= 2;
        } else {
          backoff.pause();
        }
      }
    }
  }

  static constexpr unsigned max_pauses = 256;
#if RTSEQ_LOCKDEP
  static constexpr detail::lockdep::type_info lockdep_type =
      detail::lockdep::bare_type<false, false, false, true>;
  detail::lockdep::map lockdep_;
#endif
  detail::atomic<detail::thread_id> owner_{0};
};

}  // namespace rtseq

#endif
