// absl::Mutex as a writer lock: seqlock<task_context, absl::Mutex>.
//
// For code that lives with Abseil's deadlock detection and annotations. Nothing boosts its owner: a reader of
// higher priority that finds the count odd backs off to the scheduler. Not for signal handlers.
// Needs absl::synchronization (link absl::synchronization).
#ifndef RTSEQ_LOCK_ABSL_MUTEX_HPP
#define RTSEQ_LOCK_ABSL_MUTEX_HPP

#include <rtseq/detail/tsan.hpp>
#include <rtseq/lock/traits.hpp>

#include <absl/synchronization/mutex.h>

namespace rtseq {

using absl_mutex = absl::Mutex;

template <>
struct lock_traits<absl::Mutex> {
  static constexpr bool excludes = true;
  static constexpr bool sleeps = true;
  static constexpr bool boosts_owner = false;
  static constexpr bool robust = false;
  static constexpr bool process_shared = false;

  // A packaged Abseil is built without ThreadSanitizer's instrumentation, so its order is told here.
  static void lock(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    lock.Lock();
    detail::tsan_acquire(&lock);
  }
  [[nodiscard]] static bool try_lock(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (!lock.TryLock()) return false;
    detail::tsan_acquire(&lock);
    return true;
  }
  static void unlock(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    detail::tsan_release(&lock);
    lock.Unlock();
  }

  // For readers: lockdep checked<absl::Mutex>.
  static void lock_shared(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    lock.ReaderLock();
    detail::tsan_acquire(&lock);
  }
  [[nodiscard]] static bool try_lock_shared(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (!lock.ReaderTryLock()) return false;
    detail::tsan_acquire(&lock);
    return true;
  }
  static void unlock_shared(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    detail::tsan_release(&lock);
    lock.ReaderUnlock();
  }
};
static_assert(writer_lock<absl_mutex>);

}  // namespace rtseq

#endif
