// Interrupts that are real: POSIX timers whose signals interrupt the writer's own thread, anywhere.
#ifndef ZONELIST_INTERRUPT_SIGNALS_HPP
#define ZONELIST_INTERRUPT_SIGNALS_HPP

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace zonelist {

// Fires each handler `hz` times a second by a timer and a signal number of its own, on the constructing thread, from
// construction to destruction. Above some 28,000 signals a second in all the kernel coalesces them.
template <class Context, class Handler>
class interrupt_signals {
 public:
  static constexpr int default_hz = 10'000;

  interrupt_signals(const std::vector<std::unique_ptr<Handler>>& handlers, std::optional<int> hz) {
    for (std::size_t i = 0; i < handlers.size(); ++i) {
      const int signo = SIGRTMIN + static_cast<int>(i);
      install(signo);
      timers_.push_back(start_timer(signo, *handlers[i], hz.value_or(default_hz), i));
    }
  }
  ~interrupt_signals() {
    for (const timer_t timer : timers_) ::timer_delete(timer);
    for (std::size_t i = 0; i < timers_.size(); ++i) uninstall(SIGRTMIN + static_cast<int>(i));
  }
  interrupt_signals(const interrupt_signals&) = delete;
  interrupt_signals& operator=(const interrupt_signals&) = delete;

 private:
  static constexpr bool deferred = std::is_same_v<Context, rtseq::deferred_signal_context>;

  // One that is still queued when its timer is gone must not end the program.
  static void ignore(int signo) { ::signal(signo, SIG_IGN); }

  static void install(int signo) {
    ignore(signo);
    if constexpr (deferred) {
      check(rtseq::deferred_signal_context::register_handler(signo, handle));
    } else {
      struct sigaction action = {};
      action.sa_sigaction = handle;
      action.sa_flags = SA_SIGINFO | SA_RESTART;
      check(::sigaction(signo, &action, nullptr) == 0 ? 0 : errno);
    }
  }
  static void uninstall(int signo) {
    if constexpr (deferred) {
      rtseq::deferred_signal_context::unregister_handler(signo);
    } else {
      ignore(signo);
    }
  }

  // Handlers of different devices may interrupt each other; a device's own does not.
  static void handle(int, siginfo_t* info, void*) {
    [[maybe_unused]] const std::conditional_t<deferred, nothing, rtseq::signal_handler_scope> in_handler;
    (*static_cast<Handler*>(info->si_value.sival_ptr))();
  }

  static timer_t start_timer(int signo, Handler& handler, int hz, std::size_t device) {
    constexpr long second_ns = 1'000'000'000;
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signo;
    event.sigev_value.sival_ptr = &handler;
#if defined(sigev_notify_thread_id)
    event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
#else
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
#endif
    timer_t timer{};
    check(::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 ? 0 : errno);
    const long period_ns = second_ns / hz;
    itimerspec period = {};
    period.it_interval = {period_ns / second_ns, period_ns % second_ns};
    // Not all devices at once.
    period.it_value = {0, 1'000'000 + static_cast<long>(device) * 37'000};
    check(::timer_settime(timer, 0, &period, nullptr) == 0 ? 0 : errno);
    return timer;
  }

  static void check(int error) {
    if (error == 0) return;
    errno = error;
    std::perror("zonelist: timer signals");
    std::exit(EXIT_FAILURE);
  }

  struct nothing {};
  std::vector<timer_t> timers_;
};

}  // namespace zonelist

#endif
