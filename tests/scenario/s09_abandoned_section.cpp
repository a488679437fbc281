// A writer never ends its section: an exception, a cancelled thread, a killed process.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/guards.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <new>
#include <stdexcept>
#include <thread>

namespace {

// A T that a forked child shares.
template <class T>
class shared_with_child {
 public:
  shared_with_child()
      : memory_{::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)},
        object_{memory_ != MAP_FAILED ? new (memory_) T : nullptr} {}
  ~shared_with_child() {
    if (object_ != nullptr) ::munmap(memory_, sizeof(T));
  }
  shared_with_child(const shared_with_child&) = delete;
  shared_with_child& operator=(const shared_with_child&) = delete;
  T* operator->() const { return object_; }

 private:
  void* memory_;
  T* object_;
};

template <class F>
bool killed_in(F work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
         WTERMSIG(status) == SIGKILL;
}

struct counted_words {
  naive::seqcount count;
  pair_of_words data;
};
struct latched_words {
  rtseq::seqcount_latch latch;
  pair_of_words data[2];
};

TEST_F(scenario, S09_abandoned_section) {
  naive::seqcount thrown;
  try {
    thrown.write_begin();
    throw std::runtime_error("in a section");
  } catch (const std::runtime_error&) {}
  naive_fails(!thrown.read_begin(), "an exception left the count odd: readers gave up");
  const shared_with_child<counted_words> counted;
  ASSERT_TRUE(killed_in([&] {
    counted->count.write_begin();
    counted->data.a = 2;
    ::raise(SIGKILL);
  }));
  naive_fails(!counted->count.read_begin(), "so did a SIGKILL of the writing process");
  static naive::seqcount jumped_over;
  static std::jmp_buf outside;
  if (setjmp(outside) == 0) {
    jumped_over.write_begin();
    std::longjmp(outside, 1);
  }
  naive_fails(!jumped_over.read_begin(), "and a longjmp out of the section");

  rtseq::seqlock<> lock;
  const auto usable = [&] { return lock.try_read([] {}); };
  try {
    const rtseq::write_guard section{lock};
    throw std::runtime_error("in a section");
  } catch (const std::runtime_error&) {}
  const bool after_exception = usable();
  std::thread cancelled([&] {
    const rtseq::write_guard section{lock};
    ::pthread_cancel(::pthread_self());
    ::pthread_testcancel();
  });
  cancelled.join();
  rtseq_holds(after_exception && usable(), "guards end the section: after an exception and a cancellation");
  rtseq_holds(
      contains(report_of([] {
                 rtseq::seqlock<> abandoned;
                 std::thread([&]() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { abandoned.write_lock(); }).join();
                 (void)abandoned.read_begin();
               }),
               "its owner no longer exists"),
      "a writer thread that ended without them is reported to the next reader (owner_died)");
  const shared_with_child<latched_words> latched;
  ASSERT_TRUE(killed_in([&] {
    latched->latch.write_latch_begin();
    latched->data[0].a = 2;
    ::raise(SIGKILL);
  }));
  const rtseq::read_token token = latched->latch.read_latch();
  const pair_value read = latched->data[latched->latch.index(token)].load();
  rtseq_holds(read.is(1) && !latched->latch.read_retry(token),
              "two copies (seqcount_latch): in one pass a reader had the last whole value after SIGKILL in "
              "mid-write; robust writers in shared memory: later; a longjmp passes by the guards: not seen");
}

}  // namespace
