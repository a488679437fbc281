// What the real-time cases are made of: threads of fixed priority on one CPU, semaphores between them, the
// monotonic clock, work of a fixed length, and a watchdog.
//
// All threads of a case share one CPU, where the runnable thread of the highest priority runs. Who wakes whom
// is therefore the whole schedule: there is one order, and no luck in it.
#ifndef RTSEQ_TESTS_RT_ACTORS_HPP
#define RTSEQ_TESTS_RT_ACTORS_HPP

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rtseq::rt {

// SCHED_FIFO priorities.
inline constexpr int watchdog_priority = 90;
inline constexpr int reader_priority = 50;
inline constexpr int hog_priority = 30;
inline constexpr int writer_priority = 10;
inline constexpr int holder_priority = 5;

inline std::int64_t nanoseconds(clockid_t clock) noexcept {
  timespec now;
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
inline std::int64_t now() noexcept { return nanoseconds(CLOCK_MONOTONIC); }
// The caller's own running time: it stands still while the thread is preempted.
inline std::int64_t own_time() noexcept { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

// How often the calling thread has given up the processor of its own accord.
inline long sleeps() noexcept {
  rusage used;
  ::getrusage(RUSAGE_THREAD, &used);
  return used.ru_nvcsw;
}

// Work that always takes the same number of instructions.
inline void work(unsigned rounds) noexcept {
  for (unsigned i = 0; i < rounds; ++i) __asm__ __volatile__("");
}

class semaphore {
 public:
  semaphore() noexcept { ::sem_init(&semaphore_, 0, 0); }
  ~semaphore() { ::sem_destroy(&semaphore_); }
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  void post() noexcept { ::sem_post(&semaphore_); }
  void wait() noexcept {
    while (::sem_wait(&semaphore_) != 0) {}
  }
  // False: nobody posted until `end` of the monotonic clock, in ns.
  bool wait_until(std::int64_t end) noexcept {
    const timespec when{static_cast<time_t>(end / 1'000'000'000), static_cast<long>(end % 1'000'000'000)};
    while (::sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &when) != 0) {
      if (errno != EINTR) return false;
    }
    return true;
  }

 private:
  sem_t semaphore_;
};

// Null, or why threads cannot have these priorities here.
const char* why_no_priorities();

// Makes the calling thread one of SCHED_DEADLINE, which runs before all of SCHED_FIFO: 10 ms in each 20. Null, or why
// it cannot be.
const char* run_by_deadline();
// The same of a thread as actors are.
const char* why_no_deadlines();

// A thread of SCHED_FIFO on the last CPU that this process may use; joined where the object ends.
class actor {
 public:
  actor(int priority, std::function<void()> body);
  ~actor() { ::pthread_join(thread_, nullptr); }
  actor(const actor&) = delete;
  actor& operator=(const actor&) = delete;

  void send(int signo) noexcept { ::pthread_kill(thread_, signo); }

 private:
  std::function<void()> body_;
  pthread_t thread_;
};

// Raises a flag after `limit` ns unless it ends before. It stops readers that would spin for ever.
class watchdog {
 public:
  explicit watchdog(std::int64_t limit) : limit_{limit}, thread_{watchdog_priority, [this] { watch(); }} {}
  ~watchdog() { over_.post(); }

  // relaxed: a flag that orders nothing.
  bool barked() const noexcept { return barked_.load(std::memory_order_relaxed); }

 private:
  void watch();

  std::int64_t limit_;
  std::atomic<bool> barked_{false};
  semaphore over_;
  actor thread_;
};

}  // namespace rtseq::rt

#endif
