// Deferral is entered on one CPU and left on another.
#include "scenario.hpp"

#include <rtseq/deferred_log.hpp>

#include <optional>
#include <thread>

namespace {

TEST_F(scenario, S19_unbalanced_deferral) {
  int depth_of_cpu[2] = {0, 0};
  int cpu = 0;
  ++depth_of_cpu[cpu];
  cpu = 1;  // the task migrates
  --depth_of_cpu[cpu];
  naive_fails(
      depth_of_cpu[0] == 1 && depth_of_cpu[1] == -1,
      "the counters ended at 1 and -1: one CPU never prints again, the other prints where it must not");

  static rtseq::basic_deferred_log<16> log([](void*, const rtseq::log_record&) {});
  const reports collected;
  std::optional<rtseq::deferred_guard<rtseq::basic_deferred_log<16>>> guard(log);
  int reports_of_move = 0, reports_of_exit = 0;
  bool in_deferral_there = true;
  std::thread([&] {
    guard.reset();
    reports_of_move = reports::count();
    in_deferral_there = rtseq::in_deferral();
    rtseq::deferred_exit();
    reports_of_exit = reports::count() - reports_of_move;
  }).join();
  const bool still_here = rtseq::in_deferral();
  rtseq::deferred_exit();
  rtseq_holds(
      reports_of_move == 1 && reports::last() == rtseq::violation::unbalanced_deferral,
      "the depth is the thread's, whatever CPU it is on; a guard that ends on another thread is reported");
  rtseq_holds(reports_of_exit == 1 && !in_deferral_there && still_here && !rtseq::in_deferral(),
              "so is an exit without an enter; neither changes a count, and both threads end at 0");
  LOCKDEP_FINDS(unbalanced_deferral, "a thread that ends in its deferral",
                [] { std::thread([] { rtseq::deferred_enter(); }).join(); });
}

}  // namespace
