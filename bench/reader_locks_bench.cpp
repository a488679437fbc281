// How many times the reads of two readers that lock do two readers of a seqlocked get done? 64 bytes, nobody writes.
//
// Readers that lock pass the lock's cache line to and fro, and so what they get done depends on how far apart the two
// processors are. A hypervisor may move them from one second to the next: each slice says how long a line takes, and
// near and far have answers of their own.
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

// In ns, how long a cache line takes from processor 0 to 1, or back: the least of several batches, since a thread that is
// preempted in one makes it thousands.
double handover() {
  constexpr unsigned batches = 8;
  constexpr unsigned rounds = 300;
  // Relaxed, without a partner: it carries nothing but itself.
  alignas(128) static std::atomic<unsigned> turn;
  turn.store(0, std::memory_order_relaxed);
  const auto pass_on = [](unsigned mine) {
    while (turn.load(std::memory_order_relaxed) != mine) {}
    turn.store(mine + 1, std::memory_order_relaxed);
  };
  auto least = clock::duration::max();
  {
    const std::jthread one{[&] {
      pin_to(0);
      for (unsigned batch = 0; batch < batches; ++batch) {
        const auto from = clock::now();
        for (unsigned i = batch * rounds; i < (batch + 1) * rounds; ++i) pass_on(2 * i);
        least = std::min(least, clock::now() - from);
      }
    }};
    const std::jthread other{[&] {
      pin_to(1);
      for (unsigned i = 0; i < batches * rounds; ++i) pass_on(2 * i + 1);
    }};
  }
  return std::chrono::duration<double, std::nano>{least}.count() / (2 * rounds);
}
constexpr double far_from_ns = 100;

// Of the slices in which the processors were near, or far.
struct answers {
  std::vector<double> ours, limit;  // how many times the lock's reads
  std::vector<double> line_ns;

  bool enough() const { return ours.size() >= 5; }
  void report(benchmark::State& state, const std::string& where) const {
    state.counters[where] = median(ours);
    state.counters[where + "_plain"] = median(limit);
    state.counters[where + "_line_ns"] = median(line_ns);
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
    do {
      const double before = handover();
      const auto [ours, lock, limit] = slice_of(contests, reversed);
      const double line_ns = std::max(before, handover());
      answers& here = line_ns < far_from_ns ? near : far;
      here.ours.push_back(ours / lock);
      here.limit.push_back(limit / lock);
      here.line_ns.push_back(line_ns);
      reversed = !reversed;
    } while (near.ours.size() < 9 && (clock::now() < end || !(near.enough() || far.enough())));
  }
  if (near.enough()) near.report(state, "near");
  if (far.enough()) far.report(state, "far");
}
BENCHMARK(reader_locks<std::shared_mutex>)
    ->Name("reader_locks/std_shared_mutex/2")
    ->Iterations(1)
    ->UseRealTime();
BENCHMARK(reader_locks<absl_mutex>)->Name("reader_locks/absl_mutex_readers/2")->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace rtseq::bench
