// zonelist: a user-space zonelist cache on rtseq. Subcommands and their flags.
#include "command_line.hpp"
#include "hotplug.hpp"
#include "listing.hpp"
#include "replay_bug.hpp"
#include "report.hpp"
#include "run.hpp"
#include "text_file.hpp"
#include "topology.hpp"

#include <absl/algorithm/container.h>
#include <absl/status/statusor.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace zonelist {
namespace {

enum exit_code { success = 0, broken = 1, bad_usage = 2 };

constexpr char usage[] =
    "usage: zonelist [SUBCOMMAND] [FLAG...]\n"
    "\n"
    "A zonelist cache: for each NUMA node the order of zones to allocate memory from, rebuilt under a "
    "sequence\n"
    "lock's writer lock and read lock-free by threads and signal handlers.\n"
    "\n"
    "  order        prints each node's fallback order, as Linux does at boot\n"
    "  zones        prints each node's two lists with their zones and pages\n"
    "  run          changes the machine while interrupts allocate from it, and counts what goes wrong "
    "(default)\n"
    "  replay-bug   shows, step by step, what the sequence lock's irqsave form is for\n"
    "\n"
    "zonelist SUBCOMMAND --help says more.\n"
    "Exit status: 0; 1 an invariant broke, or the system refused; 2 bad input or usage.\n";

int say(const absl::Status& bad, exit_code code = bad_usage) {
  std::fprintf(stderr, "zonelist: %s\n", std::string(bad.message()).c_str());
  return code;
}

int print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return success;
  std::perror("zonelist: standard output");
  return broken;
}

using arguments = std::vector<std::string>;
bool asks_for_help(const arguments& args) {
  return absl::c_linear_search(args, "--help") || absl::c_linear_search(args, "-h");
}

// ---- order, zones

int list(const std::string& subcommand, const arguments& args, std::string (*text_of)(const topology&)) {
  std::string sysfs;
  std::string zoneinfo;
  command_line flags;
  flags.add_path("sysfs", "DIR", sysfs,
                 absl::StrCat("a directory laid out like ", default_sysfs, " (default: this machine's)"));
  flags.add_path("zoneinfo", "FILE", zoneinfo,
                 absl::StrCat("a file like ", default_zoneinfo,
                              " (default: this machine's; with --sysfs=DIR one Normal zone a node)"));
  if (asks_for_help(args)) {
    return print(
        absl::StrCat("usage: zonelist ", subcommand, " [--sysfs=DIR] [--zoneinfo=FILE]\n\n", flags.help()));
  }
  if (const absl::Status status = flags.parse(args); !status.ok()) return say(status);

  const bool this_machine = sysfs.empty() || sysfs == default_sysfs;
  const auto machine = this_machine && zoneinfo.empty()
                           ? read_this_machine()
                           : read_topology(sysfs.empty() ? default_sysfs : sysfs, zoneinfo);
  if (!machine.ok()) return say(machine.status());
  return print(text_of(*machine));
}

// ---- run

const std::vector<std::string> context_names = {"threaded", "virtual-cpu", "signal", "deferred-signal"};

struct run_flags {
  run_options options;
  std::string context = "threaded";
  double seconds = 10;
  std::optional<int> handlers;
  std::optional<int> hotplug_hz;
  std::optional<int> nodes;
  bool json = false;
};

void add_run_flags(command_line& flags, run_flags& chosen) {
  flags.add_choice("context", context_names, chosen.context,
                   "what an interrupt is: threaded (default), virtual-cpu, signal or deferred-signal");
  flags.add_integer("handlers", 1, 16, chosen.handlers, "how many interrupt sources (default 2)");
  flags.add_integer("irq-hz", 1, 1'000'000, chosen.options.irq_hz,
                    "how often each interrupts (default: signals 10000, threads as often as they can)");
  flags.add_integer("hotplug-hz", 1, 1'000'000, chosen.hotplug_hz,
                    "how often memory comes or goes (default 10000)");
  flags.add_seconds("seconds", 1e6, chosen.seconds, "how long (default 10)");
  flags.add_integer("nodes", 1, max_nodes, chosen.nodes,
                    "a ring of so many nodes instead of this machine's topology");
  flags.add_switch("json", chosen.json, "print the results as one JSON object");
  flags.add_switch("unsafe", chosen.options.unsafe, "without the sequence lock: see what then goes wrong");
}

constexpr char run_explanation[] =
    "\n"
    "The nodes that stay are full, so the only free memory is that of memory-only nodes that come, go and "
    "take each\n"
    "other's place. At least one is always there: an allocation that fails is a false \"out of memory\".\n"
    "On this machine's topology, and on a ring of up to four nodes, four such nodes are added, as CXL memory "
    "would be;\n"
    "on a larger ring they are the last four. Threads: each interrupt source is a thread. Signals: each is a "
    "timer\n"
    "that interrupts the writer's own thread, anywhere.\n"
    "\n"
    "Ctrl-C (SIGINT) or SIGTERM ends it early, with the results so far; a second one kills it.\n"
    "\n"
    "Exit status 1 if anything that must be 0 is not, or nothing was allocated.\n";

context_kind context_named(const std::string& name) {
  for (std::size_t i = 0; i < context_names.size(); ++i) {
    if (context_names[i] == name) return static_cast<context_kind>(i);
  }
  return context_kind::threaded;
}

absl::StatusOr<hotplug> machine_to_run_on(std::optional<int> ring_nodes) {
  if (ring_nodes) return hotplug::on_ring(*ring_nodes);
  auto machine = read_this_machine();
  if (!machine.ok()) return machine.status();
  if (machine->nodes.size() > max_nodes - hotplug::added_nodes) {
    return bad_input(default_sysfs, absl::StrCat("room for ", hotplug::added_nodes, " more nodes"),
                     absl::StrCat(machine->nodes.size()));
  }
  return hotplug::on_machine(*std::move(machine));
}

int run_experiment(const arguments& args) {
  run_flags chosen;
  command_line flags;
  add_run_flags(flags, chosen);
  if (asks_for_help(args)) {
    return print(absl::StrCat("usage: zonelist run [FLAG...]\n\n", flags.help(), run_explanation));
  }
  if (const absl::Status status = flags.parse(args); !status.ok()) return say(status);
  run_options& options = chosen.options;
  options.context = context_named(chosen.context);
  options.seconds = std::chrono::duration<double>(chosen.seconds);
  options.handlers = chosen.handlers.value_or(options.handlers);
  options.hotplug_hz = chosen.hotplug_hz.value_or(options.hotplug_hz);

  auto machine = machine_to_run_on(chosen.nodes);
  if (!machine.ok()) return say(machine.status());
  const std::string setting =
      absl::StrFormat("%s, %d handlers, %d + %d nodes", chosen.context, options.handlers,
                      machine->nodes_that_stay().size(), machine->nodes_that_come_and_go().size());

  const bool live = ::isatty(STDERR_FILENO) == 1;
  progress_view show;
  if (live) {
    show = [](const run_progress& progress) {
      std::fprintf(stderr, "\r\033[K%s", live_line(progress).c_str());
    };
  }
  const run_results results = run(options, *std::move(machine), show);
  if (live) std::fputs("\r\033[K", stderr);

  std::string time = absl::StrFormat("%g s", chosen.seconds);
  if (results.ended_early_after) {
    time = absl::StrFormat("%.1f of %s", results.ended_early_after->count(), time);
    if (chosen.json) std::fprintf(stderr, "zonelist: ended early, after %s\n", time.c_str());
  }
  const std::string title =
      absl::StrCat(setting, ", ", time, options.unsafe ? ", WITHOUT the sequence lock" : "");
  const int printed = print(chosen.json ? results_json(results) : results_table(results, title));
  if (results.invariants_hold()) return printed;
  if (chosen.json && results.lost_pages != 0) {
    std::fprintf(stderr, "zonelist: %s pages were lost\n", absl::StrCat(results.lost_pages).c_str());
  }
  return broken;
}

// ---- replay-bug

int replay(const arguments& args) {
  if (asks_for_help(args)) return print("usage: zonelist replay-bug\n");
  if (const absl::Status status = command_line().parse(args); !status.ok()) return say(status);
  const auto story = replay_bug();
  if (!story.ok()) return say(story.status(), broken);
  return print(*story);
}

int dispatch(arguments args) {
  if (!args.empty() && (args[0] == "--help" || args[0] == "-h" || args[0] == "help")) return print(usage);
  // Without a subcommand: run.
  std::string subcommand = "run";
  if (!args.empty() && !absl::StartsWith(args[0], "-")) {
    subcommand = args[0];
    args.erase(args.begin());
  }
  if (subcommand == "order") return list(subcommand, args, fallback_order_lines);
  if (subcommand == "zones") return list(subcommand, args, zone_lists);
  if (subcommand == "run") return run_experiment(args);
  if (subcommand == "replay-bug") return replay(args);
  return say(bad_input("subcommand", "order, zones, run or replay-bug",
                       absl::StrCat("'", printable(subcommand), "'")));
}

}  // namespace
}  // namespace zonelist

int main(int argc, char** argv) {
  return zonelist::dispatch(std::vector<std::string>(argv + 1, argv + argc));
}
