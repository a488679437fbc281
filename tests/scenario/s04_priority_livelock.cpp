// A writer (FIFO 10) is preempted in mid-write by a reader (FIFO 50) on the same CPU. A third thread (FIFO 30)
// tells a lock that lends priority from one that does not. All three are pinned to one CPU, where the runnable
// thread of the highest priority runs: the order below is the only one.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/seqlock.hpp>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

namespace {

struct three_priorities {
  std::function<void()> write_begin, write_end;  // of the writer
  std::function<bool()> read;                    // of the reader; false: it gave up

  sem_t ready, reader_goes, third_goes;
  std::atomic<bool> third_ran{false};
  bool through = false, third_ran_first = false;
};

void* writer(void* argument) {
  auto& it = *static_cast<three_priorities*>(argument);
  ::sem_wait(&it.ready), ::sem_wait(&it.ready);
  it.write_begin();
  ::sem_post(&it.reader_goes);  // preempted here
  it.write_end();
  return nullptr;
}
void* reader(void* argument) {
  auto& it = *static_cast<three_priorities*>(argument);
  ::sem_post(&it.ready), ::sem_wait(&it.reader_goes);
  ::sem_post(&it.third_goes);  // from now on it runs whenever the reader does not
  it.through = it.read();
  it.third_ran_first = it.third_ran;
  return nullptr;
}
void* third(void* argument) {
  auto& it = *static_cast<three_priorities*>(argument);
  ::sem_post(&it.ready), ::sem_wait(&it.third_goes);
  it.third_ran = true;
  return nullptr;
}

// 0, or an errno.
int start(pthread_t& thread, int priority, void* (*body)(void*), three_priorities& argument) {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return errno;
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && CPU_COUNT(&one) == 0; --cpu) {
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
  }
  sched_param parameters{};
  parameters.sched_priority = priority;
  pthread_attr_t how;
  ::pthread_attr_init(&how);
  ::pthread_attr_setinheritsched(&how, PTHREAD_EXPLICIT_SCHED);
  ::pthread_attr_setschedpolicy(&how, SCHED_FIFO);
  ::pthread_attr_setschedparam(&how, &parameters);
  ::pthread_attr_setaffinity_np(&how, sizeof one, &one);
  const int error = ::pthread_create(&thread, &how, body, &argument);
  ::pthread_attr_destroy(&how);
  return error;
}

int run_once(three_priorities& it) {
  for (sem_t* s : {&it.ready, &it.reader_goes, &it.third_goes}) ::sem_init(s, 0, 0);
  pthread_t threads[3];
  if (const int error = start(threads[0], 50, reader, it)) return error;
  const int error = start(threads[1], 30, third, it);
  EXPECT_EQ(error, 0);
  EXPECT_EQ(start(threads[2], 10, writer, it), 0);
  for (pthread_t thread : threads) ::pthread_join(thread, nullptr);
  for (sem_t* s : {&it.ready, &it.reader_goes, &it.third_goes}) ::sem_destroy(s);
  return 0;
}

// The second run counts: in a first one the reader may sleep until the kernel has a page of code from the disk.
int run(three_priorities& it) {
  if (const int error = run_once(it)) return error;
  it.through = it.third_ran_first = it.third_ran = false;
  return run_once(it);
}

TEST_F(scenario, S04_priority_livelock) {
  naive::seqcount count;
  const auto begin = [&] { count.write_begin(); };
  const auto end = [&] { count.write_end(); };
  const auto spin = [&] { return count.read_begin().has_value(); };
  three_priorities spinning{begin, end, spin, {}, {}, {}};
  if (const int error = run(spinning)) {
    const std::string why = std::string("no thread with SCHED_FIFO: ") + ::strerror(error);
    skip(why);
    GTEST_SKIP() << why;
  }
  naive_fails(!spinning.through, "the reader spun above the writer that it had preempted: gave up after " +
                                     std::to_string(naive::budget) + " spins");

  const auto yield = [&] {
    for (int i = 0; i < 100; ++i, ::sched_yield()) {
      if (count.read_begin(1)) return true;
    }
    return false;
  };
  three_priorities yielding{begin, end, yield, {}, {}, {}};
  ASSERT_EQ(run(yielding), 0);
  naive_fails(!yielding.through, "sched_yield did not help: gave up after 100");

  std::mutex mutex;
  three_priorities plain_mutex{[&] { mutex.lock(); },
                               [&] { mutex.unlock(); },
                               [&] { return mutex.lock(), mutex.unlock(), true; },
                               {},
                               {},
                               {}};
  ASSERT_EQ(run(plain_mutex), 0);
  naive_fails(plain_mutex.third_ran_first, "with a plain mutex it waited for an unrelated thread of FIFO 30");

  rtseq::seqlock<> lock;
  pair_of_words data;
  const auto locked = [&]() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.write_lock(), data.a = 2; };
  const auto unlocked = [&]() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { data.b = 2, lock.write_unlock(); };
  const auto read = [&] { return lock.read([&] { return data.load(); }).is(2); };
  three_priorities boosting{locked, unlocked, read, {}, {}, {}};
  ASSERT_EQ(run(boosting), 0);
  rtseq_holds(
      boosting.through && !boosting.third_ran_first,
      "the reader waits by the writer's priority-inheriting lock: the writer ran at FIFO 50, ended its "
      "section, and the reader had the value before FIFO 30 ran at all");
}

}  // namespace
