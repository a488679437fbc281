// A walker that can neither wait nor repeat meets a list that is being rebuilt.
#include "scenario.hpp"

#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount_latch.hpp>

#include <array>

namespace {

constexpr int nodes = 4;
using order = std::array<int, nodes>;
constexpr order ascending = {0, 1, 2, 3}, descending = {3, 2, 1, 0};

class node_list {
 public:
  // `interrupt` comes after each store.
  template <class Interrupt>
  void rebuild(const order& wanted, Interrupt interrupt) {
    for (std::size_t i = 0; i < nodes; ++i) {
      nodes_[i] = wanted[i];
      interrupt();
    }
  }
  // In bounds whatever it meets: the size is fixed.
  order walk() const {
    order met{};
    for (std::size_t i = 0; i < nodes; ++i) met[i] = nodes_[i];
    return met;
  }

 private:
  std::array<rtseq::relaxed<int>, nodes> nodes_ = {0, 1, 2, 3};
};

bool consistent(const order& met) { return met == ascending || met == descending; }

TEST_F(scenario, S22_walker_without_cookie) {
  node_list in_place;
  int walks = 0, missing_or_repeated = 0;
  in_place.rebuild(descending, [&] {
    ++walks;
    missing_or_repeated += !consistent(in_place.walk());
  });
  naive_fails(walks == 4 && missing_or_repeated == 3,
              "3 of the 4 walks during a rebuild met some nodes twice and others not at all");

  rtseq::seqcount_latch latch;
  node_list copies[2];
  int tries = 0, whole = 0;
  const auto interrupt = [&] {
    ++tries;
    const rtseq::read_token token = latch.read_latch();
    const order met = copies[latch.index(token)].walk();
    whole += consistent(met) && !latch.read_retry(token);
  };
  latch.write_latch_begin(), interrupt();
  copies[0].rebuild(descending, interrupt);
  latch.write_latch(), interrupt();
  copies[1].rebuild(descending, interrupt);
  latch.write_latch_end(), interrupt();
  rtseq_holds(tries == 11 && whole == tries && copies[0].walk() == descending,
              "seqcount_latch: all 11 walks, after every store of the rebuild, finished in one pass with the "
              "whole old or the whole new list");
}

}  // namespace
