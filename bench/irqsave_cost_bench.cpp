// What does it cost to hold interrupts off and let them in again, by context?
#include <benchmark/benchmark.h>

#include <rtseq/context.hpp>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>

namespace {

template <class Context>
void save_and_restore(benchmark::State& state) {
  for (auto _ : state) {
    const rtseq::irqsave_guard<Context> guard;
    benchmark::ClobberMemory();
  }
}

template <class Context>
void write_section(benchmark::State& state) {
  rtseq::seqlock<Context> lock;
  for (auto _ : state) {
    const rtseq::write_irqsave_guard guard{lock};
    benchmark::ClobberMemory();
  }
}

#define RTSEQ_BENCH_CONTEXT(context)                    \
  BENCHMARK_TEMPLATE(save_and_restore, rtseq::context); \
  BENCHMARK_TEMPLATE(write_section, rtseq::context)

RTSEQ_BENCH_CONTEXT(task_context);
RTSEQ_BENCH_CONTEXT(signal_context);
RTSEQ_BENCH_CONTEXT(deferred_signal_context);
RTSEQ_BENCH_CONTEXT(threaded_context);
RTSEQ_BENCH_CONTEXT(virtual_cpu_context);

}  // namespace
