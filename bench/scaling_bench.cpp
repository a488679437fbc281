// Do two readers get as much more done than one as two plain-copy loops do? 64 bytes, nobody writes.
//
// The processors may be faster in this tenth of a second than in the next: so what is compared runs in slices right
// after one another, in this order and in the reverse one, and each slice has its own answer; the median counts.
#include <rtseq/seqlocked.hpp>

#include <algorithm>
#include <vector>

#include "contest.hpp"
#include "peers/plain.hpp"

namespace rtseq::bench {
namespace {

using payload = value<64>;

template <class P>
double reads_per_second(P& object, unsigned readers) {
  return run_contest<payload>(object, {readers, paces.front(), 0}).reads_per_second;
}

void scaling(benchmark::State& state) {
  alignas(page) static seqlocked<payload> ours;
  alignas(page) static plain<payload> copy;
  constexpr unsigned slices = 10;
  std::vector<double> ratios;
  for (auto _ : state) {
    for (unsigned i = 0; i < slices; ++i) {
      double rate[4];
      for (unsigned n = 0; n < 4; ++n) {
        const unsigned which = i % 2 == 0 ? n : 3 - n;
        const unsigned readers = which < 2 ? 1 : 2;
        rate[which] = which % 2 == 0 ? reads_per_second(ours, readers) : reads_per_second(copy, readers);
      }
      ratios.push_back(rate[2] / rate[0] / (rate[3] / rate[1]));
    }
  }
  std::nth_element(ratios.begin(), ratios.begin() + slices / 2, ratios.end());
  state.counters["of_plain"] = ratios[slices / 2];
}
BENCHMARK(scaling)->Name("scaling/seqlocked/2")->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace rtseq::bench
