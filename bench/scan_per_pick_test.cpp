// What the rebuild is measured against makes the same lists.
#include "peers/scan_per_pick.hpp"

#include <gtest/gtest.h>
#include <builder.hpp>
#include <random.hpp>

namespace rtseq::bench {
namespace {

std::vector<std::vector<int>> orders_of(const zonelist::topology& machine) {
  std::vector<std::vector<int>> orders;
  for (const auto& lists : zonelist::build_zonelists(machine)) orders.push_back(lists.order);
  return orders;
}

TEST(ScanPerPick, makes_the_lists_of_the_builder_on_rings) {
  for (const int nodes : {1, 2, 3, 4, 16, 64, 256}) {
    const zonelist::topology ring = zonelist::make_ring(nodes);
    EXPECT_EQ(scan_per_pick(ring), orders_of(ring)) << nodes;
  }
}

TEST(ScanPerPick, makes_the_lists_of_the_builder_where_nodes_lack_memory_or_processors) {
  zonelist::random_source random{7};
  for (int round = 0; round < 500; ++round) {
    zonelist::topology machine = zonelist::make_ring(1 + static_cast<int>(random.below(20)));
    for (zonelist::node& n : machine.nodes) {
      n.has_cpu = random.below(2) == 0;
      n.has_memory = random.below(4) != 0;
      if (!n.has_memory) n.zones.clear();
      for (int& distance : n.distances) distance = 10 + 5 * static_cast<int>(random.below(3));
    }
    ASSERT_EQ(scan_per_pick(machine), orders_of(machine)) << "round " << round;
  }
}

}  // namespace
}  // namespace rtseq::bench
