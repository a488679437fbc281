#include "actors.hpp"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace rtseq::rt {
namespace {

void* run(void* body) {
  (*static_cast<std::function<void()>*>(body))();
  return nullptr;
}

// 0, or an errno.
int start(pthread_t& thread, int priority, std::function<void()>& body) {
  cpu_set_t allowed;
  cpu_set_t one;
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
  ::pthread_attr_setstacksize(&how, 256 * 1024);  // it is locked in memory, and so made, in whole
  const int error = ::pthread_create(&thread, &how, run, &body);
  ::pthread_attr_destroy(&how);
  return error;
}

}  // namespace

const char* why_no_priorities() {
  static const std::string reason = [] {
    pthread_t thread;
    std::function<void()> nothing = [] {};
    if (const int error = start(thread, watchdog_priority, nothing)) {
      return std::string("no thread with SCHED_FIFO: ") + ::strerror(error);
    }
    ::pthread_join(thread, nullptr);
    return std::string();
  }();
  return reason.empty() ? nullptr : reason.c_str();
}

const char* run_by_deadline() {
  struct {  // struct sched_attr, which the C library does not know
    std::uint32_t size = sizeof(*this);
    std::uint32_t policy = 6;  // SCHED_DEADLINE
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 10'000'000;  // ns
    std::uint64_t deadline = 20'000'000;
    std::uint64_t period = 20'000'000;
  } how;
  if (::syscall(SYS_sched_setattr, 0, &how, 0) == 0) return nullptr;
  // EPERM: the kernel wants such a thread to be allowed on all CPUs, and actors are bound to one.
  return errno == EPERM ? "no SCHED_DEADLINE for a thread that is bound to one of several CPUs"
                        : ::strerror(errno);
}

const char* why_no_deadlines() {
  static const char* const reason = [] {
    const char* why = nullptr;
    {
      actor thread(watchdog_priority, [&] { why = run_by_deadline(); });
    }
    return why;
  }();
  return reason;
}

actor::actor(int priority, std::function<void()> body) : body_{std::move(body)} {
  if (const int error = start(thread_, priority, body_)) {
    std::fprintf(stderr, "no thread of priority %d: %s\n", priority, ::strerror(error));
    std::abort();
  }
}

void watchdog::watch() {
  if (!over_.wait_until(now() + limit_)) barked_.store(true, std::memory_order_relaxed);
}

}  // namespace rtseq::rt
