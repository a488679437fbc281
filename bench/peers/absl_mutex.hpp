// absl::Mutex with the names of std::shared_mutex.
#ifndef RTSEQ_BENCH_PEERS_ABSL_MUTEX_HPP
#define RTSEQ_BENCH_PEERS_ABSL_MUTEX_HPP

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

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

}  // namespace rtseq::bench

#endif
