// Seqlock, latch or RCU: what becomes of a reader whose writer is preempted in mid-write?
//
// A reader and a writer without a pause share one processor; 1 KiB. Whenever the reader comes to run, the writer has
// probably been stopped inside a store. Who spins then loses the rest of its time slice; seqlocked hands the processor
// to the writer; latched and RCU read on. 1 KiB makes the section long enough to be hit.
#include "candidates.hpp"
#include "contest.hpp"

namespace rtseq::bench {
namespace {

using payload = value<1024>;
constexpr unsigned slices = 5;  // long enough for some turns of the scheduler

template <class P>
void preempted_writer(benchmark::State& state) {
  alignas(page) static P object;
  double reads = 0;
  double writes = 0;
  for (auto _ : state) {
    for (unsigned i = 0; i < slices; ++i) {
      const contest_result result = run_contest<payload>(object, {1, paces.back(), 0});
      reads += result.reads_per_second / slices;
      writes += result.writes_per_second / slices;
    }
  }
  state.counters["reads_per_second"] = reads;
  state.counters["writes_per_second"] = writes;
}

const bool registered = [] {
  for_each(all_candidates<payload>(), []<class P>(const candidate<P>& c) {
    const std::string name = "preempted_writer/" + c.name;
    benchmark::RegisterBenchmark(name.c_str(), preempted_writer<P>)->Iterations(1)->UseRealTime();
  });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
