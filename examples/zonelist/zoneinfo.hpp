// /proc/zoneinfo: which zones each node has, and how many pages are present in them.
#ifndef ZONELIST_ZONEINFO_HPP
#define ZONELIST_ZONEINFO_HPP

#include "topology.hpp"

#include <absl/container/btree_map.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zonelist {

// More pages than any machine has: 2^52 of 4 KiB are all 64 bits can address.
inline constexpr std::uint64_t max_pages = std::uint64_t{1} << 52;

// The zones of each node id that the text names, lowest first, unpopulated ones too. `file` is for messages.
absl::StatusOr<absl::btree_map<int, std::vector<zone>>> parse_zoneinfo(const std::string& text,
                                                                       const std::string& file);

}  // namespace zonelist

#endif
