#include "actors.hpp"

#include <errno.h>
#include <string.h>

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
