#include "published_lists.hpp"

#include "builder.hpp"

#include <vector>

namespace zonelist {

published_lists::published_lists(const zone_directory& directory)
    : directory_{directory},
      fallback_{directory.rows(), directory.zones()},
      nofallback_{directory.rows(), static_cast<std::size_t>(zone_kinds)} {}

void published_lists::fill(const topology& now, std::uint32_t generation) {
  for (std::size_t row = 0; row < directory_.rows(); ++row) {  // a node that is not online has empty lists
    list_table::list_writer(fallback_, row, generation);
    list_table::list_writer(nofallback_, row, generation);
  }
  std::vector<std::vector<std::uint16_t>> zones_of(now.nodes.size());
  for (std::size_t i = 0; i < now.nodes.size(); ++i) {
    const node& n = now.nodes[i];
    for_each_populated_zone(n, [&](const zone& z) { zones_of[i].push_back(*directory_.find(n.id, z.kind)); });
  }
  for_each_fallback_order(now, [&](const node& local, absl::Span<const int> order) {
    const auto row = static_cast<std::size_t>(directory_.row_of(local.id));
    list_table::list_writer fallback(fallback_, row, generation);
    for (const int position : order) fallback.add(zones_of[static_cast<std::size_t>(position)]);
    list_table::list_writer nofallback(nofallback_, row, generation);
    nofallback.add(zones_of[static_cast<std::size_t>(&local - now.nodes.data())]);
  });
}

bool published_lists::is_whole(std::size_t row, list_kind kind, std::uint32_t generation) const {
  list_checksum checksum;
  bool whole = true;
  bool ended = false;
  const auto check_zone = [&](list_word word) {
    whole &= word.generation() == generation;
    checksum.add(word.zone_index());
    return false;
  };
  table(kind).walk(row, check_zone, [&](list_word end) {
    ended = true;
    whole &= end.generation() == generation && end.checksum() == checksum.value();
  });
  return whole && ended;
}

}  // namespace zonelist
