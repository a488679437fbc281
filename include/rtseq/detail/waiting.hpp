// How a reader waits for a writer that is in mid-write: by the writer's lock.
#ifndef RTSEQ_DETAIL_WAITING_HPP
#define RTSEQ_DETAIL_WAITING_HPP

#include <rtseq/detail/sequence.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/violation.hpp>

#include <optional>

namespace rtseq::detail {

// Waits until `count` is even. A lock that boosts its owner is taken and released: the writer then runs at
// the reader's priority, and while the lock is held the count is even, so one wait is enough. With any other
// lock the processor is given away until the writer is done. `with_lock` calls its argument with the lock held.
// Blocking; if the lock boosts, for the section under way and those of the lock's waiters before it.
template <class Lock, class WithLock>
read_token begin_behind_writer(const sequence& count, const Lock& lock, const lock_owner<Lock>& owner,
                               [[maybe_unused]] WithLock with_lock) {
  return count.begin_even([&, backoff = detail::backoff{}, last = std::optional<read_token>{}]() mutable {
    if (owner.is_this_thread(lock)) {
      fatal_violation(violation::self_deadlock,
                      "a read section begins inside the caller's own write section, and would wait for ever "
                      "(in a handler: the writer must use the _irqsave form)",
                      &count);
    }
    if constexpr (lock_traits<Lock>::boosts_owner) {
      return with_lock([&] { return count.begin(); });
    } else {
      // A count that moves has a writer that runs, and needs no processor of the reader's.
      const read_token now = count.begin_after_pause();
      if (sequence::odd(now) && now == last) backoff.pause();
      last = now;
      return now;
    }
  });
}

}  // namespace rtseq::detail

#endif
