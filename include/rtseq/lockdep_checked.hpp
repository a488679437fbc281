// Any lock, seen by lockdep: checked<std::mutex>, checked<absl::Mutex>, checked<pthread_mutex_t>.
//
//   rtseq::lockdep::checked<std::mutex> console;     // in place of std::mutex; std::lock_guard and its like fit
//
// rtseq's own locks, seqlocks and values need no adapter. Without RTSEQ_LOCKDEP=1 it is the lock and nothing else:
// same size, same code. Needs the lock's own header (rtseq/lock/…), or a lock_traits for a lock of one's own.
#ifndef RTSEQ_LOCKDEP_CHECKED_HPP
#define RTSEQ_LOCKDEP_CHECKED_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/violation.hpp>

namespace rtseq::lockdep {

template <writer_lock Lock>
class RTSEQ_CAPABILITY("mutex") checked {
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

}  // namespace rtseq::lockdep

#endif
