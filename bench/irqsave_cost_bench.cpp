// What does it cost to hold interrupts off and let them in again, by context? pthread_sigmask is what it costs to block
// signals by hand.
#include <signal.h>
#include <rtseq/context.hpp>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>

#include "support.hpp"

namespace rtseq::bench {
namespace {

template <class Context>
void save_and_restore(benchmark::State& state) {
  for (auto _ : state) {
    const irqsave_guard<Context> guard;
    benchmark::ClobberMemory();
  }
}

template <class Context>
void write_section(benchmark::State& state) {
  alignas(page) static seqlock<Context> lock;
  for (auto _ : state) {
    const write_irqsave_guard guard{lock};
    benchmark::ClobberMemory();
  }
}

void sigmask_pair(benchmark::State& state) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  for (auto _ : state) {
    pthread_sigmask(SIG_BLOCK, &all, &before);
    benchmark::ClobberMemory();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
}

const bool registered = [] {
  const std::tuple contexts{
      candidate<task_context>{"task_context"},
      candidate<signal_context>{"signal_context"},
      candidate<deferred_signal_context>{"deferred_signal_context"},
      candidate<threaded_context>{"threaded_context"},
      candidate<virtual_cpu_context>{"virtual_cpu_context"},
  };
  for_each(contexts, []<class Context>(const candidate<Context>& c) {
    benchmark::RegisterBenchmark(("irqsave/" + c.name).c_str(), save_and_restore<Context>);
    benchmark::RegisterBenchmark(("write_section/" + c.name).c_str(), write_section<Context>);
  });
  benchmark::RegisterBenchmark("irqsave/pthread_sigmask", sigmask_pair);
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
