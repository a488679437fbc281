// What one simulated device's interrupt does: allocate a page lock-free, now and then check a whole list.
//
// Async-signal-safe: it may run on top of the writer's own thread. Everything that it needs is there
// beforehand.
#ifndef ZONELIST_INTERRUPT_HPP
#define ZONELIST_INTERRUPT_HPP

#include "cache.hpp"
#include "latency_histogram.hpp"
#include "random.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zonelist {

// Written by one handler, read by whoever reports. All accesses are relaxed: counts that order nothing, exact
// once the handler has been joined.
struct interrupt_counts {
  std::atomic<std::uint64_t> allocations{0};
  std::atomic<std::uint64_t> restarts{0};
  std::atomic<std::uint64_t> false_oom{0};
  std::atomic<std::uint64_t> torn{0};
  latency_histogram read_time;

  // The one writer's: not a read-modify-write, for nobody else writes.
  static void set(std::atomic<std::uint64_t>& count, std::uint64_t value) noexcept {
    count.store(value, std::memory_order_relaxed);
  }
  static std::uint64_t get(const std::atomic<std::uint64_t>& count) noexcept {
    return count.load(std::memory_order_relaxed);
  }
};

// One device. Runs in one place at a time; on cache lines of its own.
template <class Cache>
class alignas(64) interrupt {
 public:
  // Allocates for the CPUs of `nodes`. Both references outlive the handler.
  interrupt(Cache& pages, const std::vector<int>& nodes, std::uint64_t seed)
      : cache_{pages}, nodes_{nodes}, random_{seed} {}

  void operator()() noexcept {
    using clock = std::chrono::steady_clock;
    const int local = nodes_[random_.below(nodes_.size())];
    give_back(held_[next_]);

    const auto from = clock::now();
    const auto block = cache_.allocate(local, 1, stats_);
    counts_.read_time.record(clock::now() - from);

    // The writer sees to it that there is always memory, so a failure is a false one.
    increment(block ? counts_.allocations : counts_.false_oom);
    held_[next_] = block;
    next_ = (next_ + 1) % held_.size();
    if (next_ == 0) check_lists(local);
    interrupt_counts::set(counts_.restarts, stats_.restarts);
  }

  // Gives back what it still holds; after its last run.
  void stop() noexcept {
    for (auto& block : held_) give_back(block);
  }
  const interrupt_counts& counts() const noexcept { return counts_; }

 private:
  static void increment(std::atomic<std::uint64_t>& count) noexcept {
    interrupt_counts::set(count, interrupt_counts::get(count) + 1);
  }
  void give_back(std::optional<page_block>& block) noexcept {
    if (block) cache_.free(*block);
    block.reset();
  }
  void check_lists(int local) noexcept {
    for (const list_kind kind : {list_kind::fallback, list_kind::nofallback}) {
      if (!cache_.list_is_intact(local, stats_, kind)) increment(counts_.torn);
    }
  }

  Cache& cache_;
  const std::vector<int>& nodes_;
  random_source random_;
  reader_stats stats_;
  // Pages are held across interrupts, so that nodes go while pages of theirs are out.
  std::array<std::optional<page_block>, 2> held_{};
  std::size_t next_ = 0;
  interrupt_counts counts_;
};

}  // namespace zonelist

#endif
