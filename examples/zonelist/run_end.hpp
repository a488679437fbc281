// When a run is over: when its time is up, or before that when somebody has seen enough.
//
// SIGINT (Ctrl-C) and SIGTERM end the run, and what it found so far is reported; the same signal a second time
// ends the program. Where whoever started the program had them ignored or blocked, they stay so.
#ifndef ZONELIST_RUN_END_HPP
#define ZONELIST_RUN_END_HPP

#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>

namespace zonelist {

// One at a time.
class run_end {
 public:
  using clock = std::chrono::steady_clock;

  explicit run_end(clock::time_point at) : at_{at} {
    asked_for.store(false, std::memory_order_relaxed);
    struct sigaction action = {};
    action.sa_handler = ask;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);  // the first is no int
    // Or timer signals that leave the thread no time would keep it from running.
    ::sigfillset(&action.sa_mask);
    for (std::size_t i = 0; i < signals.size(); ++i) {
      ::sigaction(signals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(signals[i], &action, nullptr);
    }
  }
  ~run_end() {
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
  }
  run_end(const run_end&) = delete;
  run_end& operator=(const run_end&) = delete;

  // Lock-free; any context.
  clock::time_point at() const noexcept { return at_; }
  bool is_early() const noexcept { return asked_for.load(std::memory_order_relaxed); }
  bool is_reached() const noexcept { return is_early() || clock::now() >= at_; }

 private:
  static constexpr std::array signals = {SIGINT, SIGTERM};
  // All accesses are relaxed: it orders nothing, and the threads that see it are joined.
  static inline std::atomic<bool> asked_for{false};
  static_assert(std::atomic<bool>::is_always_lock_free);

  static void ask(int) { asked_for.store(true, std::memory_order_relaxed); }

  clock::time_point at_;
  std::array<struct sigaction, signals.size()> before_{};
};

}  // namespace zonelist

#endif
