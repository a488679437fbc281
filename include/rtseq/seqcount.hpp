// A sequence count: readers find out whether a write came between, and repeat.
//
// For writers that are already serialised by something of their own: one writer thread, or a lock. For a
// lock and a count in one object use seqlock; for one value, seqlocked. A count that knows its writers' lock
// (seqcount<Lock>) lets a reader wait for a preempted writer by lending it priority; one that does not can
// only give the processor away.
//
//   do { token = count.read_begin(); x = shared.x; } while (count.read_retry(token));
//
// The data between begin and retry is read race-free: relaxed<T> fields, or per_byte_memcpy.
//
// Cost: begin and retry are a load each; write_begin and write_end a load and a store each. Readers write
// nothing. Size: 8 bytes, with a lock one pointer more (and an owner's id if the lock does not know it).
// Limits: a count is as wide as a pointer; a reader that sleeps through exactly 2^63 writes (2^31 on 32-bit
// targets) would accept a stale section. A reader of seqcount<> inside its own write section
// waits for ever: only a count that knows its lock can tell.
// Source: Linux include/linux/seqlock.h, seqcount_t and seqcount_LOCKNAME_t.
#ifndef RTSEQ_SEQCOUNT_HPP
#define RTSEQ_SEQCOUNT_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/sequence.hpp>
#include <rtseq/detail/waiting.hpp>
#include <rtseq/lock/traits.hpp>

#include <optional>

namespace rtseq {

namespace detail {

// The writers' lock of a count: none, or somebody else's.
template <class Lock>
class associated_lock {
 public:
  constexpr explicit associated_lock(Lock& lock) noexcept : lock_{&lock} {}
  read_token begin_even(const sequence& count) const {
    return begin_behind_writer(count, *lock_, owner_, [this](auto section) {
      RTSEQ_LOCKDEP_QUIET;
      lock_traits<Lock>::lock(*lock_);
      const read_token token = section();
      lock_traits<Lock>::unlock(*lock_);
      return token;
    });
  }
  void write_begins() noexcept { owner_.set(); }
#if RTSEQ_LOCKDEP
  static constexpr lockdep::type_info lockdep_type =
      lockdep::bare_type<true, lock_traits<Lock>::sleeps, lock_traits<Lock>::boosts_owner, true>;
  const lockdep::map* lockdep_lock() const noexcept { return lockdep::map_of(*lock_); }
  void lockdep_writes(const lockdep::map& count) const noexcept {
    if constexpr (knows_its_owner<Lock>) {
      if (!lock_->held_by_this_thread()) lockdep::write_without_lock(count);
    }
  }
#endif
  void write_ended() noexcept { owner_.clear(); }

 private:
  Lock* lock_;
  [[no_unique_address]] lock_owner<Lock> owner_;
};

template <>
class associated_lock<void> {
 public:
  constexpr associated_lock() noexcept = default;
  read_token begin_even(const sequence& count) const {
    return count.begin_even([&count, backoff = backoff{}]() mutable {
      backoff.pause();
      return count.begin();
    });
  }
  void write_begins() noexcept {}
#if RTSEQ_LOCKDEP
  static constexpr lockdep::type_info lockdep_type = lockdep::bare_type<true, true, false, true>;
  const lockdep::map* lockdep_lock() const noexcept { return nullptr; }
  void lockdep_writes(const lockdep::map&) const noexcept {}
#endif
  void write_ended() noexcept {}
};

}  // namespace detail

template <class Lock = void>
class seqcount : private detail::associated_lock<Lock> {
  using writers = detail::associated_lock<Lock>;

 public:
  // seqcount<>: no argument. seqcount<Lock>: the lock that every writer holds; it must outlive the count. A name
  // (lockdep.hpp) may follow.
#if RTSEQ_LOCKDEP
  constexpr seqcount(RTSEQ_LOCKDEP_NAME) noexcept requires std::is_void_v<Lock>
      : count_{lockdep_name, "seqcount", writers::lockdep_type} {}
  template <std::same_as<Lock> L>
  constexpr explicit seqcount(L& lock, RTSEQ_LOCKDEP_NAME) noexcept
      : writers{lock}, count_{lockdep_name, "seqcount", writers::lockdep_type} {}
  detail::lockdep::map& lockdep_count_map() const noexcept { return count_.lockdep_map(); }
  void lockdep_expect_writers_lock() const noexcept { writers::lockdep_writes(count_.lockdep_map()); }
#else
  constexpr seqcount() noexcept requires std::is_void_v<Lock>
  = default;
  constexpr seqcount(lockdep::name) noexcept requires std::is_void_v<Lock> {}
  template <std::same_as<Lock> L>
  constexpr explicit seqcount(L& lock) noexcept : writers{lock} {}
  template <std::same_as<Lock> L>
  constexpr seqcount(L& lock, lockdep::name) noexcept : writers{lock} {}
#endif

  // Waits for an even count. Lock-free while nobody writes; else blocking, with a lock that boosts its owner for
  // the section under way and those of the lock's waiters before it. Tasks and handlers, but not inside the
  // caller's own write section: that is a reported error (violation::self_deadlock) if the count knows its lock.
  [[nodiscard]] read_token read_begin(RTSEQ_LOCKDEP_AT) const noexcept {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(read_begin(count_.lockdep_map()));
    RTSEQ_LOCKDEP_HOOK(waits_for_even(count_.lockdep_map(), writers::lockdep_lock()));
    const read_token token = count_.begin();
    return detail::sequence::odd(token) ? writers::begin_even(count_) : token;
  }

  // Never waits; empty while a write section is open. Wait-free; any context.
  [[nodiscard]] std::optional<read_token> try_read_begin() const noexcept RTSEQ_NONBLOCKING {
    const read_token token = count_.begin();
    if (detail::sequence::odd(token)) return std::nullopt;
    return token;
  }

  // Never waits; a section that begins while a write section is open never validates. Wait-free; any context.
  [[nodiscard]] read_token raw_read_begin() const noexcept RTSEQ_NONBLOCKING {
    return detail::sequence::even(count_.begin());
  }

  // True: something was written since `token`, repeat the section. Wait-free; any context.
  [[nodiscard]] bool read_retry(read_token token) const noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HOOK(read_end(count_.lockdep_map()));
    return count_.retry(token);
  }

  // Open and close a write section. Wait-free. The caller holds the writers' lock and keeps out handlers
  // that read; sections do not nest. Handlers that write need a seqlock, or a lock that does not boost: a
  // waiting reader takes a lock that does, and a handler on top of it would wait for its own thread.
  void write_begin(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(expect_writers_lock(*this));
    writers::write_begins();
    count_.write_begin();
  }
  void write_end() noexcept RTSEQ_NONBLOCKING {
    count_.write_end();
    writers::write_ended();
  }

  // Makes readers that have begun repeat. Wait-free; the caller holds the writers' lock.
  void write_invalidate(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(expect_writers_lock(*this));
    count_.invalidate();
  }

  // Orders the stores before it against those after it, without a section: a reader that accepts a later
  // one also sees the earlier ones. Wait-free; the caller holds the writers' lock.
  void write_barrier(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(expect_writers_lock(*this));
    count_.barrier();
  }

  // Has anything been written since `token`? Wait-free; any context.
  [[nodiscard]] bool changed_since(read_token token) const noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HOOK(read_end(count_.lockdep_map()));
    return count_.changed_since(token);
  }

 private:
  detail::sequence count_;
};

seqcount(lockdep::name)->seqcount<>;
template <class Lock>
seqcount(Lock&) -> seqcount<Lock>;
template <class Lock>
seqcount(Lock&, lockdep::name) -> seqcount<Lock>;

}  // namespace rtseq

#endif
