#include "zone_changes.hpp"

#include <absl/strings/str_cat.h>

namespace zonelist {
namespace {

absl::Status unknown(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": not one that this cache was made for"));
}

std::string name_of(zone_ref zone) { return absl::StrCat("node ", zone.node, ", zone ", name_of(zone.kind)); }

// The pages of each zone that `now` has.
absl::StatusOr<std::vector<std::uint64_t>> wanted_pages(const zone_directory& directory,
                                                        const topology& now) {
  std::vector<std::uint64_t> wanted(directory.zones());
  std::vector<bool> seen(directory.rows());
  for (const node& n : now.nodes) {
    if (!n.online) continue;
    const int row = n.id < 0 || n.id >= max_nodes ? -1 : directory.row_of(n.id);
    if (row < 0 || seen[static_cast<std::size_t>(row)]) return unknown(absl::StrCat("node ", n.id));
    seen[static_cast<std::size_t>(row)] = true;
    for (const zone& z : n.zones) {
      if (z.pages == 0) continue;
      const auto index = directory.find(n.id, z.kind);
      if (!index || wanted[*index] != 0) return unknown(name_of(zone_ref{n.id, z.kind}));
      wanted[*index] = z.pages;
    }
  }
  return wanted;
}

}  // namespace

absl::StatusOr<std::vector<zone_change>> zone_changes(const zone_directory& directory, const topology& now,
                                                      absl::FunctionRef<bool(std::uint16_t zone)> is_there) {
  const auto wanted = wanted_pages(directory, now);
  if (!wanted.ok()) return wanted.status();
  std::vector<zone_change> changes;
  for (std::uint16_t zone = 0; zone < directory.zones(); ++zone) {
    const std::uint64_t pages = (*wanted)[zone];
    const std::string name = name_of(directory.describe(zone));
    if (pages != 0 && !is_there(zone))
      changes.push_back({zone, pages, log_line{absl::StrCat(name, ": ", pages, " pages")}});
    if (pages == 0 && is_there(zone)) changes.push_back({zone, 0, log_line{absl::StrCat(name, ": gone")}});
  }
  return changes;
}

}  // namespace zonelist
