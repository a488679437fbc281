#include "builder.hpp"

#include "key_sort.hpp"

#include <cstdint>

namespace zonelist {
namespace {

// A node with memory, as the sort sees it.
struct candidate {
  int position = 0;           // in topology::nodes
  std::size_t column = 0;     // in a distance row
  std::uint64_t has_cpu = 0;  // 1: allocating there competes with that node's own CPUs
  std::uint64_t load = 0;     // how often it was put first among equals; carried from one list to the next
};

std::vector<candidate> nodes_with_memory(const topology& machine) {
  std::vector<candidate> candidates;
  std::size_t column = 0;
  for (std::size_t i = 0; i < machine.nodes.size(); ++i) {
    const node& n = machine.nodes[i];
    if (!n.online) continue;
    if (n.has_memory) candidates.push_back({static_cast<int>(i), column, n.has_cpu ? 1U : 0U, 0});
    ++column;
  }
  return candidates;
}

// Linux's score is (distance + penalties) * max + load, and load < max: so it compares like this word, whose
// low bits break ties for the lowest id. A distance has 31 bits, a load at most 10 and an index 10.
constexpr unsigned index_bits = 10;
constexpr unsigned load_bits = 11;
static_assert(max_nodes == 1 << index_bits);

std::uint64_t sort_key(std::uint64_t penalised_distance, std::uint64_t load, std::size_t index) {
  return (penalised_distance << (load_bits + index_bits)) | (load << index_bits) | index;
}

}  // namespace

void for_each_fallback_order(const topology& machine,
                             absl::FunctionRef<void(const node& local, absl::Span<const int> order)> emit) {
  std::vector<candidate> candidates = nodes_with_memory(machine);
  std::vector<std::uint64_t> keys;
  key_sort sort;
  std::vector<int> order;
  std::size_t local_column = 0;
  for (std::size_t position = 0; position < machine.nodes.size(); ++position) {
    const node& local = machine.nodes[position];
    if (!local.online) continue;

    keys.clear();
    for (std::size_t index = 0; index < candidates.size(); ++index) {
      const candidate& n = candidates[index];
      const auto distance = static_cast<std::uint64_t>(local.distances[n.column]);
      const std::uint64_t before_local = n.column < local_column ? 1 : 0;
      // Key 0 puts the local node first; no other has it, for the local node's is not used then.
      const bool is_local = n.column == local_column;
      keys.push_back(is_local ? index : sort_key(distance + before_local + n.has_cpu + 1, n.load, index));
    }
    sort(keys, index_bits);  // by index they are sorted already

    order.clear();
    int previous_distance = local.distances[local_column];
    for (const std::uint64_t key : keys) {
      candidate& pick = candidates[key & (max_nodes - 1)];
      const int distance = local.distances[pick.column];
      // The first of a group of equals takes its turn: next time another goes first.
      if (distance != previous_distance) ++pick.load;
      previous_distance = distance;
      order.push_back(pick.position);
    }
    emit(local, order);
    ++local_column;
  }
}

void for_each_populated_zone(const node& owner, absl::FunctionRef<void(const zone&)> emit) {
  for (auto z = owner.zones.rbegin(); z != owner.zones.rend(); ++z) {
    if (z->pages > 0) emit(*z);
  }
}

std::vector<node_zonelists> build_zonelists(const topology& machine) {
  std::vector<node_zonelists> all;
  for_each_fallback_order(machine, [&](const node& local, absl::Span<const int> order) {
    node_zonelists lists;
    lists.node = local.id;
    for (const int position : order) {
      const node& owner = machine.nodes[static_cast<std::size_t>(position)];
      lists.order.push_back(owner.id);
      for_each_populated_zone(owner, [&](const zone& z) { lists.fallback.push_back({owner.id, z.kind}); });
    }
    for_each_populated_zone(local, [&](const zone& z) { lists.nofallback.push_back({local.id, z.kind}); });
    all.push_back(std::move(lists));
  });
  return all;
}

}  // namespace zonelist
