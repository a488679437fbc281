// The experiment: one writer whose machine changes all the time, and interrupts that allocate from it.
#ifndef ZONELIST_RUN_HPP
#define ZONELIST_RUN_HPP

#include "hotplug.hpp"
#include "latency_histogram.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace zonelist {

enum class context_kind : std::uint8_t { threaded, virtual_cpu, signal, deferred_signal };

struct run_options {
  context_kind context = context_kind::threaded;
  int handlers = 2;
  std::optional<int> irq_hz;  // of each handler. None: threads as often as they can, signals 10,000
  int hotplug_hz = 10'000;
  std::chrono::duration<double> seconds{10};
  bool unsafe = false;  // without the seqlock
};

struct run_results {
  std::uint64_t allocations = 0;
  std::uint64_t rebuilds = 0;
  std::uint64_t restarts = 0;    // walks repeated because a rebuild may have been in between
  std::uint64_t false_oom = 0;   // "out of memory" although there was memory all the time
  std::uint64_t torn = 0;        // lists believed whole that no rebuild published
  std::uint64_t lost_pages = 0;  // in the wrong place, or nowhere, when all was given back
  std::chrono::nanoseconds odd_max{};
  std::unique_ptr<latency_histogram> read_time = std::make_unique<latency_histogram>();  // one allocation
  std::unique_ptr<latency_histogram> rebuild_time =
      std::make_unique<latency_histogram>();  // build and publish
  std::uint64_t log_records = 0;
  std::uint64_t log_dropped = 0;
  std::optional<std::chrono::duration<double>> ended_early_after;  // a signal asked for it (run_end.hpp)

  // Without an allocation nothing was put to the test.
  bool invariants_hold() const { return allocations != 0 && false_oom == 0 && torn == 0 && lost_pages == 0; }
};

// What is known while it runs.
struct run_progress {
  std::chrono::duration<double> elapsed{};
  std::uint64_t allocations = 0;
  std::uint64_t rebuilds = 0;
  std::uint64_t restarts = 0;
  std::uint64_t false_oom = 0;
  std::uint64_t torn = 0;
  std::string last_message;  // of the log
};

using progress_view = std::function<void(const run_progress&)>;

// Blocking. SIGINT and SIGTERM end it early. The calling thread is the writer; `show`, if any, is called a few times a second, on another
// thread.
run_results run(const run_options& options, hotplug machine, const progress_view& show);

}  // namespace zonelist

#endif
