// What does it cost to load and to store a protected value of a given size, uncontended?
//
// Against the limit (a plain copy), memcpy between fences (a data race), and std::mutex.
#include <benchmark/benchmark.h>

#include <rtseq/latched.hpp>
#include <rtseq/seqlocked.hpp>

#include "support.hpp"

namespace {

using rtseq::bench::value;

template <template <class...> class Protected, std::size_t Bytes>
void load(benchmark::State& state) {
  Protected<value<Bytes>> shared;
  auto* escaped = &shared;  // somebody else may look
  benchmark::DoNotOptimize(escaped);
  for (auto _ : state) {
    value<Bytes> copy = shared.load();
    benchmark::DoNotOptimize(copy);
    benchmark::ClobberMemory();
  }
}

template <template <class...> class Protected, std::size_t Bytes>
void store(benchmark::State& state) {
  Protected<value<Bytes>> shared;
  auto* escaped = &shared;
  benchmark::DoNotOptimize(escaped);
  value<Bytes> next{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(next);
    shared.store(next);
    benchmark::ClobberMemory();
  }
}

template <class T>
using seqlocked = rtseq::seqlocked<T>;
template <class T>
using latched = rtseq::latched<T>;

#define RTSEQ_BENCH_SIZE(bytes)                                 \
  BENCHMARK_TEMPLATE(load, rtseq::bench::plain, bytes);         \
  BENCHMARK_TEMPLATE(load, seqlocked, bytes);                   \
  BENCHMARK_TEMPLATE(load, latched, bytes);                     \
  BENCHMARK_TEMPLATE(load, rtseq::bench::racy_seqlock, bytes);  \
  BENCHMARK_TEMPLATE(load, rtseq::bench::locked, bytes);        \
  BENCHMARK_TEMPLATE(store, rtseq::bench::plain, bytes);        \
  BENCHMARK_TEMPLATE(store, seqlocked, bytes);                  \
  BENCHMARK_TEMPLATE(store, latched, bytes);                    \
  BENCHMARK_TEMPLATE(store, rtseq::bench::racy_seqlock, bytes); \
  BENCHMARK_TEMPLATE(store, rtseq::bench::locked, bytes)

RTSEQ_BENCH_SIZE(8);
RTSEQ_BENCH_SIZE(64);
RTSEQ_BENCH_SIZE(512);
RTSEQ_BENCH_SIZE(4096);

}  // namespace
