// What `run` prints: a line while it runs, and at the end a table or one JSON object.
#ifndef ZONELIST_REPORT_HPP
#define ZONELIST_REPORT_HPP

#include "run.hpp"

#include <string>

namespace zonelist {

// Fits a terminal of 80 columns; no newline.
std::string live_line(const run_progress& progress);

// `title`: what ran, for the table's head.
std::string results_table(const run_results& results, const std::string& title);

// allocations, rebuilds, restarts, false_oom, torn, odd_ns_max, read_ns and rebuild_ns {p50, p99, p99_9,
// max}.
std::string results_json(const run_results& results);

}  // namespace zonelist

#endif
