// pthread_rwlock_t with the names of std::shared_mutex.
#ifndef RTSEQ_BENCH_PEERS_PTHREAD_RWLOCK_HPP
#define RTSEQ_BENCH_PEERS_PTHREAD_RWLOCK_HPP

#include <pthread.h>

namespace rtseq::bench {

class pthread_rwlock {
 public:
  pthread_rwlock() = default;
  ~pthread_rwlock() { pthread_rwlock_destroy(&lock_); }
  pthread_rwlock(const pthread_rwlock&) = delete;
  pthread_rwlock& operator=(const pthread_rwlock&) = delete;

  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_ = PTHREAD_RWLOCK_INITIALIZER;
};

}  // namespace rtseq::bench

#endif
