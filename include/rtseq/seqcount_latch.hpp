// A latch count: two copies of the data, so that a reader never waits for a stalled writer.
//
// The writer changes the copies in turn and sends readers to the one that it is not changing. A reader that
// interrupts the writer, even one that nothing can mask, gets through in one pass, with the old value or the
// new. For one value use latched; this is for data with a lookup of its own (a tree, a table).
//
//   latch.write_latch_begin(); change(data[0]);     // the writer
//   latch.write_latch();       change(data[1]);
//   latch.write_latch_end();
//
//   do {                                            // a reader
//     token = latch.read_latch();
//     result = look_up(data[latch.index(token)]);
//   } while (latch.read_retry(token));
//
// Cost: a read as with seqcount; a write twice the work. Size: 8 bytes.
// Limits: one writer at a time; readers must survive a copy that changes under them until they check.
// Source: Linux include/linux/seqlock.h, seqcount_latch_t.
#ifndef RTSEQ_SEQCOUNT_LATCH_HPP
#define RTSEQ_SEQCOUNT_LATCH_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/sequence.hpp>

#include <cstdint>

namespace rtseq {

class seqcount_latch {
 public:
#if RTSEQ_LOCKDEP
  constexpr seqcount_latch(RTSEQ_LOCKDEP_NAME) noexcept : lockdep_{lockdep_name, "latch", &lockdep_type} {}
  detail::lockdep::map& lockdep_map() const noexcept { return lockdep_; }
#else
  constexpr seqcount_latch() noexcept = default;
  constexpr seqcount_latch(lockdep::name) noexcept {}
#endif
  seqcount_latch(const seqcount_latch&) = delete;
  seqcount_latch& operator=(const seqcount_latch&) = delete;

  // Wait-free; any context.
  [[nodiscard]] read_token read_latch() const noexcept RTSEQ_NONBLOCKING {
    // acquire: pairs with advance's release; without it the copy could be read as it was before.
    return read_token{count_.load(std::memory_order_acquire)};
  }

  // Which copy to read, 0 or 1. Wait-free; any context.
  [[nodiscard]] unsigned index(read_token token) const noexcept RTSEQ_NONBLOCKING {
    return static_cast<unsigned>(token.count_ & 1);
  }

  // True: the copy may have changed since `token`, repeat. Wait-free; any context.
  [[nodiscard]] bool read_retry(read_token token) const noexcept RTSEQ_NONBLOCKING {
    // acquire: the copy's loads come before the load below. Pairs with advance's release fence; without it
    // data of a later write could pass with the old count.
    detail::data_fence(std::memory_order_acquire);
    return count_.load(std::memory_order_relaxed) != token.count_;
  }

  // One writer at a time. Each is wait-free.
  // Sends readers to copy 1. Copy 0 may be changed after it.
  void write_latch_begin(RTSEQ_LOCKDEP_AT) noexcept RTSEQ_NONBLOCKING {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(latch_begin(lockdep_));
    advance();
  }
  // Sends readers to copy 0. Copy 1 may be changed after it.
  void write_latch() noexcept RTSEQ_NONBLOCKING { advance(); }
  // Copy 1 is complete. The next begin publishes it.
  void write_latch_end() noexcept RTSEQ_NONBLOCKING { RTSEQ_LOCKDEP_HOOK(latch_end(lockdep_)); }

 private:
  void advance() noexcept RTSEQ_NONBLOCKING {
    // relaxed: the writer's own count; its lock orders it with the writer before.
    const std::uintptr_t now = count_.load(std::memory_order_relaxed);
    // release: the copy that readers are sent to is complete. Pairs with read_latch's acquire.
    count_.store(now + 1, std::memory_order_release);
    // release: readers are sent away before the other copy changes. Pairs with read_retry's acquire fence.
    detail::data_fence(std::memory_order_release);
  }

#if RTSEQ_LOCKDEP
  static constexpr detail::lockdep::type_info lockdep_type =
      detail::lockdep::bare_type<false, true, false, true>;
  mutable detail::lockdep::map lockdep_;
#endif
  detail::atomic<std::uintptr_t> count_{0};
};

}  // namespace rtseq

#endif
