#include "watched.hpp"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>

namespace {

constexpr unsigned max_calls = 16;
struct trace {
  long calls[2][max_calls];
  unsigned number[2];
  unsigned run;
  unsigned allocations;
  unsigned locks;
  long faults;
  bool complete;
};

// All of this is the watched process's, and that one's watched thread's.
volatile bool watching = false;
trace* seen = nullptr;
long own_id = 0;
const std::function<void()>* to_run = nullptr;
bool locked = false;

}  // namespace

// ---- The C library's, counted while a thread is watched. A sanitizer has its own.

#if !defined(RTSEQ_RT_SANITIZED)
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

void* malloc(size_t size) {
  if (watching) ++seen->allocations;
  return __libc_malloc(size);
}
void* calloc(size_t number, size_t size) {
  if (watching) ++seen->allocations;
  return __libc_calloc(number, size);
}
void* realloc(void* old, size_t size) {
  if (watching) ++seen->allocations;
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  if (watching) ++seen->allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** result, size_t alignment, size_t size) {
  if (watching) ++seen->allocations;
  *result = __libc_memalign(alignment, size);
  return *result != nullptr ? 0 : ENOMEM;
}
void free(void* old) {
  if (watching && old != nullptr) ++seen->allocations;
  __libc_free(old);
}

// Locks that are had without the kernel, which sees only those who wait. A condition variable's it always sees.
#define COUNT_LOCK(name, parameters, ...)                                                        \
  int name parameters {                                                                          \
    if (watching) ++seen->locks;                                                                 \
    static const auto original = reinterpret_cast<int(*) parameters>(::dlsym(RTLD_NEXT, #name)); \
    return original(__VA_ARGS__);                                                                \
  }
COUNT_LOCK(pthread_mutex_lock, (pthread_mutex_t * it), it)
COUNT_LOCK(pthread_mutex_timedlock, (pthread_mutex_t * it, const timespec* at), it, at)
COUNT_LOCK(pthread_mutex_clocklock, (pthread_mutex_t * it, clockid_t of, const timespec* at), it, of, at)
COUNT_LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * it), it)
COUNT_LOCK(pthread_rwlock_timedrdlock, (pthread_rwlock_t * it, const timespec* at), it, at)
COUNT_LOCK(pthread_rwlock_clockrdlock, (pthread_rwlock_t * it, clockid_t of, const timespec* at), it, of, at)
COUNT_LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * it), it)
COUNT_LOCK(pthread_rwlock_timedwrlock, (pthread_rwlock_t * it, const timespec* at), it, at)
COUNT_LOCK(pthread_rwlock_clockwrlock, (pthread_rwlock_t * it, clockid_t of, const timespec* at), it, of, at)
COUNT_LOCK(pthread_spin_lock, (pthread_spinlock_t * it), it)
COUNT_LOCK(sem_wait, (sem_t * it), it)
COUNT_LOCK(sem_timedwait, (sem_t * it, const timespec* at), it, at)
COUNT_LOCK(sem_clockwait, (sem_t * it, clockid_t of, const timespec* at), it, of, at)
}
#endif

namespace rtseq::rt {
namespace {

// A system call that was not made: it is noted, and its result made up.
void on_system_call(int, siginfo_t* info, void* context) {
  const long number = info->si_syscall;
  unsigned& n = seen->number[seen->run];
  if (n < max_calls) seen->calls[seen->run][n++] = number;
  const long result = number == SYS_gettid ? own_id : 0;
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  machine.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
  machine.regs[0] = static_cast<unsigned long long>(result);
#else
  (void)machine;
  (void)result;
#endif
}

bool trap_system_calls() {
  constexpr auto allow = [](unsigned number, unsigned char skip) {
    return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, skip, 0);
  };
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      allow(SYS_exit_group, 3),
      allow(SYS_getrusage, 2),
      allow(SYS_rt_sigreturn, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{sizeof program / sizeof program[0], program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

long faults() {
  rusage used;
  ::getrusage(RUSAGE_THREAD, &used);
  return used.ru_minflt + used.ru_majflt;
}

// Async-signal-safe but for what it runs. Does not return.
void run_watched() {
  own_id = ::syscall(SYS_gettid);
  if (!trap_system_calls()) ::_exit(2);
  const long faults_before = faults();
  for (seen->run = 0; seen->run < 2; ++seen->run) {
    watching = true;
    (*to_run)();
    watching = false;
  }
  seen->faults = locked ? faults() - faults_before : -1;
  seen->complete = true;
  ::_exit(0);
}

void handle(int signo, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(signo, &action, nullptr);
}

struct thread_of_its_own {
  const std::function<void()>& before;
  place where;
};
void* start(void* argument) {
  const auto& it = *static_cast<thread_of_its_own*>(argument);
  if (it.before) it.before();
  if (it.where == place::handler) ::raise(SIGUSR1);
  run_watched();
  return nullptr;
}

[[noreturn]] void child(const std::function<void()>& meanwhile, const std::function<void()>& before,
                        place where) {
  ::alarm(20);
  handle(SIGSYS, on_system_call);
  handle(SIGUSR1, [](int, siginfo_t*, void*) { run_watched(); });
  locked = ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
  if (meanwhile) meanwhile();
  thread_of_its_own it{before, where};
  pthread_attr_t how;
  ::pthread_attr_init(&how);
  ::pthread_attr_setstacksize(&how, 256 * 1024);
  pthread_t thread;
  if (::pthread_create(&thread, &how, start, &it) != 0) ::_exit(3);
  for (;;) ::pause();
}

trace& shared_trace() {
  static trace& all = *static_cast<trace*>(
      ::mmap(nullptr, sizeof(trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return all;
}

}  // namespace

watched watch(const std::function<void()>& run, const std::function<void()>& meanwhile,
              const std::function<void()>& before, place where) {
  seen = &shared_trace();
  *seen = {};
  to_run = &run;
  const pid_t process = ::fork();
  if (process == 0) child(meanwhile, before, where);
  int status = 0;
  ::waitpid(process, &status, 0);

  watched result;
  const auto calls_of = [](unsigned i) {
    return std::vector<long>(seen->calls[i], seen->calls[i] + seen->number[i]);
  };
  result.first = calls_of(0);
  result.second = calls_of(1);
  result.allocations = seen->allocations;
  result.locks = seen->locks;
  result.faults = seen->faults;
  if (WIFSIGNALED(status)) {
    result.trouble = WTERMSIG(status) == SIGALRM ? "it did not come back" : ::strsignal(WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    result.trouble = "exit status " + std::to_string(WEXITSTATUS(status));
  } else if (!seen->complete) {
    result.trouble = "it ended the process";
  }
  return result;
}

const char* why_not_watch() {
#if defined(RTSEQ_RT_SANITIZED)
  return "a sanitizer's runtime allocates and enters the kernel on its own";
#elif !defined(__x86_64__) && !defined(__aarch64__)
  return "system calls are trapped on x86-64 and AArch64 only";
#else
  static const bool can = watch([] {}, {}, {}, place::task).trouble.empty();
  return can ? nullptr : "system calls cannot be trapped here (seccomp)";
#endif
}

}  // namespace rtseq::rt
