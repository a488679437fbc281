// Signals blocked in the kernel. ThreadSanitizer delivers asynchronous signals late and merges equal ones, so no
// test counts them; what must never be seen is a handler inside a section.
#include <rtseq/context/signal.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/seqlock.hpp>

#include <errno.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support.hpp"

#if !defined(sigev_notify_thread_id)
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace {

using namespace std::chrono_literals;
using rtseq::signal_context;
using usr1_context = rtseq::basic_signal_context<rtseq::signals<SIGUSR1>>;

// Installs a handler for as long as it lives.
class installed {
 public:
  installed(int signo, void (*handler)(int), int flags = 0) : signo_(signo) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    EXPECT_EQ(::sigaction(signo, &action, &before_), 0);
  }
  ~installed() { ::sigaction(signo_, &before_, nullptr); }
  installed(const installed&) = delete;
  installed& operator=(const installed&) = delete;

 private:
  int signo_;
  struct sigaction before_ = {};
};

// Sends a signal to the thread that made it, `hz` times a second.
class timer {
 public:
  timer(int signo, long hz) {
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signo;
    event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
    EXPECT_EQ(::timer_create(CLOCK_MONOTONIC, &event, &id_), 0);
    const timespec period{0, 1'000'000'000 / hz};
    const itimerspec every{period, period};
    EXPECT_EQ(::timer_settime(id_, 0, &every, nullptr), 0);
  }
  ~timer() { ::timer_delete(id_); }
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

 private:
  timer_t id_{};
};

bool blocked(int signo) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return ::sigismember(&mask, signo) == 1;
}

thread_local std::atomic<int> calls{0};
void count(int) { calls.fetch_add(1, std::memory_order_relaxed); }

TEST(SignalContext, masks_all_but_synchronous_faults) {
  if (const char* why = rtseq::tests::why_not_block_all_signals()) GTEST_SKIP() << why;
  const auto flags = signal_context::save_and_disable();
  for (int signo : {SIGUSR1, SIGUSR2, SIGALRM, SIGINT, SIGTERM, SIGCHLD, SIGPIPE, SIGRTMIN, SIGRTMAX}) {
    EXPECT_TRUE(blocked(signo)) << signo;
  }
  for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGKILL, SIGSTOP}) {
    EXPECT_FALSE(blocked(signo)) << signo;
  }
  signal_context::restore(flags);
  EXPECT_FALSE(blocked(SIGUSR1));
}

TEST(SignalContext, its_set_is_what_the_c_library_would_build) {
  sigset_t all;
  ::sigfillset(&all);
  for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGKILL, SIGSTOP}) {
    ::sigdelset(&all, signo);
  }
  for (int signo = 1; signo <= SIGRTMAX; ++signo) {
    if (signo >= 32 && signo < SIGRTMIN) continue;
    EXPECT_EQ(::sigismember(&rtseq::all_signals::set(), signo), ::sigismember(&all, signo)) << signo;
    EXPECT_EQ(::sigismember(&rtseq::signals<SIGUSR1>::set(), signo), signo == SIGUSR1 ? 1 : 0) << signo;
  }
}

TEST(SignalContext, signal_in_a_section_waits_for_its_end) {
  const installed handler(SIGUSR1, count);
  calls = 0;
  const auto flags = signal_context::save_and_disable();
  ::raise(SIGUSR1);
  EXPECT_EQ(calls, 0);
  signal_context::restore(flags);
  EXPECT_EQ(calls, 1);
}

TEST(SignalContext, sections_nest) {
  if (const char* why = rtseq::tests::why_not_block_all_signals()) GTEST_SKIP() << why;
  const installed handler(SIGUSR1, count);
  calls = 0;
  const auto outer = signal_context::save_and_disable();
  const auto inner = signal_context::save_and_disable();
  ::raise(SIGUSR1);
  signal_context::restore(inner);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(signal_context::interrupts_enabled());
  signal_context::restore(outer);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(signal_context::interrupts_enabled());
}

TEST(SignalContext, restores_what_was_blocked_before) {
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &rtseq::signals<SIGUSR2>::set(), &before);
  signal_context::restore(signal_context::save_and_disable());
  EXPECT_TRUE(blocked(SIGUSR2));
  EXPECT_FALSE(blocked(SIGUSR1));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(SignalContext, signals_that_were_not_chosen_arrive_in_a_section) {
  const installed chosen(SIGUSR1, count);
  const installed other(SIGUSR2, count);
  calls = 0;
  const auto flags = usr1_context::save_and_disable();
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  EXPECT_EQ(calls, 1);
  usr1_context::restore(flags);
  EXPECT_EQ(calls, 2);
}

TEST(SignalContext, interrupts_are_enabled_until_every_chosen_signal_is_blocked) {
  using both = rtseq::basic_signal_context<rtseq::signals<SIGUSR1, SIGUSR2>>;
  const auto flags = usr1_context::save_and_disable();
  EXPECT_FALSE(usr1_context::interrupts_enabled());
  EXPECT_TRUE(both::interrupts_enabled());
  EXPECT_TRUE(signal_context::interrupts_enabled());
  const auto flags_of_both = both::save_and_disable();
  EXPECT_FALSE(both::interrupts_enabled());
  both::restore(flags_of_both);
  usr1_context::restore(flags);
}

// A policy with numbers known only at run time.
struct first_real_time_signal {
  static const sigset_t& set() noexcept { return chosen; }
  static inline const sigset_t chosen = [] {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGRTMIN);
    return set;
  }();
};

TEST(SignalContext, a_policy_of_ones_own_may_choose_real_time_signals) {
  using context = rtseq::basic_signal_context<first_real_time_signal>;
  static_assert(rtseq::interrupt_context<context>);
  const installed handler(SIGRTMIN, count);
  calls = 0;
  const auto flags = context::save_and_disable();
  ::raise(SIGRTMIN);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(blocked(SIGUSR1));
  context::restore(flags);
  EXPECT_EQ(calls, 1);
}

std::vector<bool> in_interrupt_seen;
TEST(SignalContext, handler_scope_tells_that_it_is_an_interrupt) {
  in_interrupt_seen.clear();
  in_interrupt_seen.reserve(8);
  // The second handler interrupts the first, and leaves it an interrupt.
  const installed outer(SIGUSR1, [](int) {
    in_interrupt_seen.push_back(signal_context::in_interrupt());
    const signal_context::handler_scope scope;
    in_interrupt_seen.push_back(signal_context::in_interrupt());
    ::raise(SIGUSR2);
    in_interrupt_seen.push_back(signal_context::in_interrupt());
  });
  const installed inner(SIGUSR2, [](int) {
    const signal_context::handler_scope scope;
    in_interrupt_seen.push_back(usr1_context::in_interrupt());
  });
  EXPECT_FALSE(signal_context::in_interrupt());
  ::raise(SIGUSR1);
  EXPECT_FALSE(signal_context::in_interrupt());
  EXPECT_EQ(in_interrupt_seen, (std::vector<bool>{false, true, true, true}));
}

TEST(SignalContext, other_threads_are_not_masked) {
  if (const char* why = rtseq::tests::why_not_block_all_signals()) GTEST_SKIP() << why;
  const installed handler(SIGUSR1, count);
  const auto flags = signal_context::save_and_disable();
  bool enabled = true;
  // Linux gives a new thread its creator's mask.
  std::thread([&] { enabled = signal_context::interrupts_enabled(); }).join();
  EXPECT_FALSE(enabled);
  signal_context::restore(flags);
  std::atomic<bool> masked{false};
  std::atomic<bool> done{false};
  std::thread section([&] {
    const auto own_flags = signal_context::save_and_disable();
    masked = true;
    while (!done) std::this_thread::sleep_for(100us);
    signal_context::restore(own_flags);
  });
  while (!masked) std::this_thread::sleep_for(100us);
  EXPECT_TRUE(signal_context::interrupts_enabled());
  calls = 0;
  ::raise(SIGUSR1);
  EXPECT_EQ(calls, 1);
  done = true;
  section.join();
}

thread_local std::atomic<bool> in_section{false};
thread_local std::atomic<int> early{0};
TEST(SignalContext, no_handler_runs_in_a_section_under_a_10_khz_timer) {
  const installed handler(
      SIGUSR1,
      [](int) {
        const signal_context::handler_scope scope;
        if (in_section.load(std::memory_order_relaxed)) early.fetch_add(1, std::memory_order_relaxed);
        count(SIGUSR1);
        // A handler may mask too.
        signal_context::restore(signal_context::save_and_disable());
      },
      SA_RESTART);
  const auto work = [] {
    calls = 0;
    early = 0;
    const timer ticks(SIGUSR1, 10'000);
    const auto end = std::chrono::steady_clock::now() + 150ms;
    const auto give_up = end + 60s;
    long sections = 0;
    while (std::chrono::steady_clock::now() < end || calls < 10) {
      if (std::chrono::steady_clock::now() > give_up) break;
      const auto flags = signal_context::save_and_disable();
      in_section.store(true, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      for (int i = 0; i < 200; ++i) rtseq::detail::cpu_relax();
      std::atomic_signal_fence(std::memory_order_seq_cst);
      in_section.store(false, std::memory_order_relaxed);
      signal_context::restore(flags);
      ++sections;
      // ThreadSanitizer now and then leaves everything blocked when signals arrive in quick succession.
      if (RTSEQ_TSAN) ::pthread_sigmask(SIG_UNBLOCK, &rtseq::all_signals::set(), nullptr);
    }
    EXPECT_EQ(early, 0);
    EXPECT_GE(calls, 10);
    EXPECT_GT(sections, 0);
  };
  std::thread other(work);
  work();
  other.join();
}

// A handler that waits, with a lock that does not boost, for a writer on another thread; signals end its naps early.
rtseq::seqlock<signal_context, rtseq::spinlock> written_elsewhere;
int errno_of_the_reader;
TEST(SignalContext, handler_that_waits_for_a_writer_leaves_errno_alone) {
  const installed reads(SIGUSR1, [](int) {
    const signal_context::handler_scope scope;
    const int saved_errno = errno;
    errno = EDOM;
    (void)written_elsewhere.read_retry(written_elsewhere.read_begin());
    errno_of_the_reader = errno;
    errno = saved_errno;
  });
  const installed interrupts(SIGUSR2, [](int) {});
  std::atomic<bool> odd{false};
  std::thread writer([&, reader = ::pthread_self()] {
    const rtseq::write_irqsave_guard section{written_elsewhere};
    odd = true;
    for (int i = 0; i < 100; ++i) {
      std::this_thread::sleep_for(500us);
      ::pthread_kill(reader, SIGUSR2);
    }
  });
  while (!odd) {}
  ::raise(SIGUSR1);
  writer.join();
  EXPECT_EQ(errno_of_the_reader, EDOM);
}

struct throwing_lock {
  void lock() { throw 1; }
  bool try_lock() { return false; }
  void unlock() {}
};
bool throws(rtseq::seqlock<signal_context, throwing_lock>& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  try {
    (void)lock.write_lock_irqsave();
    return false;
  } catch (int) {
    return true;
  }
}
TEST(SignalContext, interrupts_are_enabled_again_if_the_lock_throws) {
  rtseq::seqlock<signal_context, throwing_lock> lock;
  EXPECT_TRUE(throws(lock));
  EXPECT_TRUE(signal_context::interrupts_enabled());
}

}  // namespace
