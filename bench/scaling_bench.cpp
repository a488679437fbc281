// Do two readers get as much more done than each of them alone as two plain-copy loops do? 64 bytes, nobody writes.
//
// Each alone, since the two processors need not be equally fast: who shares one's core costs one loop more than another.
#include <rtseq/seqlocked.hpp>

#include "peers/plain.hpp"
#include "slices.hpp"

namespace rtseq::bench {
namespace {

using payload = value<64>;
using ours = seqlocked<payload>;
using limit = plain<payload>;

void scaling(benchmark::State& state) {
  constexpr std::array contests{reads_per_second<ours, payload, 1, 0>, reads_per_second<limit, payload, 1, 0>,
                                reads_per_second<ours, payload, 1, 1>, reads_per_second<limit, payload, 1, 1>,
                                reads_per_second<ours, payload, 2>,    reads_per_second<limit, payload, 2>};
  std::vector<double> of_plain;
  for (auto _ : state) {
    for (unsigned i = 0; i < 13; ++i) {
      const auto [ours_0, limit_0, ours_1, limit_1, ours_both, limit_both] = slice_of(contests, i % 2 != 0);
      of_plain.push_back(ours_both / (ours_0 + ours_1) / (limit_both / (limit_0 + limit_1)));
    }
  }
  state.counters["of_plain"] = median(of_plain);
}
BENCHMARK(scaling)->Name("scaling/seqlocked/2")->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace rtseq::bench
