// How many times the reads of two readers that lock do two readers of a seqlocked get done? 64 bytes, nobody writes.
//
// Readers that lock pass the lock's cache line to and fro, and what that costs depends on where the two processors are.
// On one last-level cache the line changes hands at nearly each lock and unlock. Where it takes longer on its way the
// processor that has it gets several pairs done first: the lock then does more reads, not fewer. A hypervisor may move
// the processors from one second to the next; so each slice says how long a line takes, and the two have answers of
// their own.
#include <rtseq/seqlocked.hpp>

#include <shared_mutex>

#include "peers/absl_mutex.hpp"
#include "peers/locked.hpp"
#include "peers/plain.hpp"
#include "slices.hpp"

namespace rtseq::bench {
namespace {

using payload = value<64>;
using clock = std::chrono::steady_clock;

// How long a cache line takes from processor 0 to 1, or back.
std::chrono::nanoseconds handover() {
  constexpr unsigned warm_up = 500;
  constexpr unsigned rounds = 2000;
  alignas(128) static std::atomic<unsigned> turn;
  turn.store(0, std::memory_order_relaxed);
  const auto pass_on = [](unsigned mine) {
    while (turn.load(std::memory_order_relaxed) != mine) {}
    turn.store(mine + 1, std::memory_order_relaxed);
  };
  clock::duration taken{};
  {
    const std::jthread one{[&] {
      pin_to(0);
      clock::time_point from;
      for (unsigned i = 0; i < warm_up + rounds; ++i) {
        pass_on(2 * i);
        if (i == warm_up) from = clock::now();
      }
      taken = clock::now() - from;
    }};
    const std::jthread other{[&] {
      pin_to(1);
      for (unsigned i = 0; i < warm_up + rounds; ++i) pass_on(2 * i + 1);
    }};
  }
  return taken / (2 * rounds);
}

// Where the two processors share their last-level cache it takes less: some 25 to 60 ns, against 100 to 400.
constexpr std::chrono::nanoseconds one_cache{100};

struct answers {
  std::vector<double> ours, limit;  // how many times the lock's reads

  void report(benchmark::State& state, const std::string& where) const {
    if (ours.empty()) return;
    state.counters[where] = median(ours);
    state.counters[where + "_plain"] = median(limit);
  }
};

template <class Mutex>
void reader_locks(benchmark::State& state) {
  constexpr std::array contests{reads_per_second<seqlocked<payload>, payload, 2>,
                                reads_per_second<read_locked<payload, Mutex>, payload, 2>,
                                reads_per_second<plain<payload>, payload, 2>};
  if (cpus() < 2) state.SkipWithError("needs two processors");
  answers near;
  answers far;
  for (auto _ : state) {
    const auto end = clock::now() + 150 * slice();
    bool reversed = false;
    while (near.ours.size() < 9 && clock::now() < end) {
      const auto before = handover();
      const auto [ours, lock, limit] = slice_of(contests, reversed);
      const auto after = handover();
      if ((before < one_cache) != (after < one_cache)) continue;  // moved in between
      answers& here = before < one_cache ? near : far;
      here.ours.push_back(ours / lock);
      here.limit.push_back(limit / lock);
      reversed = !reversed;
    }
  }
  near.report(state, "one_cache");
  far.report(state, "two_caches");
}
BENCHMARK(reader_locks<std::shared_mutex>)
    ->Name("reader_locks/std_shared_mutex/2")
    ->Iterations(1)
    ->UseRealTime();
BENCHMARK(reader_locks<absl_mutex>)->Name("reader_locks/absl_mutex_readers/2")->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace rtseq::bench
