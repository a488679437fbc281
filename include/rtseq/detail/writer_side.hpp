// The side of a sequence lock that is not lock-free: the writers' lock, the context whose interrupts it holds
// off, the wait of a reader that finds a writer in mid-write, and that of one who wants the next write.
#ifndef RTSEQ_DETAIL_WRITER_SIDE_HPP
#define RTSEQ_DETAIL_WRITER_SIDE_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/deadline.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/sequence.hpp>
#include <rtseq/detail/waiting.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/violation.hpp>

#include <concepts>
#include <optional>

namespace rtseq::detail {

template <interrupt_context Context, class Lock>
class exclusive_section;

template <class Lock>
concept lends_priority_until_a_deadline = lock_traits<Lock>::boosts_owner &&
    requires(Lock& lock, const deadline& end) {
  { lock.try_lock_until(end) } -> std::same_as<bool>;
};

template <interrupt_context Context, class Lock>
class writer_side {
  static_assert(writer_lock<Lock>,
                "rtseq: Lock needs lock(), try_lock() and unlock(), or its own lock_traits");
  using traits = lock_traits<Lock>;

 public:
  using flags_type = typename Context::flags_type;

#if RTSEQ_LOCKDEP
  static constexpr lockdep::type_info lockdep_lock = lockdep::type_in<Context, Lock, traits, false>;
  static constexpr lockdep::type_info lockdep_count = lockdep::type_in<Context, Lock, traits, true>;
  constexpr explicit writer_side(const rtseq::lockdep::name& name, const char* kind) noexcept
      : lockdep_{name, kind, &lockdep_lock} {}
  lockdep::map& lockdep_map() const noexcept { return lockdep_; }
#endif

  void lock() {
    RTSEQ_LOCKDEP_HOOK(acquire(lockdep_));
    might_sleep<Context, Lock>(this);
    if constexpr (!knows_its_owner<Lock>) {
      if (owner_.is_this_thread(lock_)) [[unlikely]] {
        fatal_violation(violation::self_deadlock, "seqlock: locked again by its owner", this);
      }
    }
#if RTSEQ_LOCKDEP
    undo_if_it_throws lock_throws{[&] { lockdep::release(lockdep_); }};
    traits::lock(lock_);
    lock_throws.threw = false;
#else
    traits::lock(lock_);
#endif
    owner_.set();
  }
  [[nodiscard]] bool try_lock() {
    if constexpr (!knows_its_owner<Lock>) {  // such a lock may forbid its owner to ask (std::mutex)
      if (owner_.is_this_thread(lock_)) return false;
    }
    if (!traits::try_lock(lock_)) return false;
    RTSEQ_LOCKDEP_HOOK(acquired(lockdep_));
    owner_.set();
    return true;
  }
  void unlock() {
    RTSEQ_LOCKDEP_HOOK(release(lockdep_));
    owner_.clear();
    traits::unlock(lock_);
  }

  // The same without waiting. Interrupts are held off only if the lock is had.
  [[nodiscard]] bool try_lock_irqsave(flags_type& flags) {
    if constexpr (Context::irqsave_masks) flags = Context::save_and_disable();
    if (try_lock()) return true;
    if constexpr (Context::irqsave_masks) Context::restore(flags);
    return false;
  }

  // One step: interrupts only where the context's handlers would interrupt this thread, then the lock.
  [[nodiscard]] flags_type lock_irqsave() {
    flags_type flags{};
    if constexpr (Context::irqsave_masks) {
      flags = Context::save_and_disable();
      undo_if_it_throws lock_throws{[&] { Context::restore(flags); }};
      lock();
      lock_throws.threw = false;
    } else {
      lock();
    }
    return flags;
  }
  void unlock_irqrestore([[maybe_unused]] flags_type flags) {
    unlock();
    if constexpr (Context::irqsave_masks) Context::restore(flags);
  }

  // An even token of `count`, whose writers these are. Waits for a writer in mid-write.
  read_token begin(const sequence& count) {
    RTSEQ_LOCKDEP_HOOK(waits_for_even(count.lockdep_map(), &lockdep_));
    const read_token token = count.begin();
    return sequence::odd(token) ? begin_even(count) : token;
  }

  // The same until `end` at the latest. Empty: it is over, or the writer is the caller.
  [[gnu::cold, gnu::noinline]] std::optional<read_token> begin_until(
      const sequence& count, const deadline& end) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    const auto even = [](read_token token) {
      return sequence::odd(token) ? std::nullopt : std::optional{token};
    };
    RTSEQ_LOCKDEP_QUIET;  // a wait that ends is no deadlock
    if (const auto token = even(count.begin_after_pause())) return token;
    might_sleep<Context, Lock>(this);
    for (backoff backoff;; backoff.pause()) {
      // One look more: the pause may have been long.
      if (end.passed() || owner_.is_this_thread(lock_)) return even(count.begin());
      if constexpr (lends_priority_until_a_deadline<Lock>) {
        flags_type flags{};
        if constexpr (Context::irqsave_masks) flags = Context::save_and_disable();
        if (lock_.try_lock_until(end)) {
          owner_.set();
          const read_token token = count.begin();  // even: the lock is held
          unlock_irqrestore(flags);
          return token;
        }
        if constexpr (Context::irqsave_masks) Context::restore(flags);
      }
      if (const auto token = even(count.begin())) return token;
    }
  }

  // Sleeps until `count` has left `token`. A sleeper says so under the lock, so that the next writer knows:
  // no wake-up is lost, and writers need no fence to look.
  void wait_changed(const sequence& count, read_token token);

  // Ends every wait_changed of `count`. The caller holds the lock and has changed the count.
  void wake_sleepers([[maybe_unused]] const sequence& count) {
    if constexpr (excluding_lock<Lock>) {  // else nobody sleeps
      // relaxed, here and in wait_changed: the lock orders it.
      if (has_sleepers_.load(std::memory_order_relaxed)) [[unlikely]] {
        has_sleepers_.store(false, std::memory_order_relaxed);
        count.wake_sleepers();
      }
    }
  }

 private:
  // A user's lock may.
  template <class Undo>
  struct undo_if_it_throws {
    Undo undo;
    bool threw = true;
    ~undo_if_it_throws() {
      if (threw) undo();
    }
  };
  template <class Undo>
  undo_if_it_throws(Undo) -> undo_if_it_throws<Undo>;

  // Interrupts are held off while the reader has the lock: a handler that took it would wait for its own thread.
  [[gnu::cold, gnu::noinline]] read_token begin_even(const sequence& count) {
    return begin_behind_writer(count, lock_, owner_, [this](auto section) {
      RTSEQ_LOCKDEP_QUIET;
      const exclusive_section<Context, Lock> held{*this};
      return section();
    });
  }

  [[no_unique_address]] lock_owner<Lock> owner_;
#if RTSEQ_LOCKDEP
  mutable lockdep::map lockdep_;
  Lock lock_ = lockdep::make_inner_lock<Lock>();
#else
  Lock lock_;
#endif
  atomic<bool> has_sleepers_{false};
};

// lock_irqsave, unlock_irqrestore.
template <interrupt_context Context, class Lock>
class exclusive_section {
 public:
  explicit exclusive_section(writer_side<Context, Lock>& writers)
      : writers_{writers}, flags_{writers.lock_irqsave()} {}
  ~exclusive_section() { writers_.unlock_irqrestore(flags_); }
  exclusive_section(const exclusive_section&) = delete;
  exclusive_section& operator=(const exclusive_section&) = delete;

 private:
  writer_side<Context, Lock>& writers_;
  typename Context::flags_type flags_;
};

// The same if the lock is to be had at once.
template <interrupt_context Context, class Lock>
class try_exclusive_section {
 public:
  explicit try_exclusive_section(writer_side<Context, Lock>& writers)
      : writers_{writers}, held_{writers.try_lock_irqsave(flags_)} {}
  ~try_exclusive_section() {
    if (held_) writers_.unlock_irqrestore(flags_);
  }
  try_exclusive_section(const try_exclusive_section&) = delete;
  try_exclusive_section& operator=(const try_exclusive_section&) = delete;
  explicit operator bool() const noexcept { return held_; }

 private:
  writer_side<Context, Lock>& writers_;
  [[no_unique_address]] typename Context::flags_type flags_{};
  bool held_;
};

template <interrupt_context Context, class Lock>
[[gnu::noinline]] void writer_side<Context, Lock>::wait_changed(const sequence& count, read_token token) {
  might_sleep<Context>(this,
                       "waiting for a write sleeps, and interrupts are disabled: the writer may be one");
  while (!count.changed_since(token)) {
    {
      const exclusive_section held{*this};
      if (count.changed_since(token)) return;
      has_sleepers_.store(true, std::memory_order_relaxed);  // relaxed: as in wake_sleepers
    }
    RTSEQ_LOCKDEP_HOOK(sleeping("wait_changed"));
    count.sleep(token);  // not if a writer has come between: the kernel compares the count
  }
}

}  // namespace rtseq::detail

#endif
