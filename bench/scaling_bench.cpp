// Do two readers get as much more done than one as two plain-copy loops do? 64 bytes, nobody writes.
#include <rtseq/seqlocked.hpp>

#include "peers/plain.hpp"
#include "slices.hpp"

namespace rtseq::bench {
namespace {

using payload = value<64>;
using ours = seqlocked<payload>;
using limit = plain<payload>;

void scaling(benchmark::State& state) {
  constexpr std::array contests{reads_per_second<ours, payload, 1>, reads_per_second<limit, payload, 1>,
                                reads_per_second<ours, payload, 2>, reads_per_second<limit, payload, 2>};
  std::vector<double> of_plain;
  for (auto _ : state) {
    for (unsigned i = 0; i < 19; ++i) {
      const auto [ours_alone, limit_alone, ours_both, limit_both] = slice_of(contests, i % 2 != 0);
      of_plain.push_back(ours_both / ours_alone / (limit_both / limit_alone));
    }
  }
  state.counters["of_plain"] = median(of_plain);
}
BENCHMARK(scaling)->Name("scaling/seqlocked/2")->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace rtseq::bench
