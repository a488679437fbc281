// The count itself: what seqcount, seqlock and the values are made of.
//
// Even: nobody writes. Odd: a write section is open. A read section is valid if it began at an even count
// and the count is the same after it. The four orders below are each necessary:
//
//   reader                                   writer
//   count, acquire                           count + 1, relaxed
//   data, relaxed                            release fence
//   acquire fence                            data, relaxed
//   count, relaxed                           count + 2, release
#ifndef RTSEQ_DETAIL_SEQUENCE_HPP
#define RTSEQ_DETAIL_SEQUENCE_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/futex.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>

#include <cstdint>

namespace rtseq {

namespace detail {
class sequence;
}
class seqcount_latch;

// A read section's beginning. Only a begin makes one, so nothing else can be handed to a retry. Two tokens
// of one count are equal if no write came between them; one of raw_read_begin inside a section equals those before it.
class read_token {
 public:
  friend bool operator==(read_token, read_token) noexcept = default;

 private:
  friend class detail::sequence;
  friend class seqcount_latch;
  constexpr explicit read_token(std::uintptr_t count) noexcept : count_{count} {}
  std::uintptr_t count_;
};

namespace detail {

class sequence {
 public:
  using count_type = std::uintptr_t;

  constexpr sequence() noexcept = default;
#if RTSEQ_LOCKDEP
  constexpr explicit sequence(const rtseq::lockdep::name& name, const char* kind,
                              const lockdep::type_info& type) noexcept
      : lockdep_{name, kind, &type} {}
  lockdep::map& lockdep_map() const noexcept { return lockdep_; }
#endif
  sequence(const sequence&) = delete;
  sequence& operator=(const sequence&) = delete;

  // Wait-free. A token that validates only if it is even.
  read_token begin() const noexcept RTSEQ_NONBLOCKING {
    // acquire: pairs with write_end's release; without it the section could read data older than its count.
    return read_token{count_.load(std::memory_order_acquire)};
  }
  static bool odd(read_token token) noexcept RTSEQ_NONBLOCKING { return (token.count_ & 1) != 0; }

  // A token that can never validate, if `token` is odd.
  static read_token even(read_token token) noexcept RTSEQ_NONBLOCKING {
    return read_token{token.count_ & ~count_type{1}};
  }

  // Wait-free. Must the read section that began at `token` be repeated?
  bool retry(read_token token) const noexcept RTSEQ_NONBLOCKING {
    // acquire: the section's loads come before the load below. Pairs with write_begin's release fence;
    // without it data of a newer section could pass with the old count.
    data_fence(std::memory_order_acquire);
    return count_.load(std::memory_order_relaxed) != token.count_;
  }

  // Wait-free. One writer at a time.
  void write_begin() noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HOOK(write_begin(lockdep_));
    // relaxed: the writer's own count, which its lock orders; the store is ordered by the fence.
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    // release: the odd count comes before the section's stores. Pairs with retry's acquire fence.
    data_fence(std::memory_order_release);
  }
  void write_end() noexcept RTSEQ_NONBLOCKING {
    advance(1);
    RTSEQ_LOCKDEP_HOOK(write_end(lockdep_));
  }

  // Readers that have begun will repeat.
  void invalidate() noexcept RTSEQ_NONBLOCKING { advance(2); }

  // Orders the stores before it against those after it: no reader accepts the later without the earlier.
  void barrier() noexcept RTSEQ_NONBLOCKING {
    write_begin();
    write_end();
  }

  // Has the count left `token`? Unlike retry it orders nothing, and an open section counts as a change.
  bool changed_since(read_token token) const noexcept RTSEQ_NONBLOCKING { return !(begin() == token); }

  // Sleeps while the count is that of `token`; may return early for no reason. Blocking.
  void sleep(read_token token) const noexcept { futex_wait(count_, token.count_); }
  void wake_sleepers() const noexcept { futex_wake_all(count_); }

  // Pauses a bounded while for an even count; the token may still be odd.
  read_token begin_after_pause() const noexcept {
    for (unsigned i = 1; i < looks; ++i) {
      look_away();
      if (const read_token token = begin(); !odd(token)) return token;
    }
    look_away();
    return begin();
  }

  // Blocking. The slow path of a begin: pauses a bounded while for an even count, then asks `wait` for one,
  // which either makes the count even and returns a token, or waits a little and returns an odd one.
  template <class Wait>
  [[gnu::cold, gnu::noinline]] read_token begin_even(Wait wait) const {
    if (const read_token token = begin_after_pause(); !odd(token)) return token;
    for (;;) {
      if (const read_token token = wait(); !odd(token)) return token;
    }
  }

 private:
  static constexpr unsigned looks = 16;  // a few microseconds

  void advance(count_type by) noexcept RTSEQ_NONBLOCKING {
    // relaxed: the writer's own count; its lock orders it with the writer before.
    const count_type now = count_.load(std::memory_order_relaxed);
    // release: the section's stores come before the even count. Pairs with begin's acquire.
    count_.store(now + by, std::memory_order_release);
  }

#if RTSEQ_LOCKDEP
  mutable lockdep::map lockdep_;
#endif
  atomic<count_type> count_{0};
};

}  // namespace detail
}  // namespace rtseq

#endif
