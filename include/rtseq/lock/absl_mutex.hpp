// absl::Mutex as a writer lock: seqlock<task_context, absl::Mutex>.
//
// For code that lives with Abseil's deadlock detection and annotations. Nothing boosts its owner: a reader of
// higher priority that finds the count odd backs off to the scheduler. Not for signal handlers.
// Needs absl::synchronization (link absl::synchronization).
#ifndef RTSEQ_LOCK_ABSL_MUTEX_HPP
#define RTSEQ_LOCK_ABSL_MUTEX_HPP

#include <rtseq/lock/traits.hpp>

#include <absl/synchronization/mutex.h>

namespace rtseq {

using absl_mutex = absl::Mutex;

template <>
struct lock_traits<absl::Mutex> {
  static constexpr bool sleeps = true;
  static constexpr bool boosts_owner = false;
  static constexpr bool robust = false;
  static constexpr bool process_shared = false;

  static void lock(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.Lock(); }
  [[nodiscard]] static bool try_lock(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    return lock.TryLock();
  }
  static void unlock(absl::Mutex& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.Unlock(); }
};
static_assert(writer_lock<absl_mutex>);

}  // namespace rtseq

#endif
