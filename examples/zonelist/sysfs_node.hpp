// One nodeN directory of sysfs: its distances, and where other files do not tell, its CPUs and its memory.
#ifndef ZONELIST_SYSFS_NODE_HPP
#define ZONELIST_SYSFS_NODE_HPP

#include "topology.hpp"

#include <absl/status/status.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace zonelist {

// An attribute of sysfs is a page, or little more; what is larger is none.
inline constexpr std::size_t attribute_limit = std::size_t{1} << 20;

// What is known of an online node without its directory.
struct node_facts {
  std::size_t online_nodes = 0;
  std::optional<bool> has_cpu;
  std::optional<bool> has_memory;
  std::optional<std::vector<zone>> zones;
};

// Fills in the distances, CPUs, memory and zones of `n`, whose id is set. An error names the file.
absl::Status read_node(const std::string& directory, const node_facts& known, node& n);

}  // namespace zonelist

#endif
