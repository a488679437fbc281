// For read_cost and write_cost: one benchmark for each size and candidate.
#ifndef RTSEQ_BENCH_COST_HPP
#define RTSEQ_BENCH_COST_HPP

#include <string>
#include <utility>

#include "candidates.hpp"

namespace rtseq::bench {

using sizes = std::index_sequence<8, 16, 24, 32, 64, 100, 128, 256, 512, 1024, 4096>;
using few_sizes = std::index_sequence<8, 64, 512, 4096>;  // enough where a lock's share can be seen

// Registers Measure::run<P, T> as question/candidate/bytes for every T's `candidates_of`.
template <class Measure, std::size_t... Bytes, class CandidatesOf>
void register_costs(const std::string& question, std::index_sequence<Bytes...>, CandidatesOf candidates_of) {
  const auto one_size = [&]<std::size_t Size>() {
    for_each(candidates_of.template operator()<value<Size>>(), [&]<class P>(const candidate<P>& c) {
      const std::string name = question + "/" + c.name + "/" + std::to_string(Size);
      benchmark::RegisterBenchmark(name.c_str(), Measure::template run<P, value<Size>>);
    });
  };
  (one_size.template operator()<Bytes>(), ...);
}

}  // namespace rtseq::bench

#endif
