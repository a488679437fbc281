#include "report.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <nlohmann/json.hpp>

#include <cstdint>

namespace zonelist {
namespace {

// 1234567 as "1,234,567".
std::string grouped(std::uint64_t number) {
  const std::string digits = absl::StrCat(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

// Nanoseconds in the unit that a person would choose.
std::string duration(std::uint64_t ns) {
  if (ns < 1'000) return absl::StrCat(ns, " ns");
  if (ns < 1'000'000) return absl::StrFormat("%.1f us", static_cast<double>(ns) / 1e3);
  return absl::StrFormat("%.1f ms", static_cast<double>(ns) / 1e6);
}

std::string percentiles_row(const std::string& name, const latency_histogram& times) {
  return absl::StrFormat("  %-20s %12s %12s %12s %12s\n", name, duration(times.percentile(0.5)),
                         duration(times.percentile(0.99)), duration(times.percentile(0.999)),
                         duration(times.max()));
}

nlohmann::ordered_json percentiles_json(const latency_histogram& times) {
  return {{"p50", times.percentile(0.5)},
          {"p99", times.percentile(0.99)},
          {"p99_9", times.percentile(0.999)},
          {"max", times.max()}};
}

}  // namespace

std::string live_line(const run_progress& progress) {
  const std::string line =
      absl::StrFormat("%5.1f s  %s allocations  %s rebuilds  %d false OOM  %d torn  %s",
                      progress.elapsed.count(), grouped(progress.allocations), grouped(progress.rebuilds),
                      progress.false_oom, progress.torn, progress.last_message);
  return line.substr(0, 79);
}

std::string results_table(const run_results& results, const std::string& title) {
  std::string text = absl::StrCat(title, "\n\n");
  const auto row = [&](const std::string& name, const std::string& value, const std::string& note) {
    absl::StrAppendFormat(&text, "  %-20s %12s%s\n", name, value,
                          note.empty() ? "" : absl::StrCat("   ", note));
  };
  const auto must_be_0 = [](std::uint64_t count) {
    return count == 0 ? "ok: must be 0" : "BROKEN: must be 0";
  };
  row("allocations", grouped(results.allocations), results.allocations == 0 ? "BROKEN: must not be 0" : "");
  row("rebuilds", grouped(results.rebuilds), "");
  row("restarts", grouped(results.restarts), "walks repeated because of a rebuild");
  row("false out of memory", grouped(results.false_oom), must_be_0(results.false_oom));
  row("torn lists", grouped(results.torn), must_be_0(results.torn));
  row("lost pages", grouped(results.lost_pages), must_be_0(results.lost_pages));
  row("longest odd time", duration(static_cast<std::uint64_t>(results.odd_max.count())),
      "preemption included");
  row("log records", grouped(results.log_records), absl::StrCat(grouped(results.log_dropped), " dropped"));
  absl::StrAppendFormat(&text, "\n  %-20s %12s %12s %12s %12s\n", "time", "p50", "p99", "p99.9", "max");
  text += percentiles_row("allocation", *results.read_time);
  text += percentiles_row("rebuild", *results.rebuild_time);
  return text;
}

std::string results_json(const run_results& results) {
  const nlohmann::ordered_json json = {{"allocations", results.allocations},
                                       {"rebuilds", results.rebuilds},
                                       {"restarts", results.restarts},
                                       {"false_oom", results.false_oom},
                                       {"torn", results.torn},
                                       {"odd_ns_max", results.odd_max.count()},
                                       {"read_ns", percentiles_json(*results.read_time)},
                                       {"rebuild_ns", percentiles_json(*results.rebuild_time)}};
  return absl::StrCat(json.dump(2), "\n");
}

}  // namespace zonelist
