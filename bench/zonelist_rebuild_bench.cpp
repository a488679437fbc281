// How long does a rebuild of the zonelists take, by nodes, and how long is the count odd at most? Against a scan of all
// nodes for each pick, which makes the same lists and publishes nothing.
//
// A rebuild of many nodes leaves the caches cold, one of few does not: to compare the odd time by nodes, caches are
// emptied before each odd section.
#include <cache.hpp>

#include <algorithm>
#include <vector>

#include "peers/scan_per_pick.hpp"
#include "support.hpp"

namespace rtseq::bench {
namespace {

void discard(void*, const log_record&) {}

// `nodes` on a ring whose last node has lost its memory.
zonelist::topology without_last(zonelist::topology ring) {
  ring.nodes.back().has_memory = false;
  ring.nodes.back().zones.clear();
  return ring;
}

// The interrupts of a machine that has just been busy elsewhere: the caches are emptied where a write section begins.
struct cold_context : task_context {
  static constexpr bool irqsave_masks = true;
  static flags_type save_and_disable() noexcept {
    static std::vector<char> other(std::size_t{64} << 20);
    for (std::size_t at = 0; at < other.size(); at += 64) ++other[at];
    return {};
  }
};

// Memory goes and comes back in turn.
template <class Context>
void rebuild(benchmark::State& state) {
  const zonelist::topology whole = zonelist::make_ring(static_cast<int>(state.range(0)));
  const zonelist::topology lessened = without_last(whole);
  deferred_log log{discard};
  zonelist::cache<Context> cache{whole, log};
  std::chrono::nanoseconds longest{0};
  bool lessen = false;
  for (auto _ : state) {
    const auto odd = cache.rebuild(lessen ? lessened : whole);
    lessen = !lessen;
    if (!odd.ok()) {
      state.SkipWithError(odd.status().ToString().c_str());
      break;
    }
    longest = std::max(longest, *odd);
  }
  state.counters["longest_odd_ns"] = static_cast<double>(longest.count());
}

void scan(benchmark::State& state) {
  const zonelist::topology whole = zonelist::make_ring(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(scan_per_pick(whole));
}

const bool registered = [] {
  for (int nodes = 1; nodes <= zonelist::max_nodes; nodes *= 4) {
    benchmark::RegisterBenchmark("zonelist/rebuild", rebuild<task_context>)->Arg(nodes)->Iterations(20);
    benchmark::RegisterBenchmark("zonelist/cold", rebuild<cold_context>)->Arg(nodes)->Iterations(20);
    auto* const peer = benchmark::RegisterBenchmark("zonelist/scan_per_pick", scan)->Arg(nodes);
    if (nodes >= 256) peer->Iterations(1);  // long enough
  }
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
