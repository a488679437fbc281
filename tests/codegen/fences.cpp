// Sections that handlers must find marked. fences.py looks for the depth's stores around the accesses to `data`.
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/deferred_log.hpp>

extern "C" {
extern int data;

void deferred_signal_section() {
  const auto flags = rtseq::deferred_signal_context::save_and_disable();
  data = data + 1;
  rtseq::deferred_signal_context::restore(flags);
}

void handler_scope() {
  const rtseq::signal_handler_scope scope;
  data = data + 1;
}

// The outermost, so that the compiler knows the depth before and after.
void deferral() {
  if (rtseq::in_deferral()) __builtin_unreachable();
  rtseq::deferred_enter();
  data = data + 1;
  rtseq::deferred_exit();
}
}
