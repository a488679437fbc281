// How many reads a second, by number of readers and pace of the writer; and how many writes. 64 bytes.
#include "candidates.hpp"
#include "contest.hpp"

namespace rtseq::bench {
namespace {

using payload = value<64>;

template <class P>
void throughput(benchmark::State& state, const contest_setup& setup) {
  alignas(page) static P object;
  // Who gets the cache line how often settles differently each time.
  const unsigned slices = setup.writer.writes && setup.writer.period.count() == 0 ? 4 : 1;
  double reads = 0;
  double writes = 0;
  for (auto _ : state) {
    for (unsigned i = 0; i < slices; ++i) {
      const contest_result result = run_contest<payload>(object, setup);
      reads += result.reads_per_second / slices;
      writes += result.writes_per_second / slices;
    }
  }
  state.counters["reads_per_second"] = reads;
  state.counters["writes_per_second"] = writes;
}

// With as many readers as processors one of them shares its own with the writer.
const bool registered = [] {
  for_each(all_candidates<payload>(), []<class P>(const candidate<P>& c) {
    for (unsigned readers = 1; readers <= cpus(); ++readers) {
      for (const pace& writer : paces) {
        const contest_setup setup{readers, writer, cpus() - 1};
        const std::string name = "throughput/" + c.name + "/" + std::to_string(readers) + "/" + writer.name;
        benchmark::RegisterBenchmark(name.c_str(), throughput<P>, setup)->Iterations(1)->UseRealTime();
      }
    }
  });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
