#include "run_cell.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/violation.hpp>
#include <thread>
#include <vector>

namespace torture {
namespace {

using clock = std::chrono::steady_clock;

std::atomic<std::uint64_t> error_count{0};
const char* current_name = "";  // one cell at a time; set while no other thread runs
std::string replay_hint;

std::uint64_t now_ns() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

void print_line(const char* what, const char* where) noexcept {
  char line[512];
  const int n = std::snprintf(line, sizeof line, "torture: %s: %s%s; again: %s\n", current_name, what, where,
                              replay_hint.c_str());
  if (n > 0 && ::write(STDERR_FILENO, line, std::min(static_cast<std::size_t>(n), sizeof line - 1)) < 0)
    return;
}

constexpr const char* name_of(place where) noexcept {
  return where == place::task ? "" : where == place::signal ? " (in a signal handler)" : " (in an interrupt)";
}

// ---- One operation and its check.

void check(subject& s, executor& by, const history::numbers* ended) noexcept {
  const reading seen = inspect(by.buffer, s.size());
  const char* const objection = ended != nullptr
                                    ? by.seen.objection(seen, s.size(), *ended, s.past().all_begun())
                                    : by.seen.objection(seen, s.size());
  if (objection != nullptr) report_error(by, objection);
}

void read_once(subject& s, executor& by) {
  // The bounds cost eight cache lines each way; small values mean nothing without them.
  std::optional<history::numbers> ended;
  if (version_width(s.size()) < 8 || by.random.one_in(32)) ended = s.past().all_ended();
  const std::uint64_t begin = now_ns();
  const bool valid = s.read(by);
  by.worst_read_ns = std::max(by.worst_read_ns, now_ns() - begin);
  if (!valid) {
    ++by.refused;
    return;
  }
  ++by.reads;
  check(s, by, ended ? &*ended : nullptr);
}

void write_once(subject& s, executor& by) {
  if (!s.write(by)) ++by.refused;
}

// Returns how long it took.
std::uint64_t handle_once(subject& s, executor& by) {
  const std::uint64_t begin = now_ns();
  if (s.may_write(by) && by.random.one_in(4)) {
    write_once(s, by);
  } else {
    read_once(s, by);
  }
  return now_ns() - begin;
}

// Where operations are slow (large values, sanitizers) handlers alone could keep a lock-free reader from ever getting
// through: what they took, they leave several times.
long breather_ns(std::uint64_t handler_ns) noexcept {
  return static_cast<long>(std::min<std::uint64_t>(4 * handler_ns, 20'000'000));
}

// ---- Signals: a timer to one thread, started again by its handler, so that a slow handler does not starve the
// thread below it.

constexpr int tick = SIGUSR1;

struct signal_side {
  executor by;
  subject* target = nullptr;
  timer_t timer{};
  long period_ns = 0;

  void arm(std::uint64_t handler_ns) noexcept {
    const long pause = period_ns / 2 + static_cast<long>(by.random.below(static_cast<unsigned>(period_ns))) +
                       breather_ns(handler_ns);
    const itimerspec once{{0, 0}, {pause / 1'000'000'000, pause % 1'000'000'000}};
    ::timer_settime(timer, 0, &once, nullptr);
  }
};
RTSEQ_THREAD_LOCAL(signal_side*, own_signals);

void on_tick(int signo, siginfo_t*, void*) {
  const int saved_errno = errno;
  if (signal_side* const side = own_signals) {
    const rtseq::signal_handler_scope scope{signo};
    side->arm(handle_once(*side->target, side->by));
  }
  errno = saved_errno;
}

void block_tick(int how) noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, tick);
  ::pthread_sigmask(how, &set, nullptr);
}

// Ticks on the calling thread while it lives.
class ticking {
 public:
  ticking(signal_side& side, subject& target, long period_ns) noexcept : side_{side} {
    if (period_ns == 0) return;
    side.target = &target;
    side.period_ns = period_ns;
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = tick;
#if defined(sigev_notify_thread_id)
    event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
#else
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
#endif
    if (::timer_create(CLOCK_MONOTONIC, &event, &side.timer) != 0) {
      std::perror("torture: timer_create");
      std::_Exit(EXIT_FAILURE);
    }
    started_ = true;
    own_signals = &side;
    side.arm(0);
  }
  ~ticking() {
    if (!started_) return;
    block_tick(SIG_BLOCK);  // one that is still queued goes with the thread
    ::timer_delete(side_.timer);
    own_signals = nullptr;
  }
  ticking(const ticking&) = delete;
  ticking& operator=(const ticking&) = delete;

 private:
  signal_side& side_;
  bool started_ = false;
};

// The handler, however the cell's context wants it installed.
class installed_handler {
 public:
  explicit installed_handler(bool deferred) noexcept : deferred_{deferred} {
    if (deferred) {
      check(rtseq::deferred_signal_context::register_handler(tick, on_tick));
    } else {
      struct sigaction action = {};
      action.sa_sigaction = on_tick;
      action.sa_flags = SA_SIGINFO | SA_RESTART;
      check(::sigaction(tick, &action, nullptr) == 0 ? 0 : errno);
    }
  }
  ~installed_handler() {
    if (deferred_) rtseq::deferred_signal_context::unregister_handler(tick);
  }
  installed_handler(const installed_handler&) = delete;
  installed_handler& operator=(const installed_handler&) = delete;

 private:
  static void check(int error) noexcept {
    if (error == 0) return;
    errno = error;
    std::perror("torture: installing a signal handler");
    std::_Exit(EXIT_FAILURE);
  }
  const bool deferred_;
};

// ---- The threads.

const std::vector<int>& processors() {
  static const std::vector<int> usable = [] {
    std::vector<int> found;
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) found.push_back(cpu);
      }
    }
    return found;
  }();
  return usable;
}

// To one processor, or to all: where threads share one, writers are preempted in mid-write.
void move_somewhere(random_numbers& random) noexcept {
  const std::vector<int>& usable = processors();
  if (usable.size() < 2) return;
  const unsigned choice = random.below(static_cast<unsigned>(usable.size()) + 1);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned i = 0; i < usable.size(); ++i) {
    if (choice == usable.size() || choice == i) CPU_SET(static_cast<std::size_t>(usable[i]), &set);
  }
  ::sched_setaffinity(0, sizeof set, &set);
}

class running_cell {
 public:
  running_cell(const cell& what, std::uint64_t seed, const settings& how)
      : what_{what}, how_{how}, random_{seed}, subject_{what.make(what.size, random_)} {
    const unsigned tasks = how.readers + how.writers;
    // Lanes go to those who write most: writers, their handlers, interrupts; readers' handlers take the rest.
    unsigned lane = 0;
    const auto next_lane = [&lane] { return lane < lanes ? lane++ : lanes; };
    for (unsigned i = 0; i < tasks; ++i) {
      tasks_.push_back(std::make_unique<task>());
      tasks_[i]->by.random = random_numbers{random_.next()};
      tasks_[i]->signals.by.random = random_numbers{random_.next()};
      tasks_[i]->signals.by.where = place::signal;
      tasks_[i]->writes = i >= how.readers;
    }
    for (auto& t : tasks_) t->by.lane = t->writes ? next_lane() : lanes;
    for (auto& t : tasks_) t->signals.by.lane = t->writes ? next_lane() : lanes;
    if (what.handlers == interrupts::threads || what.handlers == interrupts::virtual_cpus) {
      for (unsigned i = 0; i < 2; ++i) {
        interrupts_.push_back(std::make_unique<executor>());
        interrupts_[i]->random = random_numbers{random_.next()};
        interrupts_[i]->where = place::interrupt;
        interrupts_[i]->lane = next_lane();
      }
    }
    for (auto& t : tasks_) {
      if (!t->writes) t->signals.by.lane = next_lane();
    }
  }

  tally run(double seconds) {
    current_name = what_.name.c_str();
    {
      const installed_handler handler{what_.handlers == interrupts::deferred_signals};
      std::vector<std::thread> threads;
      readers_left_ = how_.readers;
      threads_left_ = static_cast<unsigned>(tasks_.size() + interrupts_.size());
      for (auto& t : tasks_) threads.emplace_back([this, &t] { run_task(*t); });
      for (unsigned i = 0; i < interrupts_.size(); ++i) {
        threads.emplace_back(
            [this, i] { run_interrupts(*interrupts_[i], *tasks_[(how_.readers + i) % tasks_.size()]); });
      }
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      stop_.store(true, std::memory_order_relaxed);
      wait_for_all();
      for (std::thread& t : threads) t.join();
    }
    check_the_end();
    tally sum;
    for (const auto& t : tasks_) {
      sum.add(of(t->by, false));
      sum.add(of(t->signals.by, true));
    }
    for (const auto& i : interrupts_) sum.add(of(*i, true));
    return sum;
  }

 private:
  struct task {
    executor by;
    signal_side signals;
    bool writes = false;
    rtseq::virtual_cpu cpu;
  };

  static tally of(const executor& by, bool handler) noexcept {
    return {by.reads,        by.refused, by.repeated,
            by.writes,       by.waits,   handler ? by.reads + by.writes + by.refused : 0,
            by.worst_read_ns};
  }

  bool stopped() const noexcept { return stop_.load(std::memory_order_relaxed); }

  void run_task(task& t) {
    ::prctl(PR_SET_TIMERSLACK, 1ul);
    disturb_this_thread(t.by.random.next(), how_.spread);
    std::optional<rtseq::virtual_cpu::task_scope> cpu;
    if (what_.handlers == interrupts::virtual_cpus) cpu.emplace(t.cpu);
    {
      const ticking ticks{t.signals, *subject_, how_.signal_period_ns};
      if (t.writes) {
        run_writer(t.by);
      } else {
        run_reader(t.by);
        readers_left_.fetch_sub(1, std::memory_order_relaxed);
      }
    }
    cpu.reset();
    threads_left_.fetch_sub(1, std::memory_order_release);
  }

  void run_reader(executor& by) {
    subject& s = *subject_;
    const bool sleeps = how_.writers != 0;
    while (!stopped()) {
      for (int i = 0; i < 64; ++i) read_once(s, by);
      switch (by.random.below(64)) {
        case 0:
          move_somewhere(by.random);
          break;
        case 1:
          ::sched_yield();
          break;
        case 2:
          sleep_ns(static_cast<long>(by.random.below(50'000)));
          break;
        case 3:
        case 4:
          if (sleeps && s.wait_changed(by)) {
            ++by.waits;
            read_once(s, by);
          }
          break;
        default:
          break;
      }
    }
  }

  // Bursts with short gaps, for contention; then a rest, in which readers get their millions.
  void run_writer(executor& by) {
    subject& s = *subject_;
    std::uint64_t usual_ns = 1'000'000;  // of one write; what is longer was waiting
    // To the last reader: one may be waiting for a change.
    while (readers_left_.load(std::memory_order_relaxed) != 0) {
      for (unsigned i = 1 + by.random.below(32); i != 0; --i) {
        const std::uint64_t begin = now_ns();
        write_once(s, by);
        const std::uint64_t end = now_ns();
        usual_ns = std::min(usual_ns + usual_ns / 64, end - begin);
        // As long as a write takes or several times as long: lock-free readers get between.
        const std::uint64_t gap = usual_ns * by.random.below(8);
        while (now_ns() < end + gap) {}
      }
      if (by.random.one_in(32)) move_somewhere(by.random);
      if (by.random.one_in(8)) {
        ::sched_yield();
      } else {
        sleep_ns(static_cast<long>(20'000 + by.random.below(300'000) + 8 * usual_ns));
      }
    }
  }

  // One of the context's own handlers, which interrupts the task `of`.
  void run_interrupts(executor& by, task& of) {
    ::prctl(PR_SET_TIMERSLACK, 1ul);
    block_tick(SIG_BLOCK);
    disturb_this_thread(by.random.next(), how_.spread);
    std::optional<rtseq::threaded_context::handler_scope> scope;
    if (what_.handlers == interrupts::threads) scope.emplace();
    for (std::uint64_t handler_ns = 0; !stopped();) {
      sleep_ns(50'000 + static_cast<long>(by.random.below(100'000)) + breather_ns(handler_ns));
      if (what_.handlers == interrupts::threads) {
        handler_ns = handle_once(*subject_, by);
      } else {
        handler_ns = of.cpu.interrupt([&] { return handle_once(*subject_, by); });
      }
      if (by.random.one_in(64)) move_somewhere(by.random);
    }
    threads_left_.fetch_sub(1, std::memory_order_release);
  }

  void wait_for_all() const {
    const auto deadline = clock::now() + std::chrono::duration<double>(how_.stuck_s);
    while (threads_left_.load(std::memory_order_acquire) != 0) {
      if (clock::now() > deadline) {
        print_line("stuck: a thread does not come out of an operation", "");
        std::_Exit(EXIT_FAILURE);  // it cannot be joined
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // All is quiet: the value is the last one written, and no write was lost.
  void check_the_end() {
    auto by = std::make_unique<executor>();
    by->random = random_numbers{random_.next()};
    std::uint64_t writes = 0;
    for (const auto& t : tasks_) writes += t->by.writes + t->signals.by.writes;
    for (const auto& i : interrupts_) writes += i->writes;
    history& past = subject_->past();
    const history::numbers ended = past.all_ended();
    if (!past.lane_by_lane() && ended[0] != writes) {
      report_error(*by, "writes were lost: two writers were inside at once");
    }
    for (int i = 0; i < 1000; ++i) {
      if (!subject_->read(*by)) continue;
      // ended twice: nothing is under way.
      const char* const objection =
          by->seen.objection(inspect(by->buffer, subject_->size()), subject_->size(), ended, ended);
      if (objection != nullptr) report_error(*by, objection);
      return;
    }
    report_error(*by, "no read is valid although nobody writes");
  }

  const cell& what_;
  const settings& how_;
  random_numbers random_;
  std::unique_ptr<subject> subject_;
  std::vector<std::unique_ptr<task>> tasks_;
  std::vector<std::unique_ptr<executor>> interrupts_;
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> readers_left_{0};
  std::atomic<unsigned> threads_left_{0};
};

void report_violation(const rtseq::violation_report& report) noexcept {
  error_count.fetch_add(1, std::memory_order_relaxed);
  print_line("misuse reported: ", report.message);
}

}  // namespace

void tally::add(const tally& other) noexcept {
  reads += other.reads;
  refused += other.refused;
  repeated += other.repeated;
  writes += other.writes;
  waits += other.waits;
  in_handlers += other.in_handlers;
  worst_read_ns = std::max(worst_read_ns, other.worst_read_ns);
}

void report_error(const executor& by, const char* what) noexcept {
  constexpr std::uint64_t printed = 10;  // the first ones say it
  if (error_count.fetch_add(1, std::memory_order_relaxed) < printed) print_line(what, name_of(by.where));
}

std::uint64_t errors() noexcept { return error_count.load(std::memory_order_relaxed); }
void set_replay_hint(const std::string& hint) { replay_hint = hint; }

tally run_cell(const cell& what, double seconds, std::uint64_t seed, const settings& how) {
  rtseq::set_violation_handler(report_violation);
  running_cell cell{what, seed, how};
  return cell.run(seconds);
}

}  // namespace torture
