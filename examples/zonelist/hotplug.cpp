#include "hotplug.hpp"

#include <absl/algorithm/container.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace zonelist {
namespace {

constexpr std::uint64_t hot_pages = 65536;

// A memory-only node at the lowest free id, as far from every other as from the next socket. Ids are not all
// taken.
int add_memory_node(topology& machine) {
  constexpr int local_distance = 10;
  constexpr int remote_distance = 20;
  node added;
  while (absl::c_any_of(machine.nodes, [&](const node& n) { return n.id == added.id; })) ++added.id;
  const auto place = absl::c_find_if(machine.nodes, [&](const node& n) { return n.id > added.id; });
  const auto column = std::count_if(machine.nodes.begin(), place, [](const node& n) { return n.online; });
  const auto others = absl::c_count_if(machine.nodes, [](const node& n) { return n.online; });
  for (node& n : machine.nodes) {
    if (n.online) n.distances.insert(n.distances.begin() + column, remote_distance);
  }
  added.distances.assign(static_cast<std::size_t>(others) + 1, remote_distance);
  added.distances[static_cast<std::size_t>(column)] = local_distance;
  machine.nodes.insert(place, added);
  return added.id;
}

void make_memory_only(topology& machine, const std::vector<int>& ids) {
  for (node& n : machine.nodes) {
    if (!absl::c_linear_search(ids, n.id)) continue;
    n.has_cpu = false;
    n.has_memory = true;
    n.zones = {{zone_kind::movable, hot_pages}};
  }
}

void take_offline(topology& machine, int id) {
  std::ptrdiff_t column = 0;
  for (const node& n : machine.nodes) {
    if (n.id == id) break;
    column += n.online ? 1 : 0;
  }
  for (node& n : machine.nodes) {
    if (n.id == id) n = node{.id = id, .online = false, .distances = {}, .zones = {}};
    if (n.online) n.distances.erase(n.distances.begin() + column);
  }
}

}  // namespace

hotplug hotplug::on_machine(topology machine) {
  std::vector<int> hot;
  for (int i = 0; i < added_nodes; ++i) hot.push_back(add_memory_node(machine));
  return hotplug(std::move(machine), std::move(hot));
}

hotplug hotplug::on_ring(int nodes) {
  topology ring = make_ring(nodes);
  if (nodes <= added_nodes) return on_machine(std::move(ring));
  std::vector<int> hot;
  for (int id = nodes - added_nodes; id < nodes; ++id) hot.push_back(id);
  return hotplug(std::move(ring), std::move(hot));
}

hotplug::hotplug(topology everything, std::vector<int> hot)
    : everything_{std::move(everything)}, hot_{std::move(hot)}, is_there_(hot_.size(), false) {
  make_memory_only(everything_, hot_);
  is_there_[0] = true;
  update_now();
}

std::vector<int> hotplug::nodes_that_stay() const {
  std::vector<int> ids;
  for (const node& n : everything_.nodes) {
    if (n.online && !absl::c_linear_search(hot_, n.id)) ids.push_back(n.id);
  }
  return ids;
}

void hotplug::update_now() {
  now_ = everything_;
  for (std::size_t i = 0; i < hot_.size(); ++i) {
    if (!is_there_[i]) take_offline(now_, hot_[i]);
  }
}

bool hotplug::step(random_source& random, absl::FunctionRef<bool(int node)> may_come) {
  std::vector<std::size_t> there;
  std::vector<std::size_t> may;
  for (std::size_t i = 0; i < hot_.size(); ++i) {
    if (is_there_[i]) {
      there.push_back(i);
    } else if (may_come(hot_[i])) {
      may.push_back(i);
    }
  }
  // Of two nodes or more one goes, mostly; the last one is replaced, mostly, or gets company.
  const bool last = there.size() == 1;
  const bool comes = !may.empty() && (last || random.below(3) == 0);
  const bool goes = last ? comes && random.below(4) != 0 : !comes;
  if (!comes && !goes) return false;
  if (comes) is_there_[may[random.below(may.size())]] = true;
  if (goes) is_there_[there[random.below(there.size())]] = false;
  update_now();
  return true;
}

}  // namespace zonelist
