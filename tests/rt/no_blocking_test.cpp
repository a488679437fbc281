// Nothing hidden blocks: every operation of the list, on a thread and in a handler that never used the library
// before, with all system calls trapped and allocations, mutexes and page faults counted.
#include "operations.hpp"
#include "watched.hpp"

#include <gtest/gtest.h>

#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <vector>

namespace rtseq::rt {
namespace {

std::vector<long> numbers(const std::vector<call>& calls, bool first) {
  std::vector<long> result;
  for (const call c : calls) {
    if (c == call::sigmask) result.push_back(SYS_rt_sigprocmask);
    if (c == call::gettid && first) result.push_back(SYS_gettid);
  }
  return result;
}

// The system may move a page that is locked in memory, now and then; what an operation does, it does each time.
watched watch_until_undisturbed(const operation& it, place where) {
  watched seen;
  for (int tries = 0; tries < 3; ++tries) {
    seen = watch(it.run, it.meanwhile, it.before, where);
    if (seen.faults <= 0) break;
  }
  return seen;
}

void check_all(place where) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  const auto look_at_the_clock = [] {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
  };
  if (!watch(look_at_the_clock, {}, {}, where).first.empty())
    GTEST_SKIP() << "the clock is a system call here";
  bool faults_known = true;
  for (const operation& it : all_operations()) {
    if (!it.run) continue;
    SCOPED_TRACE(it.of + "::" + it.function + " (" + it.when + ")");
    const watched seen = watch_until_undisturbed(it, where);
    EXPECT_EQ(seen.trouble, "");
    EXPECT_EQ(seen.first, numbers(it.calls, true)) << "system calls of the first use on a thread";
    EXPECT_EQ(seen.second, numbers(it.calls, false)) << "system calls of the second";
    EXPECT_EQ(seen.allocations, 0u);
    EXPECT_EQ(seen.locks, 0u);
    EXPECT_LE(seen.faults, 0) << "page faults";
    faults_known = faults_known && seen.faults >= 0;
  }
  if (!faults_known)
    GTEST_SKIP() << "page faults are not checked, all else was: memory cannot be locked here";
}

TEST(NoBlocking, on_a_fresh_thread) { check_all(place::task); }
TEST(NoBlocking, in_a_handler_on_a_fresh_thread) { check_all(place::handler); }

// The watcher sees what it is there to see.
TEST(Watched, sees_system_calls_allocations_and_locks) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  static std::mutex mutex;
  static void* volatile memory = nullptr;
  const auto everything = [] {
    ::syscall(SYS_sched_yield);
    memory = std::malloc(1);
    std::free(memory);
    const std::lock_guard guard{mutex};
  };
  for (const place where : {place::task, place::handler}) {
    // A thread's first allocation makes it a heap of its own, in system calls that must not be faked.
    const watched seen = watch(
        everything, {},
        [] {
          memory = std::malloc(1);
          std::free(memory);
        },
        where);
    EXPECT_EQ(seen.trouble, "");
    EXPECT_EQ(seen.first, std::vector<long>{SYS_sched_yield});
    EXPECT_EQ(seen.second, std::vector<long>{SYS_sched_yield});
    EXPECT_EQ(seen.allocations, 4u);
    EXPECT_EQ(seen.locks, 2u);
  }
}

TEST(Watched, sees_every_lock_that_is_had_without_the_kernel) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  static constexpr timespec long_ago{};
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
  static pthread_spinlock_t spinlock;
  static sem_t semaphore;
  ::pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE);
  ::sem_init(&semaphore, 0, 3);
  const auto all = [] {
    ::pthread_mutex_lock(&mutex), ::pthread_mutex_unlock(&mutex);
    ::pthread_mutex_timedlock(&mutex, &long_ago), ::pthread_mutex_unlock(&mutex);
    ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &long_ago), ::pthread_mutex_unlock(&mutex);
    ::pthread_rwlock_rdlock(&rwlock), ::pthread_rwlock_unlock(&rwlock);
    ::pthread_rwlock_timedrdlock(&rwlock, &long_ago), ::pthread_rwlock_unlock(&rwlock);
    ::pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &long_ago), ::pthread_rwlock_unlock(&rwlock);
    ::pthread_rwlock_wrlock(&rwlock), ::pthread_rwlock_unlock(&rwlock);
    ::pthread_rwlock_timedwrlock(&rwlock, &long_ago), ::pthread_rwlock_unlock(&rwlock);
    ::pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &long_ago), ::pthread_rwlock_unlock(&rwlock);
    ::pthread_spin_lock(&spinlock), ::pthread_spin_unlock(&spinlock);
    ::sem_wait(&semaphore), ::sem_post(&semaphore);
    ::sem_timedwait(&semaphore, &long_ago), ::sem_post(&semaphore);
    ::sem_clockwait(&semaphore, CLOCK_MONOTONIC, &long_ago), ::sem_post(&semaphore);
  };
  const watched seen = watch(all, {}, {}, place::task);
  EXPECT_EQ(seen.trouble, "");
  EXPECT_EQ(seen.first, std::vector<long>{});
  EXPECT_EQ(seen.locks, 2u * 13);
}

TEST(Watched, sees_page_faults) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  // A page of a file that is mapped, but not in memory: the lock on all memory came before.
  static volatile char* fresh = nullptr;
  const watched seen =
      watch([] { fresh[0] = fresh[0]; }, {},
            [] {
              ::munlockall();
              fresh = static_cast<volatile char*>(
                  ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
            },
            place::task);
  EXPECT_EQ(seen.trouble, "");
  if (seen.faults < 0) GTEST_SKIP() << "memory cannot be locked here";
  EXPECT_GE(seen.faults, 1);
}

TEST(Watched, sees_that_something_does_not_come_back_or_dies) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  EXPECT_NE(watch([] { std::abort(); }, {}, {}, place::task).trouble, "");
  static volatile bool forever = true;
  const auto never_ends = [] {
    while (forever) {}
  };
  const auto impatiently = [] { ::alarm(1); };
  EXPECT_EQ(watch(never_ends, {}, impatiently, place::task).trouble, "it did not come back");
}

}  // namespace
}  // namespace rtseq::rt
