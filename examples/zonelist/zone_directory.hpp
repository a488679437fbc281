// Small numbers for the nodes and zones that may ever be there, fixed for a cache's life: readers use them
// unlocked.
#ifndef ZONELIST_ZONE_DIRECTORY_HPP
#define ZONELIST_ZONE_DIRECTORY_HPP

#include "builder.hpp"
#include "topology.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zonelist {

class zone_directory {
 public:
  // Knows the online nodes of `everything` and their populated zones.
  explicit zone_directory(const topology& everything);

  std::size_t rows() const noexcept { return rows_; }  // a row of the tables for each node
  std::size_t zones() const noexcept { return described_.size(); }

  // Wait-free; any context. Negative: no such node.
  int row_of(int node) const noexcept { return row_of_node_[static_cast<std::size_t>(node)]; }
  zone_ref describe(std::uint16_t zone) const noexcept { return described_[zone]; }
  std::optional<std::uint16_t> find(int node, zone_kind kind) const noexcept;

 private:
  static constexpr std::uint16_t no_zone = 0xffff;  // above the highest: 1024 nodes of 6 zones
  std::array<std::int16_t, max_nodes> row_of_node_;
  std::vector<std::array<std::uint16_t, zone_kinds>> zones_of_row_;
  std::vector<zone_ref> described_;
  std::size_t rows_ = 0;
};

}  // namespace zonelist

#endif
