#include "replay_bug.hpp"

#include "unblocked_signals.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/violation.hpp>

#include <cerrno>
#include <cstring>
#include <optional>

namespace zonelist {
namespace {

constexpr unsigned bound = 1000;

// What the library reported last; null: nothing.
constinit const char* reported = nullptr;

class collect_violations {
 public:
  collect_violations() {
    reported = nullptr;
    before_ =
        rtseq::set_violation_handler([](const rtseq::violation_report& r) noexcept { reported = r.message; });
  }
  ~collect_violations() { rtseq::set_violation_handler(before_); }
  collect_violations(const collect_violations&) = delete;
  collect_violations& operator=(const collect_violations&) = delete;

 private:
  rtseq::violation_handler before_;
};

// The shared data, and what the handler of SIGUSR1 made of it. One thread: the handler runs on top of it.
struct signal_machine {
  rtseq::seqlock<rtseq::signal_context> lock;
  rtseq::relaxed<int> value;
  bool handler_ran = false;
  std::optional<int> read;
};
signal_machine* the_machine = nullptr;

void bounded_handler(int signo) {
  const rtseq::signal_handler_scope in_handler{signo};
  the_machine->read = the_machine->lock.try_read([] { return the_machine->value.load(); }, bound);
  the_machine->handler_ran = true;
}
void waiting_handler(int signo) {
  const rtseq::signal_handler_scope in_handler{signo};
  (void)the_machine->lock.read_begin();
}

class installed_handler {
 public:
  explicit installed_handler(void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    ::sigaction(SIGUSR1, &action, &before_);
    sigset_t own;
    ::sigemptyset(&own);
    ::sigaddset(&own, SIGUSR1);
    unblocked_.emplace(own);
  }
  ~installed_handler() {
    unblocked_.reset();
    ::sigaction(SIGUSR1, &before_, nullptr);
  }
  installed_handler(const installed_handler&) = delete;
  installed_handler& operator=(const installed_handler&) = delete;

 private:
  struct sigaction before_ = {};
  std::optional<unblocked_signals> unblocked_;
};

class story {
 public:
  void head(const std::string& text) { absl::StrAppend(&text_, text_.empty() ? "" : "\n", text, "\n"); }
  void step(const std::string& what, const std::string& then) {
    absl::StrAppendFormat(&text_, "  %-26s %s\n", what, then);
  }
  void end(const std::string& text) { absl::StrAppend(&text_, "  => ", text, "\n"); }

  void step_report(const std::string& what) {
    step(what, reported == nullptr ? "nothing is reported" : absl::StrCat("reported: ", reported));
  }
  // Sends the signal to this thread: unless it is blocked, the handler has run when this returns.
  void step_signal() {
    the_machine->handler_ran = false;
    ::raise(SIGUSR1);
    step("a signal arrives", the_machine->handler_ran ? handler_said() : "it is blocked, and waits");
  }
  void step_end_of_section(const std::string& what) {
    step(what, the_machine->handler_ran ? absl::StrCat("now the handler runs: ", handler_said())
                                        : "the section ends; no handler was waiting");
  }

  const std::string& text() const { return text_; }

 private:
  static std::string handler_said() {
    return the_machine->read
               ? absl::StrCat("it reads ", *the_machine->read)
               : absl::StrCat("it tries to read ", bound, " times, finds the count odd, and gives up");
  }

  std::string text_;
};

void threaded_two_steps(story& tell) {
  rtseq::seqlock<rtseq::threaded_context> lock;
  const collect_violations collect;
  tell.head("threaded, two steps: interrupts off, then the lock");
  const auto flags = rtseq::threaded_context::save_and_disable();
  tell.step("save_and_disable()", "this thread may not sleep; the handlers are threads and run on");
  lock.write_lock();
  tell.step_report("write_lock()");
  lock.write_unlock();
  rtseq::threaded_context::restore(flags);
  tell.end("wrong: had another writer held the lock, this thread would have slept where nothing may");
}

void threaded_one_step(story& tell) {
  rtseq::seqlock<rtseq::threaded_context> lock;
  const collect_violations collect;
  tell.head("threaded, one step");
  {
    const rtseq::write_irqsave_guard section{lock};
    tell.step_report("write_irqsave_guard");
    tell.step("in the section", rtseq::threaded_context::interrupts_enabled()
                                    ? "interrupts are enabled: the lock may sleep, and handlers wait for it"
                                    : "interrupts are disabled");
  }
  tell.end("right");
}

void signal_two_steps(story& tell) {
  const installed_handler handler{bounded_handler};
  const collect_violations collect;
  tell.head("signal, two steps: the same code");
  const auto flags = rtseq::signal_context::save_and_disable();
  tell.step("save_and_disable()", "signals are blocked on this thread");
  the_machine->lock.write_lock();
  tell.step_report("write_lock()");
  the_machine->value = 1;
  tell.step_signal();
  the_machine->lock.write_unlock();
  tell.step("write_unlock()",
            the_machine->handler_ran ? "the handler has run" : "the count is even; still blocked");
  rtseq::signal_context::restore(flags);
  tell.step_end_of_section("restore()");
  tell.end(
      "works here, where sleeping only delays the handlers: so the bug goes unseen until the code moves");
}

void signal_one_step(story& tell) {
  const installed_handler handler{bounded_handler};
  const collect_violations collect;
  tell.head("signal, one step");
  {
    const rtseq::write_irqsave_guard section{the_machine->lock};
    tell.step_report("write_irqsave_guard");
    the_machine->value = 2;
    tell.step_signal();
  }
  tell.step_end_of_section("end of the section");
  tell.end("right, and the same line is right under threaded");
}

void livelock_bounded(story& tell) {
  const installed_handler handler{bounded_handler};
  tell.head("signal, no irqsave: the interrupt livelock (S2), with a handler that bounds its attempts");
  the_machine->lock.write_lock();
  tell.step("write_lock()", "the count is odd; signals are not blocked");
  the_machine->value = 3;
  tell.step_signal();
  the_machine->lock.write_unlock();
  tell.step("write_unlock()", "only now could the count become even: the writer waits below its own handler");
  tell.end("without the bound the handler would spin for ever");
}

absl::Status no_report(const char* why) {
  return absl::UnavailableError(absl::StrCat("replay-bug: no report from the child process: ", why));
}

// In a child process, for the library ends a program that would wait for itself.
absl::StatusOr<std::string> report_of_waiting_handler() {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return no_report(std::strerror(errno));
  const pid_t child = ::fork();
  const int fork_error = errno;
  if (child == 0) {
    static const int to_parent = pipe_ends[1];
    rtseq::set_violation_handler([](const rtseq::violation_report& r) noexcept {
      const ssize_t written = ::write(to_parent, r.message, std::strlen(r.message));
      ::_exit(written > 0 ? 0 : 1);
    });
    const installed_handler handler{waiting_handler};
    the_machine->lock.write_lock();
    ::raise(SIGUSR1);
    ::_exit(1);
  }
  ::close(pipe_ends[1]);
  std::string message;
  char buffer[256];
  for (ssize_t bytes; (bytes = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
    message.append(buffer, static_cast<std::size_t>(bytes));
  }
  ::close(pipe_ends[0]);
  if (child < 0) return no_report(std::strerror(fork_error));
  ::waitpid(child, nullptr, 0);
  if (message.empty()) return no_report("it ended without one");
  return message;
}

absl::Status livelock_waiting(story& tell) {
  tell.head("signal, no irqsave: the same, with a handler that waits for an even count");
  tell.step("write_lock()", "the count is odd; signals are not blocked");
  tell.step("a signal arrives", "its handler calls read_begin()");
  const auto report = report_of_waiting_handler();
  if (!report.ok()) return report.status();
  tell.step("read_begin()", absl::StrCat("reported: ", *report));
  tell.end("rtseq ends the program with that line instead of spinning in silence");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> replay_bug() {
  signal_machine shared;
  the_machine = &shared;
  story tell;
  rtseq::lockdep::set_handler(rtseq::lockdep::print_and_continue);  // on standard error, beside the story
  threaded_two_steps(tell);
  threaded_one_step(tell);
  signal_two_steps(tell);
  signal_one_step(tell);
  livelock_bounded(tell);
  const absl::Status told = livelock_waiting(tell);
  the_machine = nullptr;
  if (!told.ok()) return told;
  return tell.text();
}

}  // namespace zonelist
