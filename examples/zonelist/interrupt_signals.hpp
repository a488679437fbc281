// Interrupts that are real: POSIX timers whose signals interrupt the writer's own thread, anywhere.
#ifndef ZONELIST_INTERRUPT_SIGNALS_HPP
#define ZONELIST_INTERRUPT_SIGNALS_HPP

#include "refused.hpp"
#include "run_end.hpp"
#include "unblocked_signals.hpp"

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace zonelist {

// Fires each handler `hz` times a second by a timer and a signal number of its own, on the constructing
// thread, from construction until `end`. Above some 28,000 signals a second in all the kernel coalesces them,
// and further up nothing else runs on that thread: so each handler stops its own timer at the end.
template <class Context, class Handler>
class interrupt_signals {
 public:
  static constexpr int default_hz = 10'000;

  interrupt_signals(const std::vector<std::unique_ptr<Handler>>& handlers, std::optional<int> hz,
                    const run_end& end)
      : devices_(handlers.size()) {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      install(signal_of(i));
      ::sigaddset(&wanted, signal_of(i));
      devices_[i].handler = handlers[i].get();
      devices_[i].end = &end;
      create_timer(devices_[i], signal_of(i));
    }
    unblocked_.emplace(wanted);
    for (std::size_t i = 0; i < devices_.size(); ++i) start_timer(devices_[i], hz.value_or(default_hz), i);
  }
  ~interrupt_signals() {
    for (const device& d : devices_) ::timer_delete(d.timer);
    unblocked_.reset();
    for (std::size_t i = 0; i < devices_.size(); ++i) uninstall(signal_of(i));
  }
  interrupt_signals(const interrupt_signals&) = delete;
  interrupt_signals& operator=(const interrupt_signals&) = delete;

 private:
  static constexpr bool deferred = std::is_same_v<Context, rtseq::deferred_signal_context>;
  struct nothing {
    explicit nothing(int) noexcept {}
  };

  // What a signal brings along.
  struct device {
    Handler* handler = nullptr;
    timer_t timer{};
    const run_end* end = nullptr;
  };

  static int signal_of(std::size_t device) { return SIGRTMIN + static_cast<int>(device); }

  // One that is still queued when its timer is gone must not end the program; nor one that was queued before
  // there was a timer, which this discards.
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
  static void handle(int signo, siginfo_t* info, void*) {
    [[maybe_unused]] const std::conditional_t<deferred, nothing, rtseq::signal_handler_scope> in_handler{
        signo};
    if (info->si_code != SI_TIMER) return;  // somebody else sent it: there is no device to it
    const device& d = *static_cast<device*>(info->si_value.sival_ptr);
    (*d.handler)();
    if (!d.end->is_reached()) return;
    const int saved_errno = errno;  // the interrupted code's
    const itimerspec never = {};
    ::timer_settime(d.timer, 0, &never, nullptr);
    errno = saved_errno;
  }

  static void create_timer(device& d, int signo) {
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signo;
    event.sigev_value.sival_ptr = &d;
#if defined(sigev_notify_thread_id)
    event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
#else
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
#endif
    check(::timer_create(CLOCK_MONOTONIC, &event, &d.timer) == 0 ? 0 : errno);
  }

  static void start_timer(const device& d, int hz, std::size_t number) {
    constexpr long second_ns = 1'000'000'000;
    const long period_ns = second_ns / hz;
    itimerspec period = {};
    period.it_interval = {period_ns / second_ns, period_ns % second_ns};
    period.it_value = {0, 1'000'000 + static_cast<long>(number) * 37'000};  // not all devices at once
    check(::timer_settime(d.timer, 0, &period, nullptr) == 0 ? 0 : errno);
  }

  static void check(int error) {
    if (error != 0) end_refused("timer signals", error);
  }

  std::vector<device> devices_;
  std::optional<unblocked_signals> unblocked_;
};

}  // namespace zonelist

#endif
