#include "topology.hpp"

#include <algorithm>
#include <cstdlib>

namespace zonelist {
namespace {
constexpr const char* zone_names[zone_kinds] = {"DMA", "DMA32", "Normal", "HighMem", "Movable", "Device"};
}  // namespace

const char* name_of(zone_kind kind) { return zone_names[static_cast<std::size_t>(kind)]; }

std::optional<zone_kind> zone_kind_named(const std::string& name) {
  for (int kind = 0; kind < zone_kinds; ++kind) {
    if (name == zone_names[kind]) return static_cast<zone_kind>(kind);
  }
  return std::nullopt;
}

topology make_ring(int nodes) {
  constexpr std::uint64_t pages = 4096;
  topology ring;
  ring.possible = nodes;
  for (int id = 0; id < nodes; ++id) {
    node n;
    n.id = id;
    n.has_memory = true;
    n.has_cpu = true;
    for (int other = 0; other < nodes; ++other) {
      const int apart = std::abs(id - other);
      n.distances.push_back(10 + 10 * std::min(apart, nodes - apart));
    }
    n.zones = {{zone_kind::normal, pages}};
    ring.nodes.push_back(std::move(n));
  }
  return ring;
}

}  // namespace zonelist
