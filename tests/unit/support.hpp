// What several unit tests share: values that show a torn read, and threads that end with their test.
#ifndef RTSEQ_TESTS_UNIT_SUPPORT_HPP
#define RTSEQ_TESTS_UNIT_SUPPORT_HPP

#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rtseq/lockdep_gtest.hpp>
#include <rtseq/violation.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace rtseq::tests {

// A value of `Bytes` bytes, odd sizes too, made from one version number; whole() says whether all of it is
// of one version.
template <std::size_t Bytes>
struct stamped {
  std::array<unsigned char, Bytes> bytes{};

  static stamped of(std::uint64_t version) {
    stamped s;
    for (std::size_t i = 0; i < Bytes; ++i) s.bytes[i] = byte(version, i);
    return s;
  }
  // The low bits of the version. Exact where the caller keeps versions below 2^8 (1 byte) or 2^32.
  std::uint64_t version() const {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < Bytes && i < 4; ++i) v |= std::uint64_t{bytes[i]} << (8 * i);
    return v;
  }
  bool whole() const { return *this == of(version()); }
  friend bool operator==(const stamped&, const stamped&) = default;

 private:
  static unsigned char byte(std::uint64_t version, std::size_t i) {
    return static_cast<unsigned char>(version >> (8 * (i % 4)));
  }
};

// The object's first bytes, while nobody writes.
template <class Object, class Value>
bool begins_with(const Object& object, const Value& value) {
  return std::memcmp(static_cast<const void*>(&object), &value, sizeof value) == 0;
}

// Calls `work` again and again on a thread of its own until the object ends.
class repeating_thread {
 public:
  template <class F>
  explicit repeating_thread(F work)
      : thread_{[this, work]() mutable {
          while (!stop_.load(std::memory_order_relaxed)) work();
        }} {}
  ~repeating_thread() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
  }
  repeating_thread(const repeating_thread&) = delete;
  repeating_thread& operator=(const repeating_thread&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Does `work` return on a thread that is cancelled while it waits there? `let_go` ends the wait, 20 ms later: after
// the pauses and yields of any waiter.
template <class Work, class LetGo>
bool survives_a_cancellation(Work work, LetGo let_go) {
  std::atomic<bool> about_to_wait{false};
  std::atomic<bool> returned{false};
  std::thread thread{[&] {
    about_to_wait = true;
    work();
    returned = true;
  }};
  while (!about_to_wait) std::this_thread::yield();
  ::pthread_cancel(thread.native_handle());
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  let_go();
  thread.join();
  return returned;
}

// Null, or why a test that blocks every signal and looks whether all are blocked must be skipped. Emulators
// keep signals for themselves: qemu-user the last one, which then cannot be blocked.
inline const char* why_not_block_all_signals() {
  sigset_t all;
  sigset_t before;
  sigset_t found;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  ::pthread_sigmask(SIG_SETMASK, &before, &found);
  return ::sigismember(&found, SIGRTMAX) == 1 ? nullptr
                                              : "the last signal cannot be blocked here (qemu-user)";
}

// Collects violations instead of aborting, for those after which the operation goes on; and what lockdep finds.
class violation_collector {
 public:
  violation_collector() : before_{set_violation_handler(collect)} { count() = 0; }
  ~violation_collector() { set_violation_handler(before_); }
  violation_collector(const violation_collector&) = delete;
  violation_collector& operator=(const violation_collector&) = delete;

  static std::atomic<int>& count() {
    static std::atomic<int> n{0};
    return n;
  }
  static violation last() { return last_rule().load(); }

 private:
  static std::atomic<violation>& last_rule() {
    static std::atomic<violation> rule{};
    return rule;
  }
  static void collect(const violation_report& report) noexcept {
    last_rule() = report.rule;
    ++count();
  }
  violation_handler before_;
  lockdep::expecting_findings findings_;
};

}  // namespace rtseq::tests

#endif
