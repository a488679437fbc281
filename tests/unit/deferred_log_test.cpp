#include <rtseq/deferred_log.hpp>
#include <rtseq/lockdep_gtest.hpp>
#include <rtseq/log_flusher.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using rtseq::log_record;
using testing::ElementsAre;
using testing::IsEmpty;

// Keeps what a log delivers. The sink runs in one thread at a time, so it needs no lock of its own.
struct collector {
  struct entry {
    log_record record;
    std::string text;
  };
  std::vector<entry> entries;

  static void sink(void* cookie, const log_record& record) {
    static_cast<collector*>(cookie)->entries.push_back({record, std::string(record.text)});
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> result;
    for (const entry& it : entries) result.push_back(it.text);
    return result;
  }
};

// Collects violations instead of ending the program.
struct violation_collector {
  static inline std::atomic<int> unbalanced{0};
  static void handler(const rtseq::violation_report& report) noexcept {
    if (report.rule == rtseq::violation::unbalanced_deferral) ++unbalanced;
  }
  violation_collector() {
    unbalanced = 0;
    rtseq::set_violation_handler(handler);
  }
  ~violation_collector() { rtseq::set_violation_handler(nullptr); }
  rtseq::lockdep::expecting_findings findings_;
};

// Calls a handler on the calling thread `hz` times a second.
class signal_timer {
 public:
  signal_timer(int signal, long hz, void (*handler)(int)) : signal_(signal) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, &before_);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) std::abort();
    const itimerspec period{{0, 1'000'000'000 / hz}, {0, 1'000'000'000 / hz}};
    timer_settime(timer_, 0, &period, nullptr);
  }
  ~signal_timer() {
    timer_delete(timer_);
    signal_block(SIG_BLOCK);
    const timespec none{};
    sigset_t set = only();
    while (sigtimedwait(&set, nullptr, &none) > 0) {}
    sigaction(signal_, &before_, nullptr);
    signal_block(SIG_UNBLOCK);
  }
  signal_timer(const signal_timer&) = delete;
  signal_timer& operator=(const signal_timer&) = delete;

 private:
  sigset_t only() const {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_);
    return set;
  }
  void signal_block(int how) const {
    const sigset_t set = only();
    pthread_sigmask(how, &set, nullptr);
  }

  int signal_;
  struct sigaction before_ {};
  timer_t timer_{};
};

TEST(DeferredLog, a_record_says_who_wrote_what_and_when) {
  collector got;
  rtseq::basic_deferred_log<8> log(collector::sink, &got);
  const std::uint64_t before = rtseq::detail::monotonic_ns();
  EXPECT_TRUE(log.write("first"));
  std::thread([&] { log.write("second"); }).join();
  log.flush();
  ASSERT_EQ(got.entries.size(), 2U);
  EXPECT_EQ(got.entries[0].text, "first");
  EXPECT_EQ(got.entries[0].record.sequence, 0U);
  EXPECT_EQ(got.entries[0].record.thread, static_cast<std::uint32_t>(syscall(SYS_gettid)));
  EXPECT_FALSE(got.entries[0].record.truncated);
  EXPECT_EQ(got.entries[0].record.dropped, 0U);
  EXPECT_GE(got.entries[0].record.time_ns, before);
  EXPECT_LE(got.entries[0].record.time_ns, got.entries[1].record.time_ns);
  EXPECT_EQ(got.entries[1].record.sequence, 1U);
  EXPECT_NE(got.entries[1].record.thread, got.entries[0].record.thread);
}

TEST(DeferredLog, write_keeps_and_print_delivers) {
  collector got;
  rtseq::basic_deferred_log<8> log(collector::sink, &got);
  log.write("kept");
  EXPECT_THAT(got.entries, IsEmpty());
  log.print("");
  EXPECT_THAT(got.texts(), ElementsAre("kept", ""));
}

TEST(DeferredLog, over_long_text_is_truncated_and_marked) {
  collector got;
  rtseq::basic_deferred_log<4, 8> log(collector::sink, &got);
  log.write("12345678");
  log.write("123456789");
  log.write(std::string(100'000, 'x'));
  log.flush();
  EXPECT_THAT(got.texts(), ElementsAre("12345678", "12345678", "xxxxxxxx"));
  EXPECT_FALSE(got.entries[0].record.truncated);
  EXPECT_TRUE(got.entries[1].record.truncated);
  EXPECT_TRUE(got.entries[2].record.truncated);
}

TEST(DeferredLog, a_full_ring_drops_counts_exactly_and_tells_once) {
  collector got;
  rtseq::basic_deferred_log<4> log(collector::sink, &got);
  for (int lap = 0; lap < 3; ++lap) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(log.write("kept"));
    for (int i = 0; i <= lap; ++i) EXPECT_FALSE(log.write("lost"));
    log.flush();
    log.flush();
  }
  EXPECT_EQ(log.dropped(), 6U);
  EXPECT_THAT(got.texts(), ElementsAre("kept", "kept", "kept", "kept", "1 record dropped",   //
                                       "kept", "kept", "kept", "kept", "2 records dropped",  //
                                       "kept", "kept", "kept", "kept", "3 records dropped"));
  EXPECT_EQ(got.entries[9].record.dropped, 2U);
  EXPECT_EQ(got.entries[9].record.sequence, 8U);
}

TEST(DeferredLog, order_holds_through_many_laps_of_the_smallest_ring) {
  collector got;
  rtseq::basic_deferred_log<2> log(collector::sink, &got);
  for (int i = 0; i < 10'001; ++i) {
    log.write(std::to_string(i));
    if (i % 2 == 1) log.flush();
  }
  log.flush();
  ASSERT_EQ(got.entries.size(), 10'001U);
  for (std::size_t i = 0; i < got.entries.size(); ++i) {
    ASSERT_EQ(got.entries[i].text, std::to_string(i));
    ASSERT_EQ(got.entries[i].record.sequence, i);
  }
}

// Per producer: the next number expected, and how often it was another.
struct order_check {
  static constexpr unsigned producers = 4;
  unsigned next[producers]{};
  unsigned long long sum = 0;
  unsigned delivered = 0;
  unsigned wrong = 0;

  static void sink(void* cookie, const log_record& record) {
    order_check& self = *static_cast<order_check*>(cookie);
    if (record.dropped != 0) return;
    unsigned producer = 0;
    unsigned number = 0;
    if (std::sscanf(std::string(record.text).c_str(), "%u:%u", &producer, &number) != 2 ||
        producer >= producers) {
      ++self.wrong;
      return;
    }
    if (number < self.next[producer]) ++self.wrong;
    self.next[producer] = number + 1;
    self.sum += number;
    ++self.delivered;
  }
};

std::size_t compose(char (&text)[32], unsigned producer, unsigned number) {
  return static_cast<std::size_t>(std::snprintf(text, sizeof text, "%u:%u", producer, number));
}

TEST(DeferredLog, no_record_is_lost_among_producers_flushes_and_a_flusher) {
  constexpr unsigned each = 4'000;
  order_check got;
  rtseq::basic_deferred_log<64, 32> log(order_check::sink, &got);
  {
    rtseq::log_flusher flusher(log, 1);
    std::vector<std::thread> threads;
    for (unsigned producer = 0; producer < order_check::producers; ++producer) {
      threads.emplace_back([&log, producer] {
        char text[32];
        for (unsigned number = 0; number < each; ++number) {
          const std::size_t length = compose(text, producer, number);
          while (!log.write({text, length})) log.flush();
          if (number % 16 == 0) log.flush();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(got.wrong, 0U);
  EXPECT_EQ(got.delivered, each * order_check::producers);
  EXPECT_EQ(got.sum, 4ULL * each * (each - 1) / 2);
}

TEST(DeferredLog, every_record_that_print_accepted_is_delivered_without_a_flusher) {
  for (int round = 0; round < 50; ++round) {
    order_check got;
    rtseq::basic_deferred_log<1024, 32> log(order_check::sink, &got);
    std::vector<std::thread> threads;
    for (unsigned producer = 0; producer < order_check::producers; ++producer) {
      threads.emplace_back([&log, producer] {
        char text[32];
        for (unsigned number = 0; number < 100; ++number) log.print({text, compose(text, producer, number)});
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(got.wrong, 0U);
    ASSERT_EQ(got.delivered, 100 * order_check::producers);
  }
}

TEST(DeferredLog, delivered_and_dropped_add_up) {
  constexpr unsigned each = 5'000;
  order_check got;
  rtseq::basic_deferred_log<8, 32> log(order_check::sink, &got);
  std::atomic<unsigned> accepted{0};
  std::vector<std::thread> threads;
  for (unsigned producer = 0; producer < order_check::producers; ++producer) {
    threads.emplace_back([&, producer] {
      char text[32];
      for (unsigned number = 0; number < each; ++number) {
        if (log.write({text, compose(text, producer, number)})) accepted.fetch_add(1);
        if (number % 64 == 0) log.flush();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  log.flush();
  EXPECT_EQ(got.wrong, 0U);
  EXPECT_EQ(got.delivered, accepted.load());
  EXPECT_EQ(accepted.load() + log.dropped(), each * order_check::producers);
}

TEST(DeferredLog, a_second_flusher_leaves_its_records_to_the_first) {
  struct state {
    rtseq::basic_deferred_log<8>* log = nullptr;
    std::vector<std::string> texts;
  } shared;
  rtseq::basic_deferred_log<8> log(
      [](void* cookie, const log_record& record) {
        state& it = *static_cast<state*>(cookie);
        it.texts.emplace_back(record.text);
        // Another thread's print, while this one drains: it returns without waiting for the sink.
        if (record.text == "first") std::thread([&it] { it.log->print("second"); }).join();
      },
      &shared);
  shared.log = &log;
  log.print("first");
  EXPECT_THAT(shared.texts, ElementsAre("first", "second"));
}

TEST(DeferredLog, a_sink_that_prints_neither_recurses_nor_goes_on_for_ever) {
  struct state {
    rtseq::basic_deferred_log<8>* log = nullptr;
    std::vector<std::string> texts;
  } shared;
  rtseq::basic_deferred_log<8> log(
      [](void* cookie, const log_record& record) {
        state& it = *static_cast<state*>(cookie);
        it.texts.emplace_back(record.text);
        it.log->print(it.texts.back() + "'");
      },
      &shared);
  shared.log = &log;
  log.print("a");
  EXPECT_THAT(shared.texts, ElementsAre("a"));
  log.flush();
  EXPECT_THAT(shared.texts, ElementsAre("a", "a'"));
  log.print("b");
  EXPECT_THAT(shared.texts, ElementsAre("a", "a'", "a''", "b"));
}

TEST(DeferredLog, two_logs_whose_sinks_print_into_each_other_come_to_rest) {
  struct state {
    rtseq::basic_deferred_log<8>* other = nullptr;
    int records = 0;
  } left_state, right_state;
  const auto sink = [](void* cookie, const log_record&) {
    state& it = *static_cast<state*>(cookie);
    ++it.records;
    it.other->print("echo");
  };
  rtseq::basic_deferred_log<8> left(sink, &left_state);
  rtseq::basic_deferred_log<8> right(sink, &right_state);
  left_state.other = &right;
  right_state.other = &left;
  left.print("start");
  EXPECT_EQ(left_state.records, 1);
  EXPECT_EQ(right_state.records, 1);
}

TEST(DeferredLog, a_thread_cancelled_in_the_sink_does_not_leave_the_log_draining) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer takes the stack that a cancelled thread leaves for still in use";
#endif
  struct state {
    std::atomic<bool> in_sink{false};
    std::atomic<bool> go_on{false};
    std::atomic<int> delivered{0};
  } shared;
  rtseq::basic_deferred_log<8> log(
      [](void* cookie, const log_record&) {
        state& it = *static_cast<state*>(cookie);
        it.in_sink = true;
        while (!it.go_on) usleep(100);  // a cancellation point
        ++it.delivered;
      },
      &shared);
  std::thread cancelled([&] {
    log.print("cancelled in here");
    while (true) usleep(100);
  });
  while (!shared.in_sink) usleep(100);
  pthread_cancel(cancelled.native_handle());
  shared.go_on = true;
  cancelled.join();
  log.print("and on");
  EXPECT_EQ(shared.delivered, 2);
}

// --- handlers ---------------------------------------------------------------------------------------------

rtseq::basic_deferred_log<256, 32>* handler_log = nullptr;
volatile sig_atomic_t handler_runs = 0;
volatile sig_atomic_t handler_accepted = 0;

TEST(DeferredLog, a_handler_writes_on_top_of_writers_of_the_same_ring) {
  order_check got;
  rtseq::basic_deferred_log<256, 32> log(order_check::sink, &got);
  handler_log = &log;
  handler_runs = 0;
  handler_accepted = 0;
  unsigned accepted = 0;
  {
    rtseq::log_flusher flusher(log, 1);
    signal_timer timer(SIGUSR1, 10'000, [](int) {
      handler_runs = handler_runs + 1;
      rtseq::detail::backwards_text<32> text;  // snprintf is not for handlers
      text.prepend(static_cast<std::uint64_t>(handler_accepted), 1, ' ');
      text.prepend("1:");
      if (handler_log->write(text.text())) handler_accepted = handler_accepted + 1;
    });
    const std::uint64_t end = rtseq::detail::monotonic_ns() + 300'000'000;
    char text[32];
    while (rtseq::detail::monotonic_ns() < end || handler_runs < 10) {
      if (log.write({text, compose(text, 0, accepted)})) ++accepted;
      if (accepted % 128 == 0) usleep(10);  // so that sanitizers, which hold signals back, let some in
    }
  }
  handler_log = nullptr;
  EXPECT_GE(handler_runs, 10);
  EXPECT_EQ(got.wrong, 0U);
  EXPECT_EQ(got.next[0], accepted);
  EXPECT_EQ(got.next[1], static_cast<unsigned>(handler_accepted));
  EXPECT_EQ(got.delivered, accepted + static_cast<unsigned>(handler_accepted));
}

// The text's second half lies in a page that cannot be read: the copy between claim and publication faults
// there, and the fault's handler is "on top of a writer" as exactly as can be.
class half_readable_text {
 public:
  half_readable_text() {
    page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* const pages = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) std::abort();
    base_ = static_cast<char*>(pages);
    std::fill(base_, base_ + 2 * page_, 'i');
    mprotect(base_ + page_, page_, PROT_NONE);
  }
  ~half_readable_text() { munmap(base_, 2 * page_); }
  half_readable_text(const half_readable_text&) = delete;
  half_readable_text& operator=(const half_readable_text&) = delete;

  void make_readable() const { mprotect(base_ + page_, page_, PROT_READ); }
  std::string_view text() const { return {base_ + page_ - 8, 16}; }

 private:
  std::size_t page_;
  char* base_;
};

half_readable_text* interrupted_text = nullptr;
std::atomic<int> interruption{0};  // 1: a writer is interrupted in mid-write; 2: go on

TEST(DeferredLog, a_writer_interrupted_in_mid_write_blocks_nobody) {
  collector got;
  rtseq::basic_deferred_log<256, 32> log(collector::sink, &got);
  half_readable_text text;
  interrupted_text = &text;
  handler_log = &log;
  interruption = 0;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    handler_log->write("handler");
    interruption = 1;
    while (interruption != 2) usleep(100);
    interrupted_text->make_readable();
  };
  sigaction(SIGSEGV, &action, &before);

  log.print("before");
  std::thread interrupted([&] { log.write(text.text()); });
  while (interruption != 1) usleep(100);
  EXPECT_TRUE(log.write("after"));
  log.flush();  // returns, and delivers nothing out of order
  EXPECT_THAT(got.texts(), ElementsAre("before"));
  interruption = 2;
  interrupted.join();
  log.flush();
  EXPECT_THAT(got.texts(), ElementsAre("before", "iiiiiiiiiiiiiiii", "handler", "after"));

  sigaction(SIGSEGV, &before, nullptr);
  interrupted_text = nullptr;
  handler_log = nullptr;
}

TEST(DeferredLog, a_handler_that_prints_on_top_of_a_flush_only_writes) {
  collector got;
  struct state {
    collector* got;
    bool interrupted = false;
  } shared{&got};
  rtseq::basic_deferred_log<256, 32> log(
      [](void* cookie, const log_record& record) {
        state& it = *static_cast<state*>(cookie);
        if (!it.interrupted) {
          it.interrupted = true;
          raise(SIGUSR2);
        }
        collector::sink(it.got, record);
      },
      &shared);
  handler_log = &log;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) { handler_log->print("from the handler"); };
  sigaction(SIGUSR2, &action, &before);
  log.print("from the task");
  EXPECT_THAT(got.texts(), ElementsAre("from the task"));
  log.flush();
  EXPECT_THAT(got.texts(), ElementsAre("from the task", "from the handler"));
  sigaction(SIGUSR2, &before, nullptr);
  handler_log = nullptr;
}

// --- deferral ---------------------------------------------------------------------------------------------

TEST(DeferredLog, records_reach_the_sink_where_the_outermost_deferral_ends) {
  collector got;
  rtseq::deferred_log log(collector::sink, &got);
  {
    rtseq::deferred_guard outer(log);
    log.print("1");
    {
      rtseq::deferred_guard inner(log);
      log.print("2");
      log.flush();
    }
    log.print("3");
    EXPECT_TRUE(rtseq::in_deferral());
    EXPECT_THAT(got.entries, IsEmpty());
  }
  EXPECT_FALSE(rtseq::in_deferral());
  EXPECT_THAT(got.texts(), ElementsAre("1", "2", "3"));
}

TEST(DeferredLog, enter_and_exit_nest_and_never_flush) {
  collector got;
  rtseq::deferred_log log(collector::sink, &got);
  rtseq::deferred_enter();
  rtseq::deferred_enter();
  log.print("1");
  rtseq::deferred_exit();
  log.print("2");
  rtseq::deferred_exit();
  EXPECT_THAT(got.entries, IsEmpty());
  log.print("3");
  EXPECT_THAT(got.texts(), ElementsAre("1", "2", "3"));
}

TEST(DeferredLog, a_handler_in_a_deferring_thread_does_not_reach_the_sink) {
  collector got;
  rtseq::basic_deferred_log<256, 32> log(collector::sink, &got);
  handler_log = &log;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    rtseq::deferred_guard nested(*handler_log);
    handler_log->print("from the handler");
  };
  sigaction(SIGUSR2, &action, &before);
  {
    rtseq::deferred_guard deferral(log);
    raise(SIGUSR2);
    EXPECT_THAT(got.entries, IsEmpty());
  }
  EXPECT_THAT(got.texts(), ElementsAre("from the handler"));
  sigaction(SIGUSR2, &before, nullptr);
  handler_log = nullptr;
}

TEST(DeferredLog, one_threads_deferral_is_not_anothers) {
  collector got;
  rtseq::deferred_log log(collector::sink, &got);
  rtseq::deferred_guard deferral(log);
  std::thread([&] {
    EXPECT_FALSE(rtseq::in_deferral());
    log.print("other");
  }).join();
  EXPECT_THAT(got.texts(), ElementsAre("other"));
}

TEST(DeferredLog, a_guard_that_ends_on_another_thread_is_reported_and_corrupts_no_count) {
  violation_collector violations;
  collector got;
  rtseq::deferred_log log(collector::sink, &got);
  auto guard = std::make_unique<rtseq::deferred_guard<rtseq::deferred_log>>(log);
  std::thread([&, moved = std::move(guard)]() mutable {
    moved.reset();
    EXPECT_EQ(violations.unbalanced, 1);
    EXPECT_FALSE(rtseq::in_deferral());
    log.print("at once");  // this thread's count did not go below zero
    EXPECT_THAT(got.texts(), ElementsAre("at once"));
  }).join();
  EXPECT_TRUE(rtseq::in_deferral());  // nobody ended this thread's deferral
  log.print("kept");
  EXPECT_EQ(got.entries.size(), 1U);
  rtseq::deferred_exit();
  EXPECT_FALSE(rtseq::in_deferral());
  log.flush();
  EXPECT_EQ(got.entries.size(), 2U);
  EXPECT_EQ(violations.unbalanced, 1);
}

TEST(DeferredLog, a_guard_ends_in_a_forked_child_as_in_its_parent) {
  violation_collector violations;
  collector got;
  rtseq::deferred_log log(collector::sink, &got);
  pid_t child = 0;
  {
    const rtseq::deferred_guard deferral(log);
    log.print("kept");
    child = ::fork();
    ASSERT_GE(child, 0);
  }
  const bool right = violations.unbalanced == 0 && !rtseq::in_deferral() && got.entries.size() == 1U;
  if (child == 0) ::_exit(right ? 0 : 1);
  EXPECT_TRUE(right);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(DeferredLog, an_exit_without_an_enter_is_reported_and_changes_nothing) {
  violation_collector violations;
  rtseq::deferred_exit();
  EXPECT_EQ(violations.unbalanced, 1);
  EXPECT_FALSE(rtseq::in_deferral());
  rtseq::deferred_enter();
  EXPECT_TRUE(rtseq::in_deferral());
  rtseq::deferred_exit();
  EXPECT_FALSE(rtseq::in_deferral());
}

// --- the flusher's thread, and standard error -------------------------------------------------------------

TEST(LogFlusher, delivers_by_itself_with_every_signal_blocked) {
  struct state {
    std::atomic<bool> delivered{false};
    std::atomic<bool> blocked{false};
  } shared;
  rtseq::deferred_log log(
      [](void* cookie, const log_record&) {
        state& it = *static_cast<state*>(cookie);
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        it.blocked = sigismember(&mask, SIGUSR1) == 1 && sigismember(&mask, SIGALRM) == 1;
        it.delivered = true;
      },
      &shared);
  rtseq::log_flusher flusher(log);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGUSR1), 0) << "the maker's mask is as it was";
  log.write("nobody flushes");
  while (!shared.delivered) usleep(1000);
  EXPECT_TRUE(shared.blocked);
}

TEST(LogFlusher, flushes_once_more_and_stops_promptly_when_it_is_destroyed) {
  collector got;
  rtseq::deferred_log log(collector::sink, &got);
  const std::uint64_t start = rtseq::detail::monotonic_ns();
  {
    rtseq::log_flusher flusher(log, 100'000);
    log.write("last words");
  }
  EXPECT_LT(rtseq::detail::monotonic_ns() - start, 50'000'000'000U);
  EXPECT_THAT(got.texts(), ElementsAre("last words"));
}

TEST(LogToStderr, prints_time_thread_and_text_in_one_line) {
  testing::internal::CaptureStderr();
  rtseq::log_to_stderr(nullptr, {0, 12'345'678'901'234, 4711, false, 0, "text"});
  rtseq::log_to_stderr(nullptr, {0, 1'000, 1, true, 0, "cut\n"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "[12345.678901] 4711: text\n[    0.000001] 1: cut...\n");
}

constinit rtseq::deferred_log static_log;

TEST(LogToStderr, is_the_sink_of_a_log_that_names_none) {
  testing::internal::CaptureStderr();
  static_log.print("hello");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::EndsWith(": hello\n"));
}

}  // namespace
