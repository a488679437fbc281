// The list is computed inside the write section, in time cubic in the nodes: every reader waits that long.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <array>

namespace {

constexpr int many_nodes = 16;
using distances = std::array<int, many_nodes>;

// Each step of it is a moment at which a reader may come.
template <class Reader>
distances build(Reader reader) {
  distances built{};
  for (std::size_t i = 0; i < many_nodes; ++i) {
    for (int j = 0; j < many_nodes; ++j) {
      for (int k = 0; k < many_nodes; ++k, reader()) built[i] += j * k;
    }
  }
  return built;
}

TEST_F(scenario, S23_long_odd_section) {
  naive::seqcount count;
  std::array<rtseq::relaxed<int>, many_nodes> shared;
  int steps = 0, turned_away = 0;
  count.write_begin();
  const distances built = build([&] {
    ++steps;
    turned_away += !count.read_begin(1);
  });
  for (std::size_t i = 0; i < many_nodes; ++i) shared[i] = built[i];
  count.write_end();
  naive_fails(steps == 4096 && turned_away == steps,
              "16 nodes: built inside the section, in 4096 steps; a reader was turned away at each of them");

  rtseq::seqlocked<distances> value;
  int served = 0;
  value.update([&](distances& d) {
    d = build([&] {
      distances old;
      served += value.try_load(old) && old == distances{};
    });
  });
  rtseq_holds(
      served == 4096 && value.load() == built,
      "seqlocked::update computes aside: readers were served, with the old value, at each of the 4096 "
      "steps; the section is the copy of 64 bytes; examples/zonelist "
      "builds so, and reports its longest odd time");
}

}  // namespace
