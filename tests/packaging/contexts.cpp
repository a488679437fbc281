// Every context compiles with nothing but `-I include -std=c++20`, under every name that takes one. Compiled
// only: deferred signals link with rtseq::runtime.
#include <rtseq/context.hpp>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <concepts>

template <class Context, bool Masks, bool Atomic, class Lock>
int use() {
  static_assert(rtseq::interrupt_context<Context>);
  static_assert(Context::irqsave_masks == Masks && Context::atomic_when_disabled == Atomic);
  static_assert(std::same_as<typename Context::lock_type, Lock>);
  rtseq::seqlock<Context> lock;
  { rtseq::write_irqsave_guard guard{lock}; }
  { rtseq::read_excl_irqsave_guard guard{lock}; }
  { rtseq::irqsave_guard<Context> guard; }
  rtseq::seqlocked<int, Context> value{1};
  value.store(2);
  rtseq::latched<int, Context> two;
  two.store(3);
  const int attempts = lock.read_or_lock([] { return 1; }, 2);
  return attempts + value.load() + two.load() + (Context::in_interrupt() ? 1 : 0) +
         (Context::interrupts_enabled() ? 1 : 0);
}

int main() {
  return use<rtseq::signal_context, true, false, rtseq::pi_mutex>() +
         use<rtseq::deferred_signal_context, true, false, rtseq::pi_mutex>() +
         use<rtseq::threaded_context, false, true, rtseq::pi_mutex>() +
         use<rtseq::virtual_cpu_context, true, true, rtseq::spinlock>();
}
