// What a machine's memory looks like: nodes, the zones in them, and how far nodes are from each other.
#ifndef ZONELIST_TOPOLOGY_HPP
#define ZONELIST_TOPOLOGY_HPP

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zonelist {

// As Linux's MAX_NUMNODES with the largest NODES_SHIFT: ids are 0 to 1023.
inline constexpr int max_nodes = 1024;

// The zones of every architecture, lowest first, in Linux's order.
enum class zone_kind : std::uint8_t { dma, dma32, normal, high_mem, movable, device };
inline constexpr int zone_kinds = 6;

// "DMA32": the name as /proc/zoneinfo spells it.
const char* name_of(zone_kind kind);
std::optional<zone_kind> zone_kind_named(const std::string& name);

struct zone {
  zone_kind kind{};
  std::uint64_t pages =
      0;  // present pages; of 4 KiB where the source gives bytes. 0: the zone is not populated

  friend bool operator==(const zone&, const zone&) = default;
};

struct node {
  int id = 0;
  bool online = true;
  bool has_memory = false;
  bool has_cpu = false;
  std::vector<int> distances;  // to each online node, ids ascending; empty if this node is offline
  std::vector<zone> zones;     // lowest first

  friend bool operator==(const node&, const node&) = default;
};

struct topology {
  std::vector<node> nodes;  // ids ascending; offline ones too
  int possible = 0;         // how many nodes may ever be there

  friend bool operator==(const topology&, const topology&) = default;
};

// The path of a directory laid out like this one, and of a file like this one.
inline constexpr char default_sysfs[] = "/sys/devices/system/node";
inline constexpr char default_zoneinfo[] = "/proc/zoneinfo";

// Reads a directory laid out like /sys/devices/system/node, of any kernel version and architecture, and a
// file like /proc/zoneinfo. Without the latter (empty) each node with memory has one Normal zone of its
// MemTotal. A file that contradicts another, or is not what the kernel would have printed, is an error that
// names it.
absl::StatusOr<topology> read_topology(const std::string& sysfs, const std::string& zoneinfo);

// The machine that this runs on; one node where the kernel knows of none (built without CONFIG_NUMA).
absl::StatusOr<topology> read_this_machine();

// `nodes` nodes (1 to max_nodes) on a ring, each with CPUs and a Normal zone; distance 10 to itself and 10
// more a hop.
topology make_ring(int nodes);

}  // namespace zonelist

#endif
