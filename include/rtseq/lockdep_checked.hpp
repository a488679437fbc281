// Any lock, seen by lockdep: checked<std::mutex>, checked<absl::Mutex>, checked<pthread_mutex_t>.
//
//   rtseq::lockdep::checked<std::mutex> console;     // in place of std::mutex; std::lock_guard and its like fit
//
// What the lock has beside lock(), its shared and timed forms, the adapter has too: checked<std::shared_mutex>,
// checked<std::timed_mutex>. Not for recursive locks: lockdep, as Linux's, knows none.
// rtseq's own locks, seqlocks and values need no adapter. Without RTSEQ_LOCKDEP=1 it is the lock and nothing else:
// same size, same code. Needs the lock's own header (rtseq/lock/…), or a lock_traits for a lock of one's own.
#ifndef RTSEQ_LOCKDEP_CHECKED_HPP
#define RTSEQ_LOCKDEP_CHECKED_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/violation.hpp>

#include <concepts>
#include <mutex>

namespace rtseq::lockdep {

// Of the adapter's optional forms: which does a lock have, as its own or by its lock_traits?
template <class Lock>
concept shared_lock_by_traits = requires(Lock& lock) {
  lock_traits<Lock>::lock_shared(lock);
};
template <class Lock>
concept lock_that_can_be_shared = shared_lock_by_traits<Lock> || requires(Lock& lock) {
  lock.lock_shared();
};

template <writer_lock Lock>
class RTSEQ_CAPABILITY("mutex") checked {
  static_assert(!std::same_as<Lock, std::recursive_mutex> && !std::same_as<Lock, std::recursive_timed_mutex>,
                "rtseq: lockdep knows no recursive locks: use a plain one, and split the function that locks "
                "again into one that locks and one that is called with the lock held");
  using traits = lock_traits<Lock>;

 public:
  static constexpr bool sleeps = traits::sleeps;
  static constexpr bool boosts_owner = traits::boosts_owner;
  static constexpr bool robust = traits::robust;
  static constexpr bool process_shared = traits::process_shared;

#if RTSEQ_LOCKDEP
  constexpr checked(RTSEQ_LOCKDEP_NAME) noexcept : lockdep_{lockdep_name, "lock", &lockdep_type} {}
  constexpr explicit checked(detail::lockdep::silent_t) noexcept {}
  detail::lockdep::map& lockdep_map() const noexcept { return lockdep_; }
  bool held_by_this_thread() const noexcept { return detail::lockdep::holds(lockdep_); }
#else
  constexpr checked() noexcept = default;
  constexpr checked(lockdep::name) noexcept {}
#endif
  checked(const checked&) = delete;
  checked& operator=(const checked&) = delete;

  // As the lock's own. Locking again is a reported error (violation::self_deadlock) where lockdep is on.
  void lock(RTSEQ_LOCKDEP_AT) RTSEQ_ACQUIRE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(acquire_once(lockdep_));
    traits::lock(lock_);
  }
  [[nodiscard]] bool try_lock(RTSEQ_LOCKDEP_AT) RTSEQ_TRY_ACQUIRE(true) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    if (!traits::try_lock(lock_)) return false;
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    return true;
  }
  void unlock() RTSEQ_RELEASE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HOOK(release(lockdep_));
    traits::unlock(lock_);
  }

  // The lock's own timed forms. A wait that ends is no deadlock: for lockdep they are tries.
  template <class Duration>
  requires requires(Lock& lock, const Duration& time) { lock.try_lock_for(time); }
  [[nodiscard]] bool try_lock_for(const Duration& time RTSEQ_LOCKDEP_AND_AT)
      RTSEQ_TRY_ACQUIRE(true) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    if (!lock_.try_lock_for(time)) return false;
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    return true;
  }
  template <class Time>
  requires requires(Lock& lock, const Time& end) { lock.try_lock_until(end); }
  [[nodiscard]] bool try_lock_until(const Time& end RTSEQ_LOCKDEP_AND_AT)
      RTSEQ_TRY_ACQUIRE(true) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    if (!lock_.try_lock_until(end)) return false;
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    return true;
  }

  // And its shared forms, for readers. For lockdep a reader is a waiter as any other: he waits behind the writer who
  // waits for the reader before him.
  void lock_shared(RTSEQ_LOCKDEP_AT) requires lock_that_can_be_shared<Lock> RTSEQ_ACQUIRE_SHARED()
  RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(acquire_shared(lockdep_));
    if constexpr (shared_lock_by_traits<Lock>) {
      traits::lock_shared(lock_);
    } else {
      lock_.lock_shared();
    }
  }
  [[nodiscard]] bool try_lock_shared(RTSEQ_LOCKDEP_AT) requires
      lock_that_can_be_shared<Lock> RTSEQ_TRY_ACQUIRE_SHARED(true)
  RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    if constexpr (shared_lock_by_traits<Lock>) {
      if (!traits::try_lock_shared(lock_)) return false;
    } else {
      if (!lock_.try_lock_shared()) return false;
    }
    RTSEQ_LOCKDEP_HOOK(acquired_shared(lockdep_));
    return true;
  }
  void unlock_shared() requires lock_that_can_be_shared<Lock> RTSEQ_RELEASE_SHARED()
  RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HOOK(release(lockdep_));
    if constexpr (shared_lock_by_traits<Lock>) {
      traits::unlock_shared(lock_);
    } else {
      lock_.unlock_shared();
    }
  }

  // For what only the lock itself can do, unseen.
  Lock& underlying() noexcept { return lock_; }

 private:
#if RTSEQ_LOCKDEP
  static constexpr detail::lockdep::type_info lockdep_type =
      detail::lockdep::bare_type<false, sleeps, boosts_owner, detail::lockdep::signal_safe<Lock>>;
  mutable detail::lockdep::map lockdep_;
#endif
  Lock lock_{};
};

// As std::lock_guard, whose place in a report is its own header's: this one's is that of its definition.
template <class Lock>
class [[nodiscard]] RTSEQ_SCOPED_CAPABILITY guard {
 public:
  explicit guard(Lock& lock RTSEQ_LOCKDEP_AND_AT) RTSEQ_ACQUIRE(lock) : lock_{lock} {
    RTSEQ_LOCKDEP_HERE;
    lock_.lock();
  }
  ~guard() RTSEQ_RELEASE() { lock_.unlock(); }
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;

 private:
  Lock& lock_;
};

// The same for a reader, as std::shared_lock.
template <class Lock>
class [[nodiscard]] RTSEQ_SCOPED_CAPABILITY shared_guard {
 public:
  explicit shared_guard(Lock& lock RTSEQ_LOCKDEP_AND_AT) RTSEQ_ACQUIRE_SHARED(lock) : lock_{lock} {
    RTSEQ_LOCKDEP_HERE;
    lock_.lock_shared();
  }
  ~shared_guard() RTSEQ_RELEASE() { lock_.unlock_shared(); }
  shared_guard(const shared_guard&) = delete;
  shared_guard& operator=(const shared_guard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace rtseq::lockdep

#endif
