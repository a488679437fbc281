// absl::Mutex with the names of std::shared_mutex.
#ifndef RTSEQ_BENCH_PEERS_ABSL_MUTEX_HPP
#define RTSEQ_BENCH_PEERS_ABSL_MUTEX_HPP

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <atomic>

namespace rtseq::bench {

class absl_mutex {
 public:
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }
  void lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderLock(); }
  void unlock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderUnlock(); }

 private:
  absl::Mutex mutex_;
};

// Without deadlock detection, which packages built with asserts have on. The mode is the process's: it is off while a
// thread owns a scope. The threads of a contest own theirs before any begins, so it does not change while they lock.
class absl_mutex_unchecked : public absl_mutex {
 public:
  class thread_scope {
   public:
    thread_scope() {
      if (owned++ == 0) absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    }
    ~thread_scope() {
      if (--owned == 0) absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kAbort);  // as it was
    }
    thread_scope(const thread_scope&) = delete;
    thread_scope& operator=(const thread_scope&) = delete;

   private:
    inline static std::atomic<unsigned> owned{0};
  };
};

}  // namespace rtseq::bench

#endif
