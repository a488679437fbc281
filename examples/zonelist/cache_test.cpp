#include "cache.hpp"

#include "hotplug.hpp"
#include "interrupt_signals.hpp"
#include "latency_histogram.hpp"
#include "no_seqlock.hpp"
#include "run_end.hpp"
#include "test_support.hpp"

#include <absl/algorithm/container.h>
#include <gtest/gtest.h>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>

#include <signal.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace zonelist {
namespace {

void discard(void*, const rtseq::log_record&) {}
rtseq::deferred_log& quiet_log() {
  static rtseq::deferred_log log(discard);
  return log;
}

// `machine` without the memory of the nodes `ids`.
topology without_memory(topology machine, const std::vector<int>& ids) {
  for (node& n : machine.nodes) {
    if (!absl::c_linear_search(ids, n.id)) continue;
    n.has_memory = false;
    n.zones.clear();
  }
  return machine;
}

template <class Context>
class CacheIn : public ::testing::Test {};
using contexts = ::testing::Types<rtseq::task_context, rtseq::signal_context, rtseq::deferred_signal_context,
                                  rtseq::threaded_context, rtseq::virtual_cpu_context>;
TYPED_TEST_SUITE(CacheIn, contexts);

TYPED_TEST(CacheIn, allocates_from_the_nearest_node_that_has_pages) {
  cache<TypeParam> pages(make_ring(4), quiet_log());
  ASSERT_TRUE(pages.rebuild(make_ring(4)).ok());
  reader_stats stats;
  const std::uint32_t all = 4096;
  std::vector<int> got_from;
  while (const auto block = pages.allocate(1, all, stats)) {
    got_from.push_back(pages.directory().describe(block->zone).node);
  }
  EXPECT_EQ(got_from,
            (std::vector<int>{1, 2, 0, 3}));  // the order of a ring: 0 is before 1, so 2 is preferred
  pages.free({*pages.directory().find(3, zone_kind::normal), all});
  EXPECT_TRUE(pages.allocate(1, all, stats).has_value());
}

TYPED_TEST(CacheIn, this_node_only_is_the_other_list) {
  cache<TypeParam> pages(make_ring(2), quiet_log());
  ASSERT_TRUE(pages.rebuild(make_ring(2)).ok());
  reader_stats stats;
  EXPECT_TRUE(pages.allocate(0, 4096, stats, list_kind::nofallback).has_value());
  EXPECT_FALSE(pages.allocate(0, 1, stats, list_kind::nofallback).has_value());
  EXPECT_TRUE(pages.allocate(0, 1, stats).has_value());
}

TYPED_TEST(CacheIn, nothing_is_there_before_the_first_rebuild) {
  cache<TypeParam> pages(make_ring(2), quiet_log());
  reader_stats stats;
  EXPECT_FALSE(pages.allocate(0, 1, stats).has_value());
  EXPECT_TRUE(pages.list_is_intact(0, stats));
}

TYPED_TEST(CacheIn, no_page_of_a_zone_that_is_gone) {
  const topology both = make_ring(2);
  cache<TypeParam> pages(both, quiet_log());
  ASSERT_TRUE(pages.rebuild(both).ok());
  reader_stats stats;
  const auto held = pages.allocate(0, 1, stats);
  ASSERT_TRUE(held.has_value());

  ASSERT_TRUE(pages.rebuild(without_memory(both, {0})).ok());
  for (int i = 0; i < 100; ++i) {
    const auto block = pages.allocate(0, 1, stats);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(pages.directory().describe(block->zone).node, 1);
  }
  // Its memory may go, and come back, only when its last page is home.
  EXPECT_FALSE(pages.reclaim(0));
  EXPECT_EQ(pages.rebuild(both).status().code(), absl::StatusCode::kFailedPrecondition);
  pages.free(*held);
  EXPECT_TRUE(pages.reclaim(0));
  ASSERT_TRUE(pages.rebuild(both).ok());
  EXPECT_EQ(pages.pages_of(*pages.directory().find(0, zone_kind::normal)).free(), 4096u);
}

TYPED_TEST(CacheIn, refuses_nodes_and_zones_that_it_was_not_made_for) {
  cache<TypeParam> pages(make_ring(2), quiet_log());
  EXPECT_EQ(pages.rebuild(make_ring(3)).status().code(), absl::StatusCode::kInvalidArgument);
  topology other = make_ring(2);
  other.nodes[0].zones[0].kind = zone_kind::movable;
  EXPECT_EQ(pages.rebuild(other).status().code(), absl::StatusCode::kInvalidArgument);
  other.nodes[0].zones = {{zone_kind::normal, 1}, {zone_kind::normal, 1}};
  EXPECT_EQ(pages.rebuild(other).status().code(), absl::StatusCode::kInvalidArgument);
}

TYPED_TEST(CacheIn, a_node_that_is_gone_has_empty_lists) {
  hotplug machine = hotplug::on_ring(8);
  cache<TypeParam> pages(machine.everything(), quiet_log());
  ASSERT_TRUE(pages.rebuild(machine.everything()).ok());
  ASSERT_TRUE(pages.rebuild(machine.now()).ok());
  reader_stats stats;
  const int gone = machine.nodes_that_come_and_go().back();
  EXPECT_TRUE(pages.list_is_intact(gone, stats));
  EXPECT_FALSE(pages.allocate(gone, 1, stats).has_value());
}

TYPED_TEST(CacheIn, lists_are_intact_after_every_change) {
  hotplug machine = hotplug::on_ring(12);
  cache<TypeParam> pages(machine.everything(), quiet_log());
  ASSERT_TRUE(pages.rebuild(machine.now()).ok());
  random_source random{3};
  reader_stats stats;
  for (int i = 0; i < 200; ++i) {
    if (machine.step(random, [&](int node) { return pages.reclaim(node); })) {
      ASSERT_TRUE(pages.rebuild(machine.now()).ok());
    }
    for (int node = 0; node < 12; ++node) {
      EXPECT_TRUE(pages.list_is_intact(node, stats));
      EXPECT_TRUE(pages.list_is_intact(node, stats, list_kind::nofallback));
    }
  }
  EXPECT_EQ(stats.restarts, 0u);
}

// ---- S1, at the worst moment: the reader has found nothing in the only zone of its list and is about to see
// the list's end; then the memory moves to the other node.

struct at_worst_moment {
  static inline std::function<void()> once;
  static void walked_past_a_zone() {
    const rtseq::lockdep::off another_thread_does_this;
    if (const auto now = std::exchange(once, nullptr)) now();
  }
};

template <class Seqlock>
struct stale_cursor {
  const topology both = make_ring(2);
  const topology only_0 = without_memory(both, {1});
  const topology only_1 = without_memory(both, {0});
  cache<rtseq::task_context, Seqlock, at_worst_moment> pages{both, quiet_log()};
  reader_stats stats;

  // Some zone of the machine has free pages at every moment; does an allocation find one?
  bool finds_memory() {
    EXPECT_TRUE(pages.rebuild(only_0).ok());
    const auto all = pages.allocate(0, 4096, stats);  // node 0 is empty, so the reader will walk past it
    EXPECT_TRUE(all.has_value());
    at_worst_moment::once = [&] {
      EXPECT_TRUE(pages.rebuild(both).ok());    // node 1 comes: from here there is memory
      EXPECT_TRUE(pages.rebuild(only_1).ok());  // node 0 goes
    };
    const auto found = pages.allocate(0, 1, stats);
    EXPECT_EQ(at_worst_moment::once, nullptr);
    return found.has_value();
  }
};

TEST(StaleCursor, is_a_false_out_of_memory_without_the_seqlock) {
  stale_cursor<no_seqlock> s1;
  EXPECT_FALSE(s1.finds_memory());
}
TEST(StaleCursor, is_a_restart_with_it) {
  stale_cursor<rtseq::seqlock<rtseq::task_context>> s1;
  EXPECT_TRUE(s1.finds_memory());
  EXPECT_GE(s1.stats.restarts, 1u);
}

TEST(StaleCursor, a_walk_that_two_rebuilds_overtake_stays_in_bounds_and_is_repeated) {
  // The walk with the cookie itself is overtaken, twice, so that the copy under it is rewritten.
  const topology both = make_ring(2);
  cache<rtseq::task_context, rtseq::seqlock<rtseq::task_context>, at_worst_moment> pages{both, quiet_log()};
  reader_stats stats;
  ASSERT_TRUE(pages.rebuild(both).ok());
  ASSERT_TRUE(pages.allocate(0, 4096, stats).has_value());
  ASSERT_TRUE(pages.allocate(1, 4096, stats).has_value());
  int overtaken = 0;
  std::function<void()> overtake = [&] {
    if (++overtaken == 8) return;
    EXPECT_TRUE(pages.rebuild(both).ok());
    EXPECT_TRUE(pages.rebuild(both).ok());
    at_worst_moment::once = overtake;
  };
  at_worst_moment::once = overtake;
  EXPECT_FALSE(pages.allocate(0, 1, stats).has_value());  // nothing is free: a true out of memory
  EXPECT_EQ(overtaken, 8);
  EXPECT_GE(stats.restarts, 3u);
}

TEST(OutOfMemory, is_said_when_it_is_true) {
  cache<rtseq::task_context> pages(make_ring(2), quiet_log());
  ASSERT_TRUE(pages.rebuild(make_ring(2)).ok());
  reader_stats stats;
  EXPECT_FALSE(pages.allocate(0, 4097, stats).has_value());
  EXPECT_EQ(stats.restarts, 1u);  // the walk with the cookie
}

TEST(Log, is_told_what_comes_and_goes_after_the_section) {
  struct told {
    std::vector<std::string> records;
    bool while_deferred = false;
  } told;
  rtseq::deferred_log log(
      [](void* cookie, const rtseq::log_record& record) {
        auto& t = *static_cast<struct told*>(cookie);
        t.records.emplace_back(record.text);
        t.while_deferred |= rtseq::in_deferral();
      },
      &told);
  cache<rtseq::task_context> pages(make_ring(2), log);
  ASSERT_TRUE(pages.rebuild(without_memory(make_ring(2), {1})).ok());
  ASSERT_TRUE(pages.rebuild(without_memory(make_ring(2), {0})).ok());
  EXPECT_EQ(told.records,
            (std::vector<std::string>{"node 0, zone Normal: 4096 pages", "lists of 2 nodes rebuilt",
                                      "node 1, zone Normal: 4096 pages", "node 0, zone Normal: gone",
                                      "lists of 2 nodes rebuilt"}));
  EXPECT_FALSE(told.while_deferred);
}

TEST(Writers, several_rebuild_one_at_a_time) {
  const topology machine = make_ring(8);
  cache<rtseq::threaded_context> pages(machine, quiet_log());
  ASSERT_TRUE(pages.rebuild(machine).ok());
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(pages.rebuild(machine).ok());
    });
  }
  reader_stats stats;
  for (int i = 0; i < 20000; ++i) EXPECT_TRUE(pages.list_is_intact(i % 8, stats));
  for (std::thread& writer : writers) writer.join();
}

// ---- The parts.

TEST(ZonePages, come_home_to_a_zone_that_is_gone) {
  zone_pages pages;
  EXPECT_FALSE(pages.take(1));
  pages.plug(10);
  EXPECT_TRUE(pages.take(4));
  EXPECT_FALSE(pages.take(7));
  pages.unplug();
  EXPECT_FALSE(pages.take(1));
  EXPECT_FALSE(pages.reclaim(10));
  pages.give(4);
  EXPECT_EQ(pages.free(), 10u);
  EXPECT_TRUE(pages.reclaim(10));
  EXPECT_EQ(pages.free(), 0u);
}

TEST(RunEnd, is_its_time_or_a_signal_before_that) {
  using clock = run_end::clock;
  struct sigaction before;
  ::sigaction(SIGTERM, nullptr, &before);
  EXPECT_TRUE(run_end(clock::now()).is_reached());
  EXPECT_FALSE(run_end(clock::now()).is_early());
  {
    const run_end end(clock::now() + std::chrono::hours(1));
    EXPECT_FALSE(end.is_reached());
    ::raise(SIGTERM);
    EXPECT_TRUE(end.is_early());
    EXPECT_TRUE(end.is_reached());
    struct sigaction next;
    ::sigaction(SIGTERM, nullptr, &next);
    EXPECT_EQ(next.sa_handler, SIG_DFL);  // a second one ends the program
  }
  struct sigaction after;
  ::sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  EXPECT_FALSE(run_end(clock::now() + std::chrono::hours(1)).is_reached());
}

class counting_handler {
 public:
  void operator()() noexcept { ++runs_; }
  int runs() const { return runs_.load(); }

 private:
  std::atomic<int> runs_{0};
};
bool is_blocked(int signo) {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return ::sigismember(&mask, signo) == 1;
}

TEST(InterruptSignals, are_unblocked_while_they_are_used_and_no_others_are) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::vector<std::unique_ptr<counting_handler>> handlers;
  handlers.push_back(std::make_unique<counting_handler>());
  handlers.push_back(std::make_unique<counting_handler>());
  {
    const run_end end(run_end::clock::now() + std::chrono::seconds(30));
    const interrupt_signals<rtseq::signal_context, counting_handler> running(handlers, {}, end);
    EXPECT_FALSE(is_blocked(SIGRTMIN));
    EXPECT_FALSE(is_blocked(SIGRTMIN + 1));
    EXPECT_TRUE(is_blocked(SIGRTMIN + 2));
    EXPECT_TRUE(is_blocked(SIGUSR1));
    const auto all_ran = [&] {
      return absl::c_all_of(handlers, [](const auto& handler) { return handler->runs() > 0; });
    };
    while (!all_ran() && !end.is_reached()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(all_ran());
    ::raise(SIGRTMIN);  // not a timer's: no handler's business
  }
  EXPECT_TRUE(is_blocked(SIGRTMIN));
  EXPECT_TRUE(is_blocked(SIGRTMIN + 1));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(LatencyHistogram, percentiles_are_within_three_percent) {
  latency_histogram times;
  EXPECT_EQ(times.percentile(0.5), 0u);
  for (int ns = 1; ns <= 100000; ++ns) times.record(std::chrono::nanoseconds(ns));
  EXPECT_NEAR(static_cast<double>(times.percentile(0.5)), 50000, 50000 * 0.033);
  EXPECT_NEAR(static_cast<double>(times.percentile(0.999)), 99900, 99900 * 0.033);
  EXPECT_EQ(times.max(), 100000u);
  EXPECT_EQ(times.percentile(1), 100000u);
  times.record(std::chrono::nanoseconds(-5));
  times.record(std::chrono::nanoseconds::max());
  EXPECT_EQ(times.max(), static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count()));
}
TEST(LatencyHistogram, small_values_are_exact) {
  for (int ns = 0; ns < 64; ++ns) {
    latency_histogram times;
    times.record(std::chrono::nanoseconds(ns));
    times.record(std::chrono::nanoseconds(1000));
    EXPECT_EQ(times.percentile(0.4), static_cast<std::uint64_t>(ns));
  }
}

TEST(Hotplug, always_leaves_a_node_with_memory) {
  for (const int nodes : {1, 2, 4, 5, 6, 20}) {
    hotplug machine = hotplug::on_ring(nodes);
    EXPECT_EQ(machine.nodes_that_come_and_go().size(), static_cast<std::size_t>(hotplug::added_nodes));
    EXPECT_FALSE(machine.nodes_that_stay().empty());
    random_source random{4};
    std::size_t alone = 0;
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(machine.step(random, [](int) { return true; }));
      const std::vector<int>& hot = machine.nodes_that_come_and_go();
      const auto there = absl::c_count_if(
          machine.now().nodes, [&](const node& n) { return n.online && absl::c_linear_search(hot, n.id); });
      ASSERT_GE(there, 1);
      alone += there == 1 ? 1 : 0;
      const auto online = absl::c_count_if(machine.now().nodes, [](const node& n) { return n.online; });
      for (const node& n : machine.now().nodes) {
        ASSERT_EQ(n.distances.size(), n.online ? static_cast<std::size_t>(online) : 0u);
      }
    }
    EXPECT_GT(alone, 100u);
  }
}
TEST(Hotplug, waits_for_a_node_that_may_not_come_yet) {
  hotplug machine = hotplug::on_ring(1);
  random_source random{5};
  EXPECT_FALSE(machine.step(random, [](int) { return false; }));
}

}  // namespace
}  // namespace zonelist
