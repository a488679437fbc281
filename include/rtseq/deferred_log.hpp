// A log that any context may write: printk's deferral for user space.
//
// Printing inside a write section takes the output's locks while the count is odd; a thread that holds one
// of them and reads there waits for ever (S3). So write() only copies the text into a ring of fixed size,
// and somebody who may wait hands it to the sink later: print() outside a deferral, flush(), the end of the
// outermost deferred_guard, or a log_flusher's thread.
//
//   rtseq::deferred_guard deferral(log);        // before the write guard: it ends after the section
//   rtseq::write_irqsave_guard section(lock);
//   log.print("node 3 is offline");             // kept; the sink has it once the lock is released
//
// Which call: signal handlers and real-time threads write(); tasks print(). Linux's order (deferral inside
// the lock) is deferred_enter() and deferred_exit(), which never flush.
//
// Promises: one producer's records stay in order; a handler's stands before or after the one it interrupted. A
// producer that is interrupted in mid-write blocks nobody: flushing stops at its record and goes on later. A full
// ring drops the new record and counts it; the sink is told once. Nothing is allocated after construction.
// Cost of a write: reading the clock, one compare-exchange, the copy. Size: 256 B a record, so make it static.
// Limits: a child made by fork() while another thread flushes can write, but never flush.
// Source: D. Vyukov's bounded queue; Linux kernel/printk/, printk_deferred_enter().
#ifndef RTSEQ_DEFERRED_LOG_HPP
#define RTSEQ_DEFERRED_LOG_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/log_sink.hpp>
#include <rtseq/violation.hpp>

#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rtseq {

namespace detail {
RTSEQ_THREAD_LOCAL(std::uint32_t, deferral_depth);
}

RTSEQ_TRUST_NONBLOCKING_BEGIN

// Is the caller's thread (in a handler: the one it interrupted) inside a deferral? Wait-free. Any context.
[[nodiscard]] inline bool in_deferral() noexcept RTSEQ_NONBLOCKING { return detail::deferral_depth != 0; }

// Linux: printk_deferred_enter(). From here on this thread's print() and flush() do not call the sink.
// Wait-free. Any context. Nests.
inline void deferred_enter() noexcept RTSEQ_NONBLOCKING {
  detail::deferral_depth = detail::deferral_depth + 1;
  detail::signal_fence();  // a handler that interrupts the section sees the deferral
  RTSEQ_LOCKDEP_HOOK(deferral_begins());
}

// Linux: printk_deferred_exit(). Ends the innermost deferral of this thread; does not flush. Wait-free. Any
// context. Without a deferral it changes nothing and is reported (violation::unbalanced_deferral).
inline void deferred_exit() noexcept RTSEQ_NONBLOCKING {
  detail::signal_fence();  // pairs with deferred_enter's
  if (detail::deferral_depth == 0) [[unlikely]] {
    RTSEQ_LOCKDEP_HOOK(deferral_unbalanced("deferred_exit() without deferred_enter()"));
    detail::report_violation(violation::unbalanced_deferral, "deferred_exit: this thread is in no deferral",
                             nullptr);
    return;
  }
  detail::deferral_depth = detail::deferral_depth - 1;
}

RTSEQ_TRUST_NONBLOCKING_END

template <std::size_t Records = 1024, std::size_t TextBytes = 232>
class basic_deferred_log {
  static_assert(Records >= 2 && (Records & (Records - 1)) == 0, "the number of records is a power of two");
  static_assert(TextBytes >= 1 && TextBytes < UINT32_MAX && detail::atomic<std::size_t>::is_always_lock_free);

 public:
  static constexpr std::size_t capacity = Records;
  static constexpr std::size_t text_bytes = TextBytes;

  // `sink` (null: log_to_stderr) is called with `cookie` and no lock held, by one thread at a time. It may
  // print into this log: the next flush delivers that. If it throws, the program ends.
  explicit constexpr basic_deferred_log(log_sink sink = nullptr, void* cookie = nullptr) noexcept
      : sink_(sink), cookie_(cookie) {}
  basic_deferred_log(const basic_deferred_log&) = delete;
  basic_deferred_log& operator=(const basic_deferred_log&) = delete;

  // Keeps the first TextBytes of `text`, and marks the record if there were more. Lock-free, never enters
  // the kernel after a thread's first call. Any context, also a handler on top of a write to the same log.
  // False, and counted, if the ring is full.
  bool write(std::string_view text) noexcept RTSEQ_NONBLOCKING {
    const std::uint64_t now = detail::monotonic_ns();
    const detail::thread_id thread = detail::this_thread_id();
    // relaxed: the compare-exchange confirms it, and the slot's turn orders the text.
    std::size_t position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      slot& mine = slots_[position % Records];
      // acquire: pairs with drain's release; without it the text could be overwritten while the sink reads it.
      const std::size_t turn = mine.turn.load(std::memory_order_acquire);
      if (turn == free_turn(position)) {
        // relaxed: it makes the slot the caller's own, and publishes nothing.
        if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed,
                                        std::memory_order_relaxed)) {
          mine.fill(text, now, thread);
          // release: pairs with drain's acquire; without it the sink could read what the slot held before.
          mine.turn.store(turn + 1, std::memory_order_release);
          return true;
        }
      } else if (static_cast<std::ptrdiff_t>(turn - free_turn(position)) < 0) {  // a lap behind: full
        dropped_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count, it orders nothing
        return false;
      } else {
        position = tail_.load(std::memory_order_relaxed);  // relaxed, as above: another producer was faster
      }
    }
  }

  // write(), then flush(). Blocking, task context: handlers use write(). (Inside a deferral, or on top of a flush,
  // print() is a write() and so as safe.)
  void print(std::string_view text) noexcept {
    write(text);
    flush();
  }

  // Hands what was written before the call to the sink, up to a record still being written. Blocking, task
  // context.
  // Returns at once inside a deferral; inside the sink or on top of a flush (the next flush delivers); and
  // when another thread is flushing, which then delivers the caller's records too. So a flush lasts while
  // others keep asking for one: real-time threads leave it to a log_flusher.
  void flush() noexcept {
    if (in_deferral()) return;
    const detail::thread_id me = detail::this_thread_id();
    if (!start_draining(me)) return;
    int cancellation = 0;  // a thread cancelled in the sink would leave the log draining for ever (S9)
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    do {
      drain();
    } while (!stop_draining(me));
    ::pthread_setcancelstate(cancellation, nullptr);
  }

  // Records that found the ring full, since construction. Wait-free. Any context.
  [[nodiscard]] std::size_t dropped() const noexcept RTSEQ_NONBLOCKING {
    return dropped_.load(std::memory_order_relaxed);  // relaxed: a count, it orders nothing
  }

 private:
  struct slot {
    // free_turn(position): position's producer may fill it. One more: it is filled. Zero at first for every
    // slot, so that a static log is in no file and needs no code to initialise.
    detail::atomic<std::size_t> turn{0};
    std::uint64_t time_ns{};
    detail::thread_id thread{};
    std::uint32_t length{};  // of the whole text; more than TextBytes: truncated
    char text[TextBytes]{};

    void fill(std::string_view whole, std::uint64_t now, detail::thread_id writer) noexcept {
      time_ns = now;
      thread = writer;
      length = static_cast<std::uint32_t>(whole.size() > TextBytes ? TextBytes + 1 : whole.size());
      if (length != 0) std::memcpy(text, whole.data(), kept());
    }
    std::size_t kept() const noexcept { return length > TextBytes ? TextBytes : length; }
  };

  static constexpr std::size_t free_turn(std::size_t position) noexcept { return position & ~(Records - 1); }

  bool start_draining(detail::thread_id me) noexcept {
    for (;;) {
      detail::thread_id state = 0;
      // acquire: pairs with stop_draining's release; without it head_ could be an earlier drainer's.
      if (drainer_.compare_exchange_strong(state, me, std::memory_order_acquire, std::memory_order_relaxed)) {
        return true;
      }
      if ((state & ~again) == me) return false;
      // release, also where `again` is set: pairs with stop_draining's acquire. Without it the drainer could
      // miss the caller's record in its next round, and that record would be stuck.
      if (drainer_.compare_exchange_weak(state, state | again, std::memory_order_release,
                                         std::memory_order_relaxed)) {
        return false;
      }
    }
  }

  bool stop_draining(detail::thread_id me) noexcept {
    // release: pairs with start_draining's acquire.
    if (drainer_.compare_exchange_strong(me, 0, std::memory_order_release, std::memory_order_relaxed))
      return true;
    // acquire: pairs with the release of those who asked (each heads a release sequence of exchanges).
    drainer_.exchange(me & ~again, std::memory_order_acquire);
    return false;
  }

  // To the end as it is now: what the sink itself prints would otherwise keep this going for ever.
  void drain() noexcept {
    // relaxed: the caller's own writes, and those of threads that asked, happened before.
    const std::size_t end = tail_.load(std::memory_order_relaxed);
    for (; head_ != end; ++head_) {
      slot& next = slots_[head_ % Records];
      // acquire: pairs with write's release.
      if (next.turn.load(std::memory_order_acquire) != free_turn(head_) + 1) break;  // still being written
      deliver({head_, next.time_ns, next.thread, next.length > TextBytes, 0, {next.text, next.kept()}});
      // release: pairs with write's acquire.
      next.turn.store(free_turn(head_) + Records, std::memory_order_release);
    }
    const std::size_t dropped_now = dropped();
    if (dropped_now == told_) return;
    const detail::drop_message message(dropped_now - told_);
    told_ = dropped_now;
    deliver(
        {head_, detail::monotonic_ns(), detail::this_thread_id(), false, message.count(), message.text()});
  }

  void deliver(const log_record& record) {
    RTSEQ_LOCKDEP_HOOK(printing());
    (sink_ != nullptr ? sink_ : log_to_stderr)(cookie_, record);
  }

  static constexpr detail::thread_id again = 0x8000'0000;  // in drainer_: somebody asked for one more round
  static constexpr std::size_t cache_line = 64;

  alignas(cache_line) detail::atomic<std::size_t> tail_{0};  // the next position to claim
  detail::atomic<std::size_t> dropped_{0};
  alignas(cache_line) detail::atomic<detail::thread_id> drainer_{0};
  std::size_t head_ = 0;  // this and told_: the drainer's alone
  std::size_t told_ = 0;
  log_sink sink_;
  void* cookie_;
  alignas(cache_line) slot slots_[Records]{};
};

using deferred_log = basic_deferred_log<>;

// Defers this thread's printing while it lives, and flushes `log` where the outermost deferral ends. Bound to
// its thread: ended on another it is reported (violation::unbalanced_deferral, S19) and changes no count there;
// the thread that it began on stays in the deferral until it calls deferred_exit(). Task context.
template <class Log>
class [[nodiscard]] deferred_guard {
 public:
  explicit deferred_guard(Log& log) noexcept : log_(log) { deferred_enter(); }
  ~deferred_guard() {
    if (depth_ != &detail::deferral_depth) [[unlikely]] {
      RTSEQ_LOCKDEP_HOOK(deferral_unbalanced("a deferred_guard ends on a thread where it did not begin"));
      detail::report_violation(violation::unbalanced_deferral,
                               "deferred_guard: ended on a thread where it did not begin", this);
      return;
    }
    deferred_exit();
    log_.flush();  // does nothing in an outer deferral
  }
  deferred_guard(const deferred_guard&) = delete;
  deferred_guard& operator=(const deferred_guard&) = delete;

 private:
  Log& log_;
  const std::uint32_t* const depth_ =
      &detail::deferral_depth;  // tells threads apart; as it was in a forked child
};

}  // namespace rtseq

#endif
