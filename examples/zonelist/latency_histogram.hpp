// How long something took, recorded from any context: counts per bucket, 32 buckets to each power of two (3
// %).
//
// One writer, who may be a signal handler; any number of readers at any time. Nothing is allocated. Source:
// G. Tene, HdrHistogram (log-linear buckets).
#ifndef ZONELIST_LATENCY_HISTOGRAM_HPP
#define ZONELIST_LATENCY_HISTOGRAM_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace zonelist {

class latency_histogram {
 public:
  // Wait-free; the writer only. All accesses are relaxed: the counts order nothing, and whoever wants them
  // exact joins the writer first.
  void record(std::chrono::nanoseconds duration) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    add(counts_[bucket_of(ns)], 1);
    if (ns > max()) max_.store(ns, std::memory_order_relaxed);
  }

  // Adds what another histogram holds. As record().
  void merge(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < buckets; ++i) add(counts_[i], load(other.counts_[i]));
    max_.store(std::max(max(), other.max()), std::memory_order_relaxed);
  }

  std::uint64_t max() const noexcept { return load(max_); }

  // The smallest bucket bound that `fraction` of the records do not exceed, in ns; 0 without records.
  std::uint64_t percentile(double fraction) const noexcept {
    std::uint64_t total = 0;
    for (const auto& count : counts_) total += load(count);
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(total));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      seen += load(counts_[i]);
      if (seen > wanted) return std::min(upper_bound_of(i), max());
    }
    return max();
  }

 private:
  using counter = std::atomic<std::uint64_t>;
  static constexpr unsigned sub_bits = 5;
  static constexpr std::size_t subs = std::size_t{1} << sub_bits;
  static constexpr std::size_t buckets = (64 - sub_bits + 1) * subs;

  static constexpr std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < subs) return static_cast<std::size_t>(ns);
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - sub_bits - 1;
    return subs * shift + static_cast<std::size_t>(ns >> shift);
  }
  static constexpr std::uint64_t upper_bound_of(std::size_t bucket) noexcept {
    if (bucket < 2 * subs) return bucket;
    const std::size_t shift = bucket / subs - 1;
    return ((std::uint64_t{bucket % subs + subs} + 1) << shift) - 1;
  }

  static std::uint64_t load(const counter& c) noexcept { return c.load(std::memory_order_relaxed); }
  static void add(counter& c, std::uint64_t n) noexcept { c.store(load(c) + n, std::memory_order_relaxed); }

  std::array<counter, buckets> counts_{};
  counter max_{0};
};

}  // namespace zonelist

#endif
