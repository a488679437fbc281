#include <rtseq/context/deferred_signal.hpp>

#include <signal.h>

// Did a handler run inside a section of this library's?
extern "C" [[gnu::visibility("default")]] bool runs_inside_a_section(const int& handled) {
  const auto flags = rtseq::deferred_signal_context::save_and_disable();
  const int before = handled;
  ::raise(SIGUSR1);
  const bool inside = handled != before;
  rtseq::deferred_signal_context::restore(flags);
  return inside;
}
