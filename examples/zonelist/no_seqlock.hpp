// A seqlock's interface with nothing behind it: `run --unsafe`. What then happens is why the seqlock is
// there.
#ifndef ZONELIST_NO_SEQLOCK_HPP
#define ZONELIST_NO_SEQLOCK_HPP

#include <rtseq/detail/annotations.hpp>

namespace zonelist {

class RTSEQ_CAPABILITY("nothing") no_seqlock {
 public:
  // A walk that found nothing is believed: only a cookie could tell that it is worth another.
  static constexpr bool validates = false;
  struct token {};
  struct flags_type {};

  token read_begin() const noexcept { return {}; }
  bool read_retry(token) const noexcept { return false; }  // whatever was read is believed
  flags_type write_lock_irqsave() noexcept RTSEQ_ACQUIRE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { return {}; }
  void write_unlock_irqrestore(flags_type) noexcept RTSEQ_RELEASE() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {}
};

}  // namespace zonelist

#endif
