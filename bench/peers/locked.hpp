// A value under a lock: readers lock as writers do, or share where the lock lets them.
#ifndef RTSEQ_BENCH_PEERS_LOCKED_HPP
#define RTSEQ_BENCH_PEERS_LOCKED_HPP

#include <mutex>
#include <shared_mutex>

#include "../support.hpp"

namespace rtseq::bench {

template <class T, class Mutex>
class locked {
 public:
  T load() const {
    const std::lock_guard guard{mutex_};
    return value_;
  }
  void store(const T& value) {
    const std::lock_guard guard{mutex_};
    value_ = value;
  }

 private:
  mutable Mutex mutex_;
  T value_{};
};

template <class T, class SharedMutex>
class read_locked {
 public:
  using thread_scope = thread_scope_of<SharedMutex>;

  T load() const {
    const std::shared_lock guard{mutex_};
    return value_;
  }
  void store(const T& value) {
    const std::lock_guard guard{mutex_};
    value_ = value;
  }

 private:
  mutable SharedMutex mutex_;
  T value_{};
};

}  // namespace rtseq::bench

#endif
