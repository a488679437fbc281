// Scoped sections of a seqlock, and of a context alone. A section ends when its guard does, also when an
// exception or a cancellation leaves it.
//
//   rtseq::write_irqsave_guard guard{lock};
//
// Guards end on the thread on which they began. Cost: that of the calls they make.
#ifndef RTSEQ_GUARDS_HPP
#define RTSEQ_GUARDS_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>

namespace rtseq {

// A write section that no interrupt reads: write_lock, write_unlock.
template <class Seqlock>
class [[nodiscard]] RTSEQ_SCOPED_CAPABILITY write_guard {
 public:
  explicit write_guard(Seqlock& lock RTSEQ_LOCKDEP_AND_AT) RTSEQ_ACQUIRE(lock) : lock_{lock} {
    RTSEQ_LOCKDEP_HERE;
    lock_.write_lock();
  }
  ~write_guard() RTSEQ_RELEASE() { lock_.write_unlock(); }
  write_guard(const write_guard&) = delete;
  write_guard& operator=(const write_guard&) = delete;

 private:
  Seqlock& lock_;
};

// A write section with interrupts held off: write_lock_irqsave, write_unlock_irqrestore.
template <class Seqlock>
class [[nodiscard]] RTSEQ_SCOPED_CAPABILITY write_irqsave_guard {
 public:
  explicit write_irqsave_guard(Seqlock& lock RTSEQ_LOCKDEP_AND_AT) RTSEQ_ACQUIRE(lock)
      : lock_{lock}, flags_{RTSEQ_LOCKDEP_VIA(lock.write_lock_irqsave())} {}
  ~write_irqsave_guard() RTSEQ_RELEASE() { lock_.write_unlock_irqrestore(flags_); }
  write_irqsave_guard(const write_irqsave_guard&) = delete;
  write_irqsave_guard& operator=(const write_irqsave_guard&) = delete;

 private:
  Seqlock& lock_;
  typename Seqlock::flags_type flags_;
};

// Writers excluded, readers undisturbed: read_lock_excl, read_unlock_excl.
template <class Seqlock>
class [[nodiscard]] RTSEQ_SCOPED_CAPABILITY read_excl_guard {
 public:
  explicit read_excl_guard(Seqlock& lock RTSEQ_LOCKDEP_AND_AT) RTSEQ_ACQUIRE(lock) : lock_{lock} {
    RTSEQ_LOCKDEP_HERE;
    lock_.read_lock_excl();
  }
  ~read_excl_guard() RTSEQ_RELEASE() { lock_.read_unlock_excl(); }
  read_excl_guard(const read_excl_guard&) = delete;
  read_excl_guard& operator=(const read_excl_guard&) = delete;

 private:
  Seqlock& lock_;
};

// The same with interrupts held off: read_lock_excl_irqsave, read_unlock_excl_irqrestore.
template <class Seqlock>
class [[nodiscard]] RTSEQ_SCOPED_CAPABILITY read_excl_irqsave_guard {
 public:
  explicit read_excl_irqsave_guard(Seqlock& lock RTSEQ_LOCKDEP_AND_AT) RTSEQ_ACQUIRE(lock)
      : lock_{lock}, flags_{RTSEQ_LOCKDEP_VIA(lock.read_lock_excl_irqsave())} {}
  ~read_excl_irqsave_guard() RTSEQ_RELEASE() { lock_.read_unlock_excl_irqrestore(flags_); }
  read_excl_irqsave_guard(const read_excl_irqsave_guard&) = delete;
  read_excl_irqsave_guard& operator=(const read_excl_irqsave_guard&) = delete;

 private:
  Seqlock& lock_;
  typename Seqlock::flags_type flags_;
};

// Interrupts held off and nothing else: save_and_disable, restore. Not for use around a lock: the lock's own
// _irqsave form does both in one step, and does the right thing where the lock sleeps.
template <interrupt_context Context>
class [[nodiscard]] irqsave_guard {
 public:
  irqsave_guard(RTSEQ_LOCKDEP_AT) noexcept : flags_{RTSEQ_LOCKDEP_VIA(Context::save_and_disable())} {}
  ~irqsave_guard() { Context::restore(flags_); }
  irqsave_guard(const irqsave_guard&) = delete;
  irqsave_guard& operator=(const irqsave_guard&) = delete;

 private:
  typename Context::flags_type flags_;
};

}  // namespace rtseq

#endif
