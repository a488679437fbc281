#include "builder.hpp"

#include "key_sort.hpp"
#include "test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace zonelist {
namespace {

// Linux's algorithm, as build_zonelists() and find_next_best_node() have it: a scan of all nodes for each
// pick.
std::vector<std::vector<int>> orders_by_scan_per_pick(const topology& machine) {
  constexpr std::int64_t max_numnodes = max_nodes;
  std::vector<const node*> online;
  for (const node& n : machine.nodes) {
    if (n.online) online.push_back(&n);
  }
  std::vector<std::int64_t> load(online.size());
  std::vector<std::vector<int>> orders;
  for (std::size_t local = 0; local < online.size(); ++local) {
    const auto distance = [&](std::size_t n) { return std::int64_t{online[local]->distances[n]}; };
    std::vector<bool> used(online.size());
    const auto find_next_best = [&]() -> std::optional<std::size_t> {
      if (online[local]->has_memory && !used[local]) return local;
      std::optional<std::size_t> best;
      std::int64_t best_score = std::numeric_limits<std::int64_t>::max();
      for (std::size_t n = 0; n < online.size(); ++n) {
        if (used[n] || !online[n]->has_memory) continue;
        const std::int64_t score =
            (distance(n) + (n < local ? 1 : 0) + (online[n]->has_cpu ? 1 : 0)) * max_numnodes + load[n];
        if (score < best_score) {
          best = n;
          best_score = score;
        }
      }
      return best;
    };
    std::vector<int>& order = orders.emplace_back();
    std::size_t previous = local;
    while (const auto pick = find_next_best()) {
      used[*pick] = true;
      if (distance(*pick) != distance(previous)) ++load[*pick];
      previous = *pick;
      order.push_back(online[*pick]->id);
    }
  }
  return orders;
}

std::vector<std::vector<int>> orders_of(const topology& machine) {
  std::vector<std::vector<int>> orders;
  for (const node_zonelists& lists : build_zonelists(machine)) orders.push_back(lists.order);
  return orders;
}

TEST(Builder, gives_the_lists_of_the_scan_per_pick) {
  random_source random{2};
  for (int round = 0; round < 3000; ++round) {
    const topology machine = testing::random_topology(random, 24);
    ASSERT_EQ(orders_of(machine), orders_by_scan_per_pick(machine)) << "round " << round;
  }
  for (int round = 0; round < 5; ++round) {
    const topology machine = testing::random_topology(random, 150);
    ASSERT_EQ(orders_of(machine), orders_by_scan_per_pick(machine)) << "round " << round;
  }
  for (const int nodes : {1, 2, 3, 64, 200}) {
    EXPECT_EQ(orders_of(make_ring(nodes)), orders_by_scan_per_pick(make_ring(nodes))) << nodes;
  }
}

TEST(Builder, gives_the_lists_of_the_scan_per_pick_on_the_recorded_machines) {
  for (const auto& path : testing::recorded_machines()) {
    const auto machine = read_topology(path.string(), "");
    ASSERT_TRUE(machine.ok()) << machine.status();
    EXPECT_EQ(orders_of(*machine), orders_by_scan_per_pick(*machine)) << path;
  }
}

TEST(Builder, handles_the_largest_distances) {
  topology machine = make_ring(3);
  for (node& n : machine.nodes) {
    for (int& distance : n.distances) distance = std::numeric_limits<int>::max() - (distance == 10 ? 1 : 0);
  }
  EXPECT_EQ(orders_of(machine), orders_by_scan_per_pick(machine));
}

TEST(Builder, tells_distances_apart_that_differ_in_any_of_their_bits) {
  random_source random{5};
  for (int round = 0; round < 300; ++round) {
    topology machine = testing::random_topology(random, 40);
    for (node& n : machine.nodes) {
      for (int& distance : n.distances) distance = static_cast<int>(random.next() >> (33 + random.below(31)));
    }
    ASSERT_EQ(orders_of(machine), orders_by_scan_per_pick(machine)) << "round " << round;
  }
}

TEST(KeySort, sorts_by_the_high_bits_and_keeps_equals_in_order) {
  random_source random{6};
  key_sort sort;
  for (int round = 0; round < 300; ++round) {
    const auto low_bit = static_cast<unsigned>(random.below(20));
    std::vector<std::uint64_t> keys(random.below(600));
    const std::uint64_t some_bits = random.next() & random.next();  // whole digits are equal now and then
    for (std::uint64_t& key : keys) key = random.next() & some_bits;
    auto expected = keys;
    std::stable_sort(expected.begin(), expected.end(),
                     [&](std::uint64_t a, std::uint64_t b) { return a >> low_bit < b >> low_bit; });
    sort(keys, low_bit);
    ASSERT_EQ(keys, expected) << "round " << round;
  }
}

TEST(Builder, lists_zones_from_the_highest_down_and_only_populated_ones) {
  topology machine = make_ring(2);
  machine.nodes[1].zones = {
      {zone_kind::dma, 1}, {zone_kind::dma32, 0}, {zone_kind::normal, 2}, {zone_kind::movable, 3}};
  const auto lists = build_zonelists(machine);
  const std::vector<zone_ref> own = {{1, zone_kind::movable}, {1, zone_kind::normal}, {1, zone_kind::dma}};
  EXPECT_EQ(lists[1].nofallback, own);
  std::vector<zone_ref> fallback = {{0, zone_kind::normal}};
  fallback.insert(fallback.end(), own.begin(), own.end());
  EXPECT_EQ(lists[0].fallback, fallback);
  EXPECT_EQ(lists[0].nofallback, (std::vector<zone_ref>{{0, zone_kind::normal}}));
}

TEST(Builder, every_list_has_every_node_with_memory_once) {
  const topology machine = make_ring(max_nodes);
  std::size_t rows = 0;
  for_each_fallback_order(machine, [&](const node& local, absl::Span<const int> order) {
    EXPECT_EQ(local.id, static_cast<int>(rows++));
    EXPECT_EQ(order.front(), local.id);
    EXPECT_EQ(order.size(), static_cast<std::size_t>(max_nodes));
    EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), order.size());
  });
  EXPECT_EQ(rows, static_cast<std::size_t>(max_nodes));
}

TEST(Builder, a_machine_without_memory_has_empty_lists) {
  topology machine = make_ring(2);
  for (node& n : machine.nodes) {
    n.has_memory = false;
    n.zones.clear();
  }
  for (const node_zonelists& lists : build_zonelists(machine)) {
    EXPECT_TRUE(lists.order.empty());
    EXPECT_TRUE(lists.fallback.empty());
    EXPECT_TRUE(lists.nofallback.empty());
  }
}

}  // namespace
}  // namespace zonelist
