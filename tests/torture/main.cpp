// Tortures every type over every context and lock, and prints what was done: 0 if nothing was found, 1 if something
// was, 2 for a wrong command line.
#include "broken.hpp"
#include "cells.hpp"
#include "flags.hpp"
#include "run_cell.hpp"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace torture {
namespace {

#if defined(RTSEQ_ATOMIC_PROVIDER)
constexpr bool injected = true;
#else
constexpr bool injected = false;
#endif

using clock = std::chrono::steady_clock;
double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

std::vector<cell> all_cells() {
  std::vector<cell> cells;
  add_task_cells(cells);
  add_signal_cells(cells);
  add_deferred_signal_cells(cells);
  add_threaded_cells(cells);
  add_virtual_cpu_cells(cells);
  return cells;
}

// 1234567 as 1,234,567.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

// What is printed: a row a type.
class table {
 public:
  void add(const std::string& type, bool new_cell, const tally& done, std::uint64_t errors) {
    auto found = std::find_if(rows_.begin(), rows_.end(), [&](const row& r) { return r.type == type; });
    if (found == rows_.end()) found = rows_.insert(rows_.end(), row{type, 0, 0, {}});
    for (row* r : {&*found, &all_}) {
      r->cells += new_cell ? 1 : 0;
      r->errors += errors;
      r->sum.add(done);
    }
  }
  const tally& sum() const { return all_.sum; }
  unsigned cells() const { return all_.cells; }

  void print() {
    absl::PrintF("%-16s %5s %13s %15s %13s %11s %11s %8s %10s %7s\n", "type", "cells", "writes",
                 "checked reads", "repeated", "refused", "in handlers", "waits", "worst us", "errors");
    std::sort(rows_.begin(), rows_.end(), [](const row& a, const row& b) { return a.type < b.type; });
    for (const row& r : rows_) print(r);
    print(all_);
  }

 private:
  struct row {
    std::string type;
    unsigned cells = 0;
    std::uint64_t errors = 0;
    tally sum;
  };
  static void print(const row& r) {
    absl::PrintF("%-16s %5d %13s %15s %13s %11s %11s %8s %10.1f %7d\n", r.type, r.cells,
                 grouped(r.sum.writes), grouped(r.sum.reads), grouped(r.sum.repeated), grouped(r.sum.refused),
                 grouped(r.sum.in_handlers), grouped(r.sum.waits),
                 static_cast<double>(r.sum.worst_read_ns) / 1e3, r.errors);
  }

  std::vector<row> rows_;
  row all_{"all", 0, 0, {}};
};

int torture(const flags& wanted) {
  std::vector<cell> cells = all_cells();
  std::erase_if(cells, [&](const cell& c) { return !absl::StrContains(c.name, wanted.filter); });
  if (wanted.list) {
    for (const cell& c : cells) absl::PrintF("%s\n", c.name);
    return 0;
  }
  if (cells.empty()) {
    absl::FPrintF(stderr, "torture: --filter: no cell's name contains '%s'; --list prints them\n",
                  wanted.filter);
    return 2;
  }
  const std::uint64_t seed = wanted.seed ? *wanted.seed : std::random_device{}();
  absl::PrintF("seed %d: %d cells, %.0f s, %d readers, %d writers, delays %s\n", seed, cells.size(),
               wanted.seconds, wanted.how.readers, wanted.how.writers,
               injected ? "at every atomic access" : "in the sections only");
  std::fflush(stdout);

  // In any order, so that a run that is cut short has tried some of all.
  random_numbers random{seed};
  for (std::size_t i = cells.size(); i > 1; --i)
    std::swap(cells[i - 1], cells[random.below(static_cast<unsigned>(i))]);

  const bool live = ::isatty(STDERR_FILENO) == 1;
  const clock::time_point begin = clock::now();
  const double slice = wanted.seconds / static_cast<double>(cells.size());
  table done;
  const auto enough = [&](unsigned round) {
    const double elapsed = seconds_since(begin);
    if (round == 0) return elapsed > flags::overtime * wanted.seconds;
    return elapsed > flags::patience * wanted.seconds ||
           (elapsed >= wanted.seconds && done.sum().reads >= wanted.reads);
  };
  for (unsigned round = 0; !enough(round); ++round) {
    for (std::size_t i = 0; i < cells.size() && !enough(round); ++i) {
      const cell& c = cells[i];
      if (live) {
        absl::FPrintF(stderr, "\r\033[K%3.0f s  %s reads  %s", seconds_since(begin),
                      grouped(done.sum().reads), c.name);
      }
      // What late cells are left with, if starting threads took its time.
      const double left = (wanted.seconds - seconds_since(begin)) / static_cast<double>(cells.size() - i);
      const double share = round == 0 ? std::clamp(left, 0.3 * slice, slice) : slice;
      set_replay_hint(absl::StrFormat("--seed=%d --filter=%s", seed, c.name));
      // From its name: so that a filter does not change what a cell draws.
      std::uint64_t cell_seed = seed + round;
      for (const char letter : c.name) cell_seed = cell_seed * 31 + static_cast<unsigned char>(letter);
      const std::uint64_t errors_before = errors();
      const tally by_all = run_cell(c, share, cell_seed, wanted.how);
      done.add(c.type, round == 0, by_all, errors() - errors_before);
    }
  }
  if (live) absl::FPrintF(stderr, "\r\033[K");

  done.print();
  const std::uint64_t reads = done.sum().reads;
  const std::uint64_t found = errors();
  absl::PrintF("%s checked reads in %.0f s, %d of %d cells, %d errors (seed %d)\n", grouped(reads),
               seconds_since(begin), done.cells(), cells.size(), found, seed);
  if (reads < wanted.reads) {
    absl::FPrintF(stderr, "torture: fewer than %s checked reads: this machine is too slow, or too busy\n",
                  grouped(wanted.reads));
    return 1;
  }
  return found == 0 ? 0 : 1;
}

// Each broken type in a process of its own, as some of them hang: until it is found, or for `seconds`.
int self_test(const flags& wanted) {
  const std::uint64_t seed = wanted.seed ? *wanted.seed : std::random_device{}();
  absl::PrintF("seed %d\n", seed);
  int wrong = 0;
  for (const cell& c : broken_cells()) {
    std::fflush(stdout);
    const clock::time_point begin = clock::now();
    const bool must_pass = absl::EndsWith(c.name, "/none");
    const pid_t child = ::fork();
    if (child == 0) {
      settings how = wanted.how;
      if (!must_pass) how.stuck_s = 1;  // the control does not hang, and a pause of the machine is no finding
      set_replay_hint(absl::StrFormat("--self-test --seed=%d", seed));
      const double limit = must_pass ? 1 : wanted.seconds;
      for (std::uint64_t i = 0; errors() == 0 && seconds_since(begin) < limit; ++i)
        run_cell(c, 0.2, seed + i, how);
      ::_exit(errors() == 0 ? 0 : 1);
    }
    int status = 0;
    const bool ended = child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status);
    const bool found = ended && WEXITSTATUS(status) == 1;
    const bool right = ended && (must_pass ? WEXITSTATUS(status) == 0 : found);
    absl::PrintF("%-26s %s after %.1f s%s\n", c.name, found ? "found" : "not found", seconds_since(begin),
                 right ? "" : "  WRONG");
    wrong += right ? 0 : 1;
  }
  absl::PrintF("%s\n", wrong == 0 ? "every defect was found" : "the torture cannot be trusted");
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace torture

int main(int argc, char** argv) {
  torture::flags wanted;
  bool help_wanted = false;
  if (const auto message = torture::parse(argc, argv, wanted, help_wanted)) {
    if (!help_wanted) {
      absl::FPrintF(stderr, "torture: %s\n", *message);
      return 2;
    }
    absl::PrintF("%s", *message);
    return 0;
  }
  return wanted.self_test ? torture::self_test(wanted) : torture::torture(wanted);
}
