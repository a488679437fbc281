// A sequence lock: the writers' lock, the count and the interrupt context in one object.
//
// Readers are lock-free and write nothing while nobody writes: they repeat if a write came between. One that finds a
// writer in mid-write waits in the writers' lock, so that the writer gets its priority; try_read never waits. If a
// signal handler (or whatever the context calls an interrupt) also reads or writes, writers use the _irqsave
// forms, and nothing else: interrupts first and the lock second, in two steps, is wrong where the lock
// sleeps. One step is right in every context.
//
//   rtseq::seqlock<rtseq::signal_context> lock;
//   double now = lock.read([&] { return clock.offset + clock.rate * ticks(); });   // relaxed<double> fields
//   { rtseq::write_irqsave_guard guard{lock}; clock.offset = o; clock.rate = r; }
//
// For one value that is copied whole use seqlocked. Not for data that is written as often as it is read, nor
// for pointers to what a writer frees (use RCU).
//
// Cost: a read is two loads and what it reads. A write adds an uncontended lock and unlock to a seqcount's.
// Source: Linux include/linux/seqlock.h, seqlock_t; kernel change a2ebb51575828 (the one-step irqsave).
#ifndef RTSEQ_SEQLOCK_HPP
#define RTSEQ_SEQLOCK_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/deadline.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/sequence.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/detail/writer_side.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace rtseq {

template <interrupt_context Context = task_context, class Lock = typename Context::lock_type>
class RTSEQ_CAPABILITY("seqlock") seqlock {
  using writer_side = detail::writer_side<Context, Lock>;

 public:
  using context_type = Context;
  using lock_type = Lock;
  using flags_type = typename Context::flags_type;

#if RTSEQ_LOCKDEP
  constexpr seqlock(RTSEQ_LOCKDEP_NAME) noexcept
      : count_{lockdep_name, "seqlock", writer_side::lockdep_count}, writers_{lockdep_name, "seqlock"} {}
  detail::lockdep::map& lockdep_map() const noexcept { return writers_.lockdep_map(); }
  detail::lockdep::map& lockdep_count_map() const noexcept { return count_.lockdep_map(); }
#else
  constexpr seqlock() noexcept = default;
  constexpr seqlock(lockdep::name) noexcept {}
#endif
  seqlock(const seqlock&) = delete;
  seqlock& operator=(const seqlock&) = delete;

  // ---- Readers. Any number, in tasks and handlers.

  // Waits for an even count. Lock-free while nobody writes. Else blocking: with a lock that boosts its owner it takes
  // its turn there, so it waits for the section under way and for those of the waiters before it, which are of its
  // own priority or higher; interrupts are held off on this thread meanwhile, as in a write section. Inside the
  // caller's own write section it is a reported error (self_deadlock).
  [[nodiscard]] read_token read_begin(RTSEQ_LOCKDEP_AT) const RTSEQ_EXCLUDES(this) {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(read_begin(count_.lockdep_map()));
    return writers_.begin(count_);
  }

  // Never waits; empty while a write section is open. Wait-free; any context.
  [[nodiscard]] std::optional<read_token> try_read_begin() const noexcept RTSEQ_NONBLOCKING {
    const read_token token = count_.begin();
    if (detail::sequence::odd(token)) return std::nullopt;
    return token;
  }

  // True: something was written since `token`, repeat the section. Wait-free; any context.
  [[nodiscard]] bool read_retry(read_token token) const noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HOOK(read_end(count_.lockdep_map()));
    return count_.retry(token);
  }

  // Calls `section` until it ran with no write between, and returns what it returned then. Lock-free while nobody
  // writes; else it waits as read_begin does, and writers without a pause can starve it. `section` may see torn data,
  // so it has no side effects and follows no pointers.
  template <class F>
  auto read(F&& section RTSEQ_LOCKDEP_AND_AT) const RTSEQ_EXCLUDES(this) {
    for (;;) {
      const read_token token = read_begin(RTSEQ_LOCKDEP_PASS);
      RTSEQ_LOCKDEP_VALIDATES;
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        section();
        if (!read_retry(token)) [[likely]]
          return;
      } else {
        auto result = section();
        if (!read_retry(token)) [[likely]]
          return result;
      }
      detail::look_away();
    }
  }

  // The same for at most `attempts` tries, and without ever waiting: empty (void: false) if none was valid.
  // Wait-free but for `section`; any context.
  template <class F>
  [[nodiscard]] auto try_read(F&& section, unsigned attempts = 1) const {
    return optional_result(section, [&](auto&& pass) { return try_sections(pass, attempts); });
  }

  // The same until a deadline, waiting as read_begin does: a duration, or a time_point of steady_clock. At
  // least one try. Empty (void: false) also if the write section is the caller's own. Blocking, bounded by the
  // deadline and the last run of `section`; 50 us more if the lock does not boost its owner.
  template <class F, class Duration>
  [[nodiscard]] auto try_read_for(F&& section, const Duration& time) const {
    return try_read_until(section, detail::deadline::after(time));
  }
  template <class F>
  [[nodiscard]] auto try_read_until(F&& section, const detail::deadline& end) const {
    return optional_result(section, [&](auto&& pass) { return try_sections_until(pass, end); });
  }

  // Tries `lockless_attempts` times without the lock, then once with it: always finishes. Blocking. Holds
  // off interrupts while it has the lock.
  template <class F>
  requires excluding_lock<Lock>
  auto read_or_lock(F&& section, unsigned lockless_attempts = 1 RTSEQ_LOCKDEP_AND_AT) const
      RTSEQ_EXCLUDES(this) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    using result_type = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<result_type>) {
      if (try_read(section, lockless_attempts)) return;
    } else {
      if (auto result = try_read(section, lockless_attempts))
        return std::decay_t<result_type>(*std::move(result));
    }
    const detail::exclusive_section held{writers_};
    RTSEQ_LOCKDEP_CALLBACK;
    return section();
  }

  // Has anything been written since `token`? Wait-free; any context.
  [[nodiscard]] bool changed_since(read_token token) const noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HOOK(read_end(count_.lockdep_map()));
    return count_.changed_since(token);
  }
  // Sleeps until something has been written since `token`. Blocking; takes the lock. Tasks.
  void wait_changed(read_token token RTSEQ_LOCKDEP_AND_AT) const requires excluding_lock<Lock> RTSEQ_EXCLUDES(
      this) {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(read_end(count_.lockdep_map()));
    writers_.wait_changed(count_, token);
  }

  // ---- Writers. One at a time; the others wait as the lock waits. Locking again what the caller holds is a
  // reported error (self_deadlock), and so is a lock that sleeps where nothing may (sleep_in_atomic).

  // For data that no interrupt reads or writes. Blocking; with single_writer wait-free.
  void write_lock(RTSEQ_LOCKDEP_AT) RTSEQ_ACQUIRE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    writers_.lock();
    count_.write_begin();
  }
  // Never waits.
  [[nodiscard]] bool try_write_lock(RTSEQ_LOCKDEP_AT)
      RTSEQ_TRY_ACQUIRE(true) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    if (!writers_.try_lock()) return false;
    count_.write_begin();
    return true;
  }
  // Lock-free; enters the kernel only to wake who waits for the lock, or sleeps in wait_changed.
  void write_unlock() RTSEQ_RELEASE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    end_write();
    writers_.unlock();
  }

  // Holds interrupts off, where the context's handlers would interrupt this thread, and takes the lock. Blocking; with
  // single_writer wait-free.
  [[nodiscard]] flags_type write_lock_irqsave(RTSEQ_LOCKDEP_AT)
      RTSEQ_ACQUIRE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    const flags_type flags = writers_.lock_irqsave();
    count_.write_begin();
    return flags;
  }
  // Lock-free as write_unlock; then restores.
  void write_unlock_irqrestore(flags_type flags) RTSEQ_RELEASE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    end_write();
    writers_.unlock_irqrestore(flags);
  }

  // Excludes writers, and others who exclude them; readers go on as if nobody wrote, but one that found the writer
  // before in mid-write may wait behind it. Blocking. Not with a lock that excludes nobody (single_writer).
  void read_lock_excl(RTSEQ_LOCKDEP_AT) requires excluding_lock<Lock> RTSEQ_ACQUIRE()
  RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    writers_.lock();
  }
  // Lock-free; enters the kernel only to wake who waits for the lock.
  void read_unlock_excl() RTSEQ_RELEASE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { writers_.unlock(); }
  // The same with interrupts held off, as in write_lock_irqsave. Blocking.
  [[nodiscard]] flags_type read_lock_excl_irqsave(RTSEQ_LOCKDEP_AT) requires
      excluding_lock<Lock> RTSEQ_ACQUIRE()
  RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    RTSEQ_LOCKDEP_HERE;
    return writers_.lock_irqsave();
  }
  // Lock-free as read_unlock_excl; then restores.
  void read_unlock_excl_irqrestore(flags_type flags) RTSEQ_RELEASE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    writers_.unlock_irqrestore(flags);
  }

 private:
  void end_write() {
    count_.write_end();
    writers_.wake_sleepers(count_);
  }

  // What `section` returned in the last of `passes`, if they say that it was valid.
  template <class F, class Passes>
  static auto optional_result(F& section, Passes passes) {
    using result_type = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<result_type>) {
      return bool{passes(section)};
    } else {
      std::optional<std::decay_t<result_type>> result;
      if (!passes([&] { result.emplace(section()); })) result.reset();
      return result;
    }
  }

  template <class F>
  bool try_sections_until(F&& section, const detail::deadline& end) const {
    do {
      std::optional<read_token> token = try_read_begin();
      if (!token && !(token = writers_.begin_until(count_, end))) return false;
      section();
      if (!read_retry(*token)) [[likely]]
        return true;
    } while (!end.passed());
    return false;
  }

  template <class F>
  bool try_sections(F&& section, unsigned attempts) const {
    for (; attempts != 0; --attempts) {
      const read_token token = count_.begin();
      if (!detail::sequence::odd(token)) {
        section();
        if (!read_retry(token)) [[likely]]
          return true;
      }
      detail::look_away();
    }
    return false;
  }

  detail::sequence count_;
  mutable writer_side writers_;  // mutable: readers wait there
};

}  // namespace rtseq

#endif
