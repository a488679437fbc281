#include "run.hpp"

#include "cache.hpp"
#include "interrupt.hpp"
#include "interrupt_signals.hpp"
#include "interrupt_threads.hpp"
#include "no_seqlock.hpp"
#include "refused.hpp"
#include "run_end.hpp"

#include <absl/algorithm/container.h>
#include <time.h>
#include <rtseq/deferred_log.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace zonelist {
namespace {

using clock = std::chrono::steady_clock;

// Through thousands of signals a second: std::this_thread::sleep_until sleeps for a duration, and starts
// again after each, which takes several times as long. An early end wakes it.
void sleep_until(clock::time_point due, const run_end& end) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(due.time_since_epoch()).count();
  constexpr std::int64_t second_ns = 1'000'000'000;
  const timespec at{static_cast<time_t>(ns / second_ns), static_cast<long>(ns % second_ns)};
  while (!end.is_early() && ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {}
}

// Where the log's records go. A task's sink: it may wait.
class log_view {
 public:
  static void keep(void* view, const rtseq::log_record& record) {
    log_view& self = *static_cast<log_view*>(view);
    const std::lock_guard lock(self.mutex_);
    self.records_ += record.dropped == 0 ? 1 : 0;
    self.last_ = std::string(record.text);
  }
  std::uint64_t records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t records_ = 0;
  std::string last_;
};

// Does something a few times a second, on a thread of its own, from construction to destruction.
class ticker {
 public:
  explicit ticker(const std::function<void()>& tick) : thread_{start_thread([this, tick] { run(tick); })} {}
  ~ticker() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    stopped_.notify_one();
    thread_.join();
  }
  ticker(const ticker&) = delete;
  ticker& operator=(const ticker&) = delete;

 private:
  void run(const std::function<void()>& tick) {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, std::chrono::milliseconds(200), [this] { return stop_; })) tick();
  }

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

template <rtseq::interrupt_context Context, class Seqlock>
class experiment {
  using cache_type = cache<Context, Seqlock>;
  using device = interrupt<cache_type>;
  static constexpr bool signals = std::is_same_v<Context, rtseq::signal_context> ||
                                  std::is_same_v<Context, rtseq::deferred_signal_context>;
  using interrupts =
      std::conditional_t<signals, interrupt_signals<Context, device>, interrupt_threads<Context, device>>;

 public:
  experiment(const run_options& options, hotplug machine)
      : options_{options}, machine_{std::move(machine)}, local_nodes_{machine_.nodes_that_stay()} {
    rebuild();
    fill_nodes_that_stay();
    for (int i = 0; i < options_.handlers; ++i) {
      handlers_.push_back(std::make_unique<device>(cache_, local_nodes_, static_cast<std::uint64_t>(i)));
    }
  }

  run_results run(const progress_view& show) {
    const auto from = clock::now();
    const run_end end(from + std::chrono::duration_cast<clock::duration>(options_.seconds));
    {
      std::optional<ticker> live;
      if (show) live.emplace([&, from] { show(progress_since(from)); });
      const interrupts running(handlers_, options_.irq_hz, end);
      change_machine_until(end);
    }
    run_results all = results();
    if (end.is_early()) all.ended_early_after = clock::now() - from;
    return all;
  }

 private:
  void rebuild() {
    const auto from = clock::now();
    const auto odd_time = cache_.rebuild(machine_.now());
    if (!odd_time.ok()) {  // hotplug asks before it brings a node back, and knows no others
      std::fprintf(stderr, "zonelist: rebuild: %s\n", odd_time.status().ToString().c_str());
      std::abort();
    }
    rebuild_time_.record(clock::now() - from);
    odd_max_ = std::max(odd_max_, *odd_time);
    // relaxed, here and in progress_since(): a count that orders nothing.
    rebuilds_.fetch_add(1, std::memory_order_relaxed);
  }

  // All their memory is in use, for good.
  void fill_nodes_that_stay() {
    for_each_zone([&](std::uint16_t zone, bool stays) {
      zone_pages& pages = cache_.pages_of(zone);
      if (stays) (void)pages.take(pages.free());
    });
  }

  template <class F>
  void for_each_zone(F visit) {
    const std::vector<int>& come_and_go = machine_.nodes_that_come_and_go();
    for (std::uint16_t zone = 0; zone < cache_.directory().zones(); ++zone) {
      visit(zone, !absl::c_linear_search(come_and_go, cache_.directory().describe(zone).node));
    }
  }

  // Late is made up for, within bounds: so the rate holds also where others have the processor for a while.
  void change_machine_until(const run_end& end) {
    constexpr auto longest_backlog = std::chrono::milliseconds(100);
    const auto period = std::chrono::nanoseconds(1'000'000'000 / options_.hotplug_hz);
    random_source random{0};
    for (auto due = clock::now(); !end.is_reached();
         due = std::max(due + period, clock::now() - longest_backlog)) {
      sleep_until(std::min(due, end.at()), end);
      if (machine_.step(random, [&](int node) { return cache_.reclaim(node); })) rebuild();
    }
  }

  run_progress progress_since(clock::time_point from) const {
    run_progress now;
    now.elapsed = clock::now() - from;
    now.rebuilds = rebuilds_.load(std::memory_order_relaxed);
    now.last_message = log_view_.last();
    sum_counts(now);
    return now;
  }

  template <class Sums>
  void sum_counts(Sums& sums) const {
    for (const auto& handler : handlers_) {
      const interrupt_counts& counts = handler->counts();
      sums.allocations += interrupt_counts::get(counts.allocations);
      sums.restarts += interrupt_counts::get(counts.restarts);
      sums.false_oom += interrupt_counts::get(counts.false_oom);
      sums.torn += interrupt_counts::get(counts.torn);
    }
  }

  // Everything has been given back, so each zone's pages must be where they belong.
  std::uint64_t lost_pages() {
    std::uint64_t lost = 0;
    for_each_zone([&](std::uint16_t zone, bool stays) {
      const zone_ref ref = cache_.directory().describe(zone);
      const zone_pages& pages = cache_.pages_of(zone);
      const bool gone = !pages.is_online() && cache_.reclaim(ref.node);
      const std::uint64_t expected = stays || gone ? 0 : present_pages(ref);
      lost += std::max(pages.free(), expected) - std::min(pages.free(), expected);
    });
    return lost;
  }
  std::uint64_t present_pages(zone_ref ref) const {
    for (const node& n : machine_.everything().nodes) {
      if (n.id != ref.node) continue;
      for (const zone& z : n.zones) {
        if (z.kind == ref.kind) return z.pages;
      }
    }
    return 0;
  }

  run_results results() {
    for (const auto& handler : handlers_) handler->stop();
    run_results all;
    sum_counts(all);
    for (const auto& handler : handlers_) all.read_time->merge(handler->counts().read_time);
    all.rebuild_time->merge(rebuild_time_);
    all.rebuilds = rebuilds_.load(std::memory_order_relaxed);
    all.odd_max = odd_max_;
    all.lost_pages = lost_pages();
    log_->flush();
    all.log_records = log_view_.records();
    all.log_dropped = log_->dropped();
    return all;
  }

  const run_options options_;
  hotplug machine_;
  const std::vector<int> local_nodes_;
  log_view log_view_;
  const std::unique_ptr<rtseq::deferred_log> log_ =
      std::make_unique<rtseq::deferred_log>(log_view::keep, &log_view_);
  cache_type cache_{machine_.everything(), *log_};
  std::vector<std::unique_ptr<device>> handlers_;
  latency_histogram rebuild_time_;
  std::chrono::nanoseconds odd_max_{};
  std::atomic<std::uint64_t> rebuilds_{0};
};

template <class Context>
run_results run_in(const run_options& options, hotplug machine, const progress_view& show) {
  if (options.unsafe) return experiment<Context, no_seqlock>(options, std::move(machine)).run(show);
  return experiment<Context, rtseq::seqlock<Context>>(options, std::move(machine)).run(show);
}

}  // namespace

run_results run(const run_options& options, hotplug machine, const progress_view& show) {
  switch (options.context) {
    case context_kind::virtual_cpu:
      return run_in<rtseq::virtual_cpu_context>(options, std::move(machine), show);
    case context_kind::signal:
      return run_in<rtseq::signal_context>(options, std::move(machine), show);
    case context_kind::deferred_signal:
      return run_in<rtseq::deferred_signal_context>(options, std::move(machine), show);
    case context_kind::threaded:
      break;
  }
  return run_in<rtseq::threaded_context>(options, std::move(machine), show);
}

}  // namespace zonelist
