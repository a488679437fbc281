// Linux's way to a zonelist, build_all_zonelists() and find_next_best_node(): a scan of all nodes for each pick.
#ifndef RTSEQ_BENCH_PEERS_SCAN_PER_PICK_HPP
#define RTSEQ_BENCH_PEERS_SCAN_PER_PICK_HPP

#include <topology.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace rtseq::bench {

// For each online node the ids of the nodes to allocate from, best first.
inline std::vector<std::vector<int>> scan_per_pick(const zonelist::topology& machine) {
  std::vector<const zonelist::node*> online;
  for (const zonelist::node& n : machine.nodes) {
    if (n.online) online.push_back(&n);
  }
  std::vector<std::int64_t> load(online.size());
  std::vector<char> used(online.size());
  std::vector<std::vector<int>> orders(online.size());
  constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

  for (std::size_t local = 0; local < online.size(); ++local) {
    const std::vector<int>& distance = online[local]->distances;
    used.assign(online.size(), 0);
    const auto find_next_best = [&] {
      if (online[local]->has_memory && used[local] == 0) return local;
      std::size_t best = nobody;
      std::int64_t best_score = std::numeric_limits<std::int64_t>::max();
      for (std::size_t n = 0; n < online.size(); ++n) {
        if (used[n] != 0 || !online[n]->has_memory) continue;
        const std::int64_t penalised =
            std::int64_t{distance[n]} + (n < local ? 1 : 0) + (online[n]->has_cpu ? 1 : 0);
        const std::int64_t score = penalised * zonelist::max_nodes + load[n];
        if (score < best_score) {
          best = n;
          best_score = score;
        }
      }
      return best;
    };
    std::size_t previous = local;
    for (std::size_t pick = find_next_best(); pick != nobody; pick = find_next_best()) {
      used[pick] = 1;
      if (distance[pick] != distance[previous]) ++load[pick];
      previous = pick;
      orders[local].push_back(online[pick]->id);
    }
  }
  return orders;
}

}  // namespace rtseq::bench

#endif
