// What does it cost to lock and unlock, uncontended? The program has two threads: with one alone glibc's locks leave out
// the atomic instructions.
#include <oneapi/tbb/spin_rw_mutex.h>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>

#include <mutex>
#include <shared_mutex>

#include "peers/absl_mutex.hpp"
#include "peers/pthread_rwlock.hpp"
#include "support.hpp"

namespace rtseq::bench {
namespace {

// A POSIX mutex with priority inheritance.
class pthread_pi_mutex {
 public:
  pthread_pi_mutex() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&mutex_, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  ~pthread_pi_mutex() { pthread_mutex_destroy(&mutex_); }
  pthread_pi_mutex(const pthread_pi_mutex&) = delete;
  pthread_pi_mutex& operator=(const pthread_pi_mutex&) = delete;
  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_;
};

template <class SharedMutex>
class readers_of {
 public:
  using thread_scope = thread_scope_of<SharedMutex>;

  void lock() { mutex_.lock_shared(); }
  void unlock() { mutex_.unlock_shared(); }

 private:
  SharedMutex mutex_;
};

template <class Lock>
void lock_cost(benchmark::State& state) {
  alignas(page) static Lock object;
  [[maybe_unused]] const thread_scope_of<Lock> scope;
  Lock* const lock = hidden(&object);
  for (auto _ : state) {
    const std::lock_guard guard{*lock};
    benchmark::ClobberMemory();
  }
}

const bool registered = [] {
  const std::tuple locks{
      candidate<pi_mutex>{"pi_mutex"},
      candidate<spinlock>{"spinlock"},
      candidate<std::mutex>{"std_mutex"},
      candidate<pthread_pi_mutex>{"pthread_pi_mutex"},
      candidate<std::shared_mutex>{"std_shared_mutex"},
      candidate<readers_of<std::shared_mutex>>{"std_shared_mutex_readers"},
      candidate<pthread_rwlock>{"pthread_rwlock"},
      candidate<readers_of<pthread_rwlock>>{"pthread_rwlock_readers"},
      candidate<absl_mutex>{"absl_mutex"},
      candidate<readers_of<absl_mutex>>{"absl_mutex_readers"},
      candidate<readers_of<absl_mutex_unchecked>>{"absl_mutex_readers_unchecked"},
      candidate<tbb::spin_rw_mutex>{"tbb_spin_rw_mutex"},
      candidate<readers_of<tbb::spin_rw_mutex>>{"tbb_spin_rw_mutex_readers"},
  };
  for_each(locks, []<class Lock>(const candidate<Lock>& c) {
    benchmark::RegisterBenchmark(("lock/" + c.name).c_str(), lock_cost<Lock>);
  });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
