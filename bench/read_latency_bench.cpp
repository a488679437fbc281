// How long does a single read take, in the middle and at worst, by pace of the writer? 64 bytes, a reader and a writer
// on processors of their own; what the clock costs is part of every figure.
#include "candidates.hpp"
#include "contest.hpp"

namespace rtseq::bench {
namespace {

using payload = value<64>;

template <class P>
void latency(benchmark::State& state, const pace& writer) {
  alignas(page) static P object;
  zonelist::latency_histogram latencies;
  for (auto _ : state) run_contest<payload>(object, {1, writer, cpus() - 1}, &latencies);
  for (const auto& [name, fraction] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"p99_9", 0.999}}) {
    state.counters[name] = static_cast<double>(latencies.percentile(fraction));
  }
  state.counters["max"] = static_cast<double>(latencies.max());
}

const bool registered = [] {
  for_each(all_candidates<payload>(), []<class P>(const candidate<P>& c) {
    for (const pace& writer : paces) {
      const std::string name = "latency/" + c.name + "/" + writer.name;
      benchmark::RegisterBenchmark(name.c_str(), latency<P>, writer)->Iterations(1)->UseRealTime();
    }
  });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
