// No lock: for data that only one thread writes. The program promises it, and a broken promise is reported
// when two writers meet.
//
//   rtseq::seqlocked<pose, rtseq::task_context, rtseq::single_writer> current;   // one thread stores
//
// A store costs the copy and plain stores: no compare-exchange. Handlers of the writer's thread may write too,
// with a context that masks them. Readers take no part: what would need the writers' lock (wait_changed,
// read_or_lock, read_lock_excl) does not compile, and a reader that finds a writer in mid-write gives the
// processor away, for nothing boosts it. Where that writer may be preempted by its readers use pi_mutex.
//
// Another thread may take over writing, if the program orders its writes after the last one's: joins the
// thread, say, or passes the right to write through a lock.
//
// Cost: a load and two stores. Size: 4 bytes.
// Limits: two writers meet in the report only if one sees the other's mark; writes that begin at the same
// instant on two cores may not (S6).
#ifndef RTSEQ_LOCK_SINGLE_WRITER_HPP
#define RTSEQ_LOCK_SINGLE_WRITER_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/violation.hpp>

namespace rtseq {

class RTSEQ_CAPABILITY("single writer") single_writer {
 public:
  static constexpr bool excludes = false;
  static constexpr bool sleeps = false;
  static constexpr bool boosts_owner = false;
  static constexpr bool async_signal_safe = true;

  constexpr single_writer() noexcept = default;
  single_writer(const single_writer&) = delete;
  single_writer& operator=(const single_writer&) = delete;

  // Wait-free. Any context. A write that is open already is a reported error: the caller's own
  // (violation::self_deadlock) or another thread's (violation::second_writer).
  void lock() noexcept RTSEQ_ACQUIRE() {
    if (!try_lock()) [[unlikely]]
      report_second_writer();
  }

  // Wait-free. Any context. False if a write is open, for instance the one that the caller has interrupted.
  [[nodiscard]] bool try_lock() noexcept RTSEQ_NONBLOCKING RTSEQ_TRY_ACQUIRE(true) {
    // relaxed, here and below: one thread writes, and a handler that comes between is gone again. What readers
    // see, the count orders.
    if (writer_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return false;
    writer_.store(detail::this_thread_id(), std::memory_order_relaxed);
    return true;
  }

  // Wait-free.
  void unlock() noexcept RTSEQ_NONBLOCKING RTSEQ_RELEASE() {
    writer_.store(0, std::memory_order_relaxed);  // relaxed: as in try_lock
  }

  // Wait-free. Any context.
  [[nodiscard]] bool held_by_this_thread() const noexcept RTSEQ_NONBLOCKING {
    // relaxed: a thread asks only about itself.
    return writer_.load(std::memory_order_relaxed) == detail::this_thread_id();
  }

 private:
  [[noreturn, gnu::cold, gnu::noinline]] void report_second_writer() noexcept {
    if (held_by_this_thread()) {
      detail::fatal_violation(violation::self_deadlock,
                              "single_writer: a write begins inside another of its thread", this);
    }
    detail::fatal_violation(violation::second_writer, "single_writer: two threads write at the same time",
                            this);
  }

  detail::atomic<detail::thread_id> writer_{0};
};

}  // namespace rtseq

#endif
