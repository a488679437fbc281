// Signals that a thread takes for a while, whatever mask it was started with: a mask survives exec, so a
// parent may have blocked them.
#ifndef ZONELIST_UNBLOCKED_SIGNALS_HPP
#define ZONELIST_UNBLOCKED_SIGNALS_HPP

#include <signal.h>

namespace zonelist {

// On the constructing thread, exactly `wanted`; the thread's mask as it was afterwards. Their handlers are
// installed before and taken away after: one that is pending arrives at once.
class unblocked_signals {
 public:
  explicit unblocked_signals(const sigset_t& wanted) noexcept {
    ::pthread_sigmask(SIG_UNBLOCK, &wanted, &before_);
  }
  ~unblocked_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  unblocked_signals(const unblocked_signals&) = delete;
  unblocked_signals& operator=(const unblocked_signals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace zonelist

#endif
