// What happens when a rule is broken.
//
// The library reports misuse that would otherwise be a silent livelock: waiting for a writer that is the
// caller itself, a sleeping lock taken where nothing may sleep, a guard that left its thread. By default
// a report is one line on stderr and abort(). A program may install a handler of its own.
#ifndef RTSEQ_VIOLATION_HPP
#define RTSEQ_VIOLATION_HPP

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>

namespace rtseq {

enum class violation {
  self_deadlock,        // the caller waits for a lock or a write section that is its own
  sleep_in_atomic,      // a lock that sleeps is taken in a handler, or with interrupts disabled
  owner_died,           // the owner of a lock is gone
  unbalanced_deferral,  // a deferral ends on a thread where it did not begin
  context_misuse,       // a rule of an interrupt context's own: two tasks on one virtual CPU
  second_writer,        // two threads write what was promised to have one writer
};

struct violation_report {
  violation rule;
  const char* message;  // one line, no newline
  const void* object;   // the lock, count or guard
};

// Called on the thread and in the context (perhaps a signal handler) that broke the rule. It may return:
// after sleep_in_atomic and unbalanced_deferral the operation goes on, after the others abort() follows.
using violation_handler = void (*)(const violation_report&) noexcept;

namespace detail {

inline void print_violation_and_abort(const violation_report& report) noexcept {
  const char* const parts[] = {"rtseq: ", report.message, "\n"};
  for (const char* part : parts) {
    if (::write(STDERR_FILENO, part, ::strlen(part)) < 0) break;
  }
  ::abort();
}

// Not behind the atomics seam: it is no part of any algorithm.
inline constinit std::atomic<violation_handler> current_violation_handler{print_violation_and_abort};

[[gnu::cold, gnu::noinline]] inline void report_violation(violation rule, const char* message,
                                                          const void* object) noexcept {
  // acquire: pairs with set_violation_handler's release, so that the handler sees what it was set up with.
  current_violation_handler.load(std::memory_order_acquire)({rule, message, object});
}

[[noreturn, gnu::cold, gnu::noinline]] inline void fatal_violation(violation rule, const char* message,
                                                                   const void* object) noexcept {
  report_violation(rule, message, object);
  ::abort();
}

}  // namespace detail

// Installs `handler` (null: the default) for the whole process; returns the one before. Wait-free, any
// context.
inline violation_handler set_violation_handler(violation_handler handler) noexcept {
  if (handler == nullptr) handler = detail::print_violation_and_abort;
  // acq_rel: release pairs with report_violation's acquire; acquire so that the caller may restore the old
  // one.
  return detail::current_violation_handler.exchange(handler, std::memory_order_acq_rel);
}

}  // namespace rtseq

#endif
