// From a topology to the lists: for each node, where to allocate, best first. Linux: build_all_zonelists().
//
// Pure functions: they read a topology and touch nothing else, so a rebuild runs with no lock held and no
// count odd. Cost: one sort of M keys for each of P online nodes, M of which have memory; key_sort.hpp makes that
// O(P * M). Linux scans for each pick, O(P * M * M), and inside the write section; within one list only nodes
// already picked change their load, so one sort gives the same.
#ifndef ZONELIST_BUILDER_HPP
#define ZONELIST_BUILDER_HPP

#include "topology.hpp"

#include <absl/functional/function_ref.h>
#include <absl/types/span.h>

#include <vector>

namespace zonelist {

// A zone as a list refers to it.
struct zone_ref {
  int node = 0;  // its id
  zone_kind kind{};

  friend bool operator==(const zone_ref&, const zone_ref&) = default;
};

struct node_zonelists {
  int node = 0;
  std::vector<int> order;            // nodes with memory, best first
  std::vector<zone_ref> fallback;    // FALLBACK: their populated zones, each node's from the highest down
  std::vector<zone_ref> nofallback;  // NOFALLBACK: the node's own, for "this node only"
};

// Calls `emit` for each online node, ids ascending, with the positions in machine.nodes of the nodes to
// allocate from, best first. The span is valid during the call.
void for_each_fallback_order(const topology& machine,
                             absl::FunctionRef<void(const node& local, absl::Span<const int> order)> emit);

// Calls `emit` for each populated zone of a node, highest first.
void for_each_populated_zone(const node& owner, absl::FunctionRef<void(const zone&)> emit);

// All lists, as data.
std::vector<node_zonelists> build_zonelists(const topology& machine);

}  // namespace zonelist

#endif
