// What the library needs to know of the thread that runs it: its id, and how to wait politely.
#ifndef RTSEQ_DETAIL_THREAD_HPP
#define RTSEQ_DETAIL_THREAD_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>

#if !defined(RTSEQ_ATOMIC_PROVIDER)

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

// A thread-local variable, zero at first, that a signal handler may touch first: it lies in the thread's
// static block, so no access allocates or calls. The type must be trivial. Visible whatever -fvisibility says: a program
// and its shared libraries have one of each, if the program exports it or both link a shared library that has it.
#define RTSEQ_THREAD_LOCAL(type, name) \
  [[gnu::tls_model("initial-exec"), gnu::visibility("default")]] inline constinit thread_local type name {}

namespace rtseq::detail {

// A kernel thread id; 0 means none.
using thread_id = std::uint32_t;

RTSEQ_THREAD_LOCAL(thread_id, cached_thread_id);

// After a fork the child's only thread has an id of its own.
inline const int forget_thread_id_in_child = ::pthread_atfork(nullptr, nullptr, [] { cached_thread_id = 0; });

[[gnu::cold, gnu::noinline]] inline thread_id fetch_thread_id() noexcept {
  cached_thread_id = static_cast<thread_id>(::syscall(SYS_gettid));
  return cached_thread_id;
}

// The caller's id. Wait-free; one system call a thread, then a thread-local load. Any context.
RTSEQ_TRUST_NONBLOCKING_BEGIN
inline thread_id this_thread_id() noexcept RTSEQ_NONBLOCKING {
  const thread_id id = cached_thread_id;
  return id != 0 ? id : fetch_thread_id();
}
RTSEQ_TRUST_NONBLOCKING_END

// Tells the core that this is a spin loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
  __asm__ __volatile__("yield");
#elif defined(__riscv)
  __asm__ __volatile__(".insn i 0x0F, 0, x0, x0, 0x010");  // pause (Zihintpause)
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

// A reader's pause before it looks at a count again that a writer has changed. Each look takes the cache line from the
// writer, and with it the time in which the writer would be done: looked at less often, both get more done.
inline void look_away() noexcept {
  for (int i = 0; i < 8; ++i) cpu_relax();
}

// Waits without a lock to wait on: gives the processor away, first to equals, then, by sleeping, to
// threads of lower priority too. A yield alone lets a real-time spinner starve the one it waits for.
class backoff {
 public:
  [[gnu::cold, gnu::noinline]] void pause() noexcept {
    const int saved_errno = errno;  // a handler may wait here
    if (rounds_ < yields) {
      ++rounds_;
      ::sched_yield();
    } else {
      // Not clock_nanosleep(): that is a cancellation point, and a thread that waits here cannot unwind.
      // SYS_clock_nanosleep takes a time of two words everywhere.
      const long nap[] = {0, nap_ns};
      ::syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, nap, nullptr);
    }
    errno = saved_errno;
  }

 private:
  static constexpr unsigned yields = 16;
  static constexpr long nap_ns = 50'000;
  unsigned rounds_ = 0;
};

}  // namespace rtseq::detail

#endif
#endif
