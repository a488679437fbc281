// A reader saves a cursor into a list of two zones; the list is rebuilt with one; the cursor reads the end.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>

namespace {

constexpr int none = -1;

struct machine {
  rtseq::relaxed<int> list[3] = {0, 1, none};  // zones in the order to try
  rtseq::relaxed<int> free_pages[2] = {0, 10};

  // Zone 0 goes away. Zone 1 has free pages before, meanwhile and after.
  void rebuild() {
    list[0] = 1;
    list[1] = none;
  }
  // A zone with free pages; `preempted` runs between one zone and the next.
  template <class Preempted>
  int walk(Preempted preempted) const {
    for (int cursor = 0; list[cursor] != none; ++cursor) {
      const int zone = list[cursor];
      if (free_pages[zone] > 0) return zone;
      preempted();
    }
    return none;
  }
};

TEST_F(scenario, S01_stale_cursor) {
  machine naive;
  const int zone = naive.walk([&] { naive.rebuild(); });
  naive_fails(zone == none && naive.free_pages[1] == 10,
              "the walk went on in the rebuilt list, met its end and said out of memory, with 10 pages free");

  const rtseq::lockdep::off one_thread_plays_both_sides;
  machine shared;
  rtseq::seqlock<> lock;
  int walks = 0, found = none;
  rtseq::read_token cookie = lock.read_begin();
  for (;; cookie = lock.read_begin()) {
    ++walks;
    found = shared.walk([&] {
      const rtseq::write_guard section{lock};
      shared.rebuild();
    });
    if (found != none || !lock.read_retry(cookie)) break;
  }
  rtseq_holds(found == 1 && walks == 2,
              "the cookie taken before the walk no longer validates: the second walk finds the pages");
}

}  // namespace
