// What the writer does to the machine: memory-only nodes come, go, and take each other's place.
//
// The nodes that stay are full, so the only free pages are those of the nodes that come and go. At every
// moment one of them at least is there, with far more pages than the handlers can hold: an allocation that
// fails did so without reason. And often it is the only one, and is then replaced by another in one rebuild,
// as in S1.
#ifndef ZONELIST_HOTPLUG_HPP
#define ZONELIST_HOTPLUG_HPP

#include "random.hpp"
#include "topology.hpp"

#include <absl/functional/function_ref.h>

#include <vector>

namespace zonelist {

class hotplug {
 public:
  // So many nodes come and go. While one rests, until its last pages are home, another can come.
  static constexpr int added_nodes = 4;

  // A real machine: memory-only nodes of one Movable zone each, as CXL expanders bring, come in addition.
  static hotplug on_machine(topology machine);
  // A ring of `nodes` nodes, of which the last are memory-only and come and go; if it has no more than those,
  // they come in addition.
  static hotplug on_ring(int nodes);

  // Everything plugged. The cache is made for this.
  const topology& everything() const { return everything_; }
  // As it is now. At first one hot-pluggable node is there.
  const topology& now() const { return now_; }
  std::vector<int> nodes_that_stay() const;
  const std::vector<int>& nodes_that_come_and_go() const { return hot_; }

  // Chooses the next change and makes now() so; false if none is possible. A node that is not there comes
  // only if `may_come` says so of its id.
  bool step(random_source& random, absl::FunctionRef<bool(int node)> may_come);

 private:
  hotplug(topology everything, std::vector<int> hot);
  void update_now();

  topology everything_;
  topology now_;
  std::vector<int> hot_;        // ids
  std::vector<bool> is_there_;  // for each of hot_
};

}  // namespace zonelist

#endif
