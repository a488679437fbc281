#include "zone_directory.hpp"

namespace zonelist {

zone_directory::zone_directory(const topology& everything) {
  row_of_node_.fill(-1);
  for (const node& n : everything.nodes) {
    if (!n.online) continue;
    row_of_node_[static_cast<std::size_t>(n.id)] = static_cast<std::int16_t>(rows_++);
    auto& indices = zones_of_row_.emplace_back();
    indices.fill(no_zone);
    for_each_populated_zone(n, [&](const zone& z) {
      indices[static_cast<std::size_t>(z.kind)] = static_cast<std::uint16_t>(described_.size());
      described_.push_back({n.id, z.kind});
    });
  }
}

std::optional<std::uint16_t> zone_directory::find(int node, zone_kind kind) const noexcept {
  if (node < 0 || node >= max_nodes || row_of(node) < 0) return std::nullopt;
  const std::uint16_t index =
      zones_of_row_[static_cast<std::size_t>(row_of(node))][static_cast<std::size_t>(kind)];
  if (index == no_zone) return std::nullopt;
  return index;
}

}  // namespace zonelist
