// What is compared shortly after one another, again and again.
//
// The processors may be faster in this tenth of a second than in the next, or share their core with somebody: so each
// slice has its own answer, and the median counts.
#ifndef RTSEQ_BENCH_SLICES_HPP
#define RTSEQ_BENCH_SLICES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "contest.hpp"

namespace rtseq::bench {

// How many reads a second so many readers of a P get done while nobody writes, the first of them on processor Cpu.
template <class P, class T, unsigned Readers, unsigned Cpu = 0>
double reads_per_second() {
  alignas(page) static P object;
  return run_contest<T>(object, {Readers, paces.front(), 0, Cpu}).reads_per_second;
}

// What each of `contests` says, run in this order or in the reverse one.
template <std::size_t N>
std::array<double, N> slice_of(const std::array<double (*)(), N>& contests, bool reversed) {
  std::array<double, N> rates;
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t which = reversed ? N - 1 - i : i;
    rates[which] = contests[which]();
  }
  return rates;
}

// Of at least one.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace rtseq::bench

#endif
