// The side of a sequence lock that is not lock-free: the writers' lock, the context whose interrupts it holds
// off, and the wait of a reader that finds a writer in mid-write.
#ifndef RTSEQ_DETAIL_WRITER_SIDE_HPP
#define RTSEQ_DETAIL_WRITER_SIDE_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/sequence.hpp>
#include <rtseq/detail/waiting.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/violation.hpp>

namespace rtseq::detail {

template <interrupt_context Context, class Lock>
class writer_side {
  static_assert(writer_lock<Lock>,
                "rtseq: Lock needs lock(), try_lock() and unlock(), or its own lock_traits");
  using traits = lock_traits<Lock>;

 public:
  using flags_type = typename Context::flags_type;

  void lock() {
    might_sleep<Context, Lock>(this);
    if constexpr (!knows_its_owner<Lock>) {
      if (owner_.is_this_thread(lock_)) [[unlikely]] {
        fatal_violation(violation::self_deadlock, "seqlock: locked again by its owner", this);
      }
    }
    traits::lock(lock_);
    owner_.set();
  }
  [[nodiscard]] bool try_lock() {
    if constexpr (!knows_its_owner<Lock>) {  // such a lock may forbid its owner to ask (std::mutex)
      if (owner_.is_this_thread(lock_)) return false;
    }
    if (!traits::try_lock(lock_)) return false;
    owner_.set();
    return true;
  }
  void unlock() {
    owner_.clear();
    traits::unlock(lock_);
  }

  // One step: interrupts only where the context's handlers would interrupt this thread, then the lock.
  [[nodiscard]] flags_type lock_irqsave() {
    flags_type flags{};
    if constexpr (Context::irqsave_masks) flags = Context::save_and_disable();
    lock();
    return flags;
  }
  void unlock_irqrestore([[maybe_unused]] flags_type flags) {
    unlock();
    if constexpr (Context::irqsave_masks) Context::restore(flags);
  }

  // An even token of `count`, whose writers these are. Waits for a writer in mid-write.
  read_token begin(const sequence& count) const {
    const read_token token = count.begin();
    return sequence::odd(token) ? begin_even(count) : token;
  }

 private:
  [[gnu::cold, gnu::noinline]] read_token begin_even(const sequence& count) const {
    return begin_behind_writer(count, lock_, owner_, [this] { might_sleep<Context, Lock>(this); });
  }

  [[no_unique_address]] lock_owner<Lock> owner_;
  mutable Lock lock_;  // mutable: a reader waits by locking
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

}  // namespace rtseq::detail

#endif
