// The program as its users meet it: what it prints where, and its exit status.
#include "test_support.hpp"

#include <absl/strings/str_split.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nlohmann/json.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/lockdep.hpp>

#include <chrono>
#include <functional>
#include <set>
#include <thread>

namespace zonelist {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::scratch_directory;
using ::testing::StartsWith;

struct outcome {
  int status = -1;
  std::string out;
  std::string err;
};

// `prepare`: in the child, before it becomes the program. What it sets survives exec: masks, limits.
// `meanwhile`: here, while the program runs.
outcome zonelist(
    const std::vector<std::string>& arguments, const std::function<void()>& prepare = [] {},
    const std::function<void(pid_t program)>& meanwhile = [](pid_t) {}) {
  const scratch_directory dir;
  std::vector<std::string> words = {ZONELIST_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string out = (dir / "out").string();
  const std::string err = (dir / "err").string();
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen(out.c_str(), "w", stdout) != nullptr &&
        std::freopen(err.c_str(), "w", stderr) != nullptr) {
      prepare();
      ::execv(argv[0], argv.data());
    }
    ::_exit(127);
  }
  meanwhile(child);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, testing::slurp(out), testing::slurp(err)};
}

void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

// From now on no file can be opened but one at a time.
void leave_one_file_descriptor() {
  constexpr rlim_t standard = 3;
  for (int fd = standard; fd < 1024; ++fd) ::close(fd);
  const rlimit one_more{standard + 1, standard + 1};
  ::setrlimit(RLIMIT_NOFILE, &one_more);
}

// A thread's stack is as large as the main thread's may become: larger than any address space.
void leave_no_room_for_threads() {
  const rlimit huge{rlim_t{1} << 50, RLIM_INFINITY};
  ::setrlimit(RLIMIT_STACK, &huge);
}

// The program has a handler for the signal: it is past its beginning.
void wait_until_caught(pid_t program, int signo) {
  const std::string status = "/proc/" + std::to_string(program) + "/status";
  const std::string caught = "SigCgt:";
  for (int i = 0; i < 3000; ++i) {
    const std::string text = testing::slurp(status);
    const auto at = text.find(caught);
    if (at != std::string::npos) {
      const auto set = std::strtoull(text.c_str() + at + caught.size(), nullptr, 16);
      if ((set >> (signo - 1) & 1) != 0) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "no handler for signal " << signo;
}

// With more time where the program had too little of the processor to allocate anything.
outcome until_it_allocates(const std::function<outcome(std::chrono::milliseconds time)>& run) {
  for (const int ms : {300, 1000}) {
    const outcome got = run(std::chrono::milliseconds(ms));
    if (!::testing::Matches(ContainsRegex("allocations(\": | +)0"))(got.out)) return got;
  }
  return run(std::chrono::seconds(5));
}
outcome run_until_it_allocates(
    const std::vector<std::string>& arguments, const std::function<void()>& prepare = [] {}) {
  return until_it_allocates([&](std::chrono::milliseconds time) {
    std::vector<std::string> all = arguments;
    all.push_back("--seconds=" + std::to_string(std::chrono::duration<double>(time).count()));
    return zonelist(all, prepare);
  });
}

// It has not ended, and was not waited for.
bool is_running(pid_t program) {
  siginfo_t ended = {};
  return ::waitid(P_PID, static_cast<id_t>(program), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0;
}

void expect_refusal(const std::vector<std::string>& arguments, const std::string& name,
                    const std::string& expected) {
  const outcome got = zonelist(arguments);
  SCOPED_TRACE(::testing::PrintToString(arguments));
  EXPECT_EQ(got.status, 2);
  EXPECT_EQ(got.out, "");
  EXPECT_THAT(got.err, StartsWith("zonelist: " + name + ": expected " + expected));
  EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1);
  EXPECT_EQ(got.err.back(), '\n');
}

TEST(Order, equals_what_linux_printed_byte_for_byte) {
  for (const auto& path : testing::recorded_machines()) {
    const outcome got =
        zonelist({"order", "--sysfs=" + path.string(), "--zoneinfo", (path / "zoneinfo").string()});
    EXPECT_EQ(got.status, 0);
    EXPECT_EQ(got.out, testing::slurp(path / "expected")) << path;
    EXPECT_EQ(got.err, "");
  }
}
TEST(Order, of_this_machine) {
  const outcome got = zonelist({"order"});
  EXPECT_EQ(got.status, 0);
  EXPECT_THAT(got.out, ContainsRegex("^Fallback order for Node [0-9]+: [0-9]+"));
  EXPECT_EQ(got.err, "");
}

TEST(Zones, lists_zones_and_pages) {
  const auto path = testing::testdata / "t46_hot_rebuild_same_mem";
  const outcome got =
      zonelist({"zones", "--sysfs=" + path.string(), "--zoneinfo=" + (path / "zoneinfo").string()});
  EXPECT_EQ(got.status, 0);
  EXPECT_THAT(got.out, StartsWith("Node 0\n"
                                  "  FALLBACK\n"
                                  "    node 0    DMA32           28672 pages\n"
                                  "    node 0    DMA              3998 pages\n"
                                  "    node 1    DMA32           32768 pages\n"));
  EXPECT_THAT(got.out, HasSubstr("Node 3\n"));
}

TEST(BadInput, is_one_line_that_names_the_flag) {
  expect_refusal({"frobnicate"}, "subcommand", "order, zones, run or replay-bug, got 'frobnicate'");
  expect_refusal({""}, "subcommand", "order, zones, run or replay-bug, got ''");
  expect_refusal({"run", "--frobnicate"}, "--frobnicate", "one of --context, ");
  expect_refusal({"--frobnicate"}, "--frobnicate", "one of --context, ");
  expect_refusal({"run", "more"}, "more", "one of --context, ");
  expect_refusal({"run", "--sysfs=/"}, "--sysfs=/", "one of --context, ");
  expect_refusal({"order", "--json"}, "--json", "one of --sysfs, --zoneinfo");
  expect_refusal({"replay-bug", "--json"}, "--json", "no arguments");
  expect_refusal({"run", "--context=nmi"}, "--context",
                 "one of threaded, virtual-cpu, signal, deferred-signal");
  expect_refusal({"run", "--context"}, "--context", "one of threaded");
  for (const char* bad : {"-1", "0", "x", "", "nan", "inf", "1e9", "1s", "-inf"}) {
    expect_refusal({"run", std::string("--seconds=") + bad}, "--seconds", "a number of seconds above 0");
  }
  expect_refusal({"run", "--seconds", "-1"}, "--seconds", "a number of seconds above 0");
  for (const char* flag : {"--nodes", "--handlers", "--irq-hz", "--hotplug-hz"}) {
    for (const char* bad : {"=0", "=-1", "=1025000", "=x", "=", "=1.5", "=0x10", "=99999999999999999999"}) {
      expect_refusal({"run", flag + std::string(bad)}, flag, "a whole number from 1 to ");
    }
  }
  expect_refusal({"run", "--nodes=1025"}, "--nodes", "a whole number from 1 to 1024");
  expect_refusal({"run", "--json=maybe"}, "--json", "true or false");
  expect_refusal({"order", "--sysfs="}, "--sysfs", "a path");
  expect_refusal({"run", "--a\nb"}, "--a\\nb", "one of");
}
TEST(BadInput, is_one_line_that_names_the_file) {
  const scratch_directory dir;
  expect_refusal({"order", "--sysfs=" + dir.path()}, dir.path(),
                 "a directory laid out like /sys/devices/system/node");
  dir.write_node(0, "10 20", 4000, "0");
  expect_refusal({"zones", "--sysfs=" + dir.path()}, (dir / "node0/distance").string(),
                 "one row of 1 distances");
  dir.write_node(0, "10", 4000, "0");
  expect_refusal({"order", "--sysfs=" + dir.path(), "--zoneinfo=/does/not/exist"}, "/does/not/exist",
                 "a file like /proc/zoneinfo");
  expect_refusal({"order", "--zoneinfo=" + dir.path()}, dir.path(), "a file like /proc/zoneinfo");
}

TEST(Help, is_printed) {
  EXPECT_THAT(zonelist({"--help"}).out, StartsWith("usage: zonelist [SUBCOMMAND]"));
  EXPECT_THAT(zonelist({"run", "--help"}).out, HasSubstr("--hotplug-hz=N"));
  EXPECT_THAT(zonelist({"order", "--help"}).out, HasSubstr("--sysfs=DIR"));
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"zones", "-h"}, {"replay-bug", "--help"}}) {
    EXPECT_EQ(zonelist(arguments).status, 0);
  }
}

class Run : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string context() { return std::string("--context=") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Contexts, Run,
                         ::testing::Values("threaded", "virtual-cpu", "signal", "deferred-signal"));

TEST_P(Run, keeps_its_promises_and_says_so_as_json) {
  const outcome got = zonelist({"run", context(), "--seconds=1", "--json"});
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(got.err, "");
  const auto json = nlohmann::json::parse(got.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << got.out;
  std::set<std::string> keys;
  for (const auto& item : json.items()) keys.insert(item.key());
  EXPECT_EQ(keys, (std::set<std::string>{"allocations", "rebuilds", "restarts", "false_oom", "torn",
                                         "odd_ns_max", "read_ns", "rebuild_ns"}));
  // How many, depends on who else has the processor, and under ThreadSanitizer on how long it delays signals:
  // GCC 12's now and then leaves them blocked for good after the first few.
  EXPECT_GT(json["allocations"], 0);
  EXPECT_GT(json["rebuilds"], 10);
  EXPECT_EQ(json["false_oom"], 0);
  EXPECT_EQ(json["torn"], 0);
  EXPECT_GT(json["odd_ns_max"], 0);
  for (const char* times : {"read_ns", "rebuild_ns"}) {
    const auto& t = json[times];
    EXPECT_LE(t.at("p50"), t.at("p99"));
    EXPECT_LE(t.at("p99"), t.at("p99_9"));
    EXPECT_LE(t.at("p99_9"), t.at("max"));
    EXPECT_GT(t.at("max"), 0);
    EXPECT_EQ(t.size(), 4u);
  }
}

TEST_P(Run, without_the_seqlock_finds_false_out_of_memory) {
  // A few seconds are plenty; how many, depends on who else has the processor.
  for (const char* seconds : {"--seconds=2", "--seconds=5", "--seconds=10"}) {
    const outcome got = zonelist({"run", context(), "--unsafe", seconds, "--json"});
    const auto json = nlohmann::json::parse(got.out, nullptr, false);
    ASSERT_TRUE(json.is_object()) << got.out;
    if (json["false_oom"] == 0) continue;
    EXPECT_EQ(got.status, 1);
    return;
  }
  ADD_FAILURE() << "no false out of memory without the seqlock";
}

// A minute each, with 10,000 signals a second where handlers are signals; and without the seqlock as well.
TEST_P(Run, long_keeps_its_promises_for_a_minute) {
  std::vector<std::string> arguments{"run", context(), "--seconds=60", "--json"};
  if (context().find("signal") != std::string::npos) arguments.push_back("--irq-hz=10000");
  const outcome got = zonelist(arguments);
  EXPECT_EQ(got.status, 0);
  const auto json = nlohmann::json::parse(got.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << got.out;
  EXPECT_GT(json["allocations"], 0);
  EXPECT_GT(json["rebuilds"], 100);
  EXPECT_EQ(json["false_oom"], 0);
  EXPECT_EQ(json["torn"], 0);
  arguments.push_back("--unsafe");
  const outcome unsafe = zonelist(arguments);
  const auto json_of_unsafe = nlohmann::json::parse(unsafe.out, nullptr, false);
  ASSERT_TRUE(json_of_unsafe.is_object()) << unsafe.out;
  EXPECT_GT(json_of_unsafe["false_oom"], 0);
  EXPECT_EQ(unsafe.status, 1);
}

TEST_P(Run, takes_its_signals_though_the_parent_blocked_them) {
  const outcome got = run_until_it_allocates({"run", context(), "--json"}, block_all_signals);
  EXPECT_EQ(got.status, 0) << got.err;
  const auto json = nlohmann::json::parse(got.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << got.out;
  EXPECT_GT(json["allocations"], 0);
}

TEST_P(Run, ends_early_with_what_it_found) {
  if (RTSEQ_TSAN && std::string(GetParam()).ends_with("signal")) {
    GTEST_SKIP() << "ThreadSanitizer may leave the writer's signals blocked after a burst";
  }
  for (const int signo : {SIGINT, SIGTERM}) {
    const auto run = [signo](const std::vector<std::string>& arguments) {
      return until_it_allocates([&](std::chrono::milliseconds time) {
        return zonelist(
            arguments, [] {},
            [&](pid_t program) {
              wait_until_caught(program, signo);
              std::this_thread::sleep_for(time);
              ::kill(program, signo);
            });
      });
    };
    const outcome json = run({"run", context(), "--seconds=60", "--json"});
    EXPECT_EQ(json.status, 0) << json.err;
    EXPECT_THAT(json.out, ContainsRegex("\"allocations\": [1-9]"));
    EXPECT_THAT(json.err, ContainsRegex("^zonelist: ended early, after [0-9.]+ of 60 s\n$"));
    const outcome table = run({"run", context(), "--seconds=60"});
    EXPECT_EQ(table.status, 0);
    EXPECT_THAT(table.out, ContainsRegex(", [0-9.]+ of 60 s\n\n  allocations +[1-9]"));
    EXPECT_EQ(table.err, "");
  }
}
TEST(RunWith, an_interrupt_that_the_parent_ignores_goes_on) {
  const outcome got = until_it_allocates([](std::chrono::milliseconds time) {
    return zonelist(
        {"run", "--seconds=60"}, [] { ::signal(SIGINT, SIG_IGN); },
        [time](pid_t program) {
          wait_until_caught(program, SIGTERM);
          ::kill(program, SIGINT);
          std::this_thread::sleep_for(time);
          EXPECT_TRUE(is_running(program));
          ::kill(program, SIGTERM);
        });
  });
  EXPECT_EQ(got.status, 0);
  EXPECT_THAT(got.out, ContainsRegex(", [0-9.]+ of 60 s\n"));
}

TEST(RunWith, no_allocation_shows_nothing_and_is_not_ok) {
  // Over before the first timer fires, unless somebody else had the processor.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const outcome got = zonelist({"run", "--context=signal", "--seconds=1e-9"});
    if (!::testing::Matches(ContainsRegex("allocations +0"))(got.out)) continue;
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.out, ContainsRegex("allocations +0 +BROKEN: must not be 0\n"));
    return;
  }
  ADD_FAILURE() << "every run allocated";
}

TEST(RunOn, a_ring_of_any_size) {
  for (const char* nodes : {"1", "2", "4", "5", "64", "1024"}) {
    const outcome got = run_until_it_allocates({"run", std::string("--nodes=") + nodes, "--handlers=3"});
    EXPECT_EQ(got.status, 0) << nodes << "\n" << got.out << got.err;
    EXPECT_THAT(got.out, ContainsRegex("false out of memory +0 +ok"));
    EXPECT_THAT(got.out, ContainsRegex("torn lists +0 +ok"));
    EXPECT_EQ(got.err, "");  // no live line where it is no terminal
  }
}
TEST(RunWith, slow_interrupts_and_all_flags) {
  const outcome got = run_until_it_allocates({"run", "--context", "signal", "--handlers=16", "--irq-hz=100",
                                              "--hotplug-hz=50", "--nojson", "--unsafe=false"});
  EXPECT_EQ(got.status, 0) << got.out << got.err;
  EXPECT_THAT(got.out, StartsWith("signal, 16 handlers"));
}
TEST(RunWith, no_threads_to_be_had) {
  if (RTSEQ_TSAN) GTEST_SKIP() << "ThreadSanitizer does not start under such a stack limit";
  for (const char* context : {"threaded", "virtual-cpu"}) {
    const outcome got = zonelist({"run", "--context", context, "--seconds=0.2"}, leave_no_room_for_threads);
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(got.out, "");
    EXPECT_EQ(got.err, "zonelist: threads: Resource temporarily unavailable\n");
  }
}
TEST(RunWith, no_subcommand) {
  const outcome got = run_until_it_allocates({"--json"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_TRUE(nlohmann::json::parse(got.out, nullptr, false).is_object());
}

TEST(ReplayBug, tells_the_story_the_same_way_each_time) {
  const outcome got = zonelist({"replay-bug"});
  EXPECT_EQ(got.status, 0);
  if (rtseq::lockdep::enabled) {
    EXPECT_THAT(got.err, AllOf(HasSubstr("rtseq lockdep: sleep_in_atomic\n"),
                               HasSubstr("write_lock_irqsave() does both in one step")));
  } else {
    EXPECT_EQ(got.err, "");
  }
  EXPECT_EQ(got.out, zonelist({"replay-bug"}).out);
  // The three endings: reported in two steps, silent in one, and the livelock given up.
  EXPECT_THAT(got.out,
              ContainsRegex("threaded, two steps.*\n.*\n +write_lock\\(\\) +reported: a sleeping lock"));
  EXPECT_THAT(got.out, ContainsRegex("threaded, one step\n +write_irqsave_guard +nothing is reported\n"));
  EXPECT_THAT(got.out, ContainsRegex("restore\\(\\) +now the handler runs: it reads 1\n"));
  EXPECT_THAT(got.out, ContainsRegex("end of the section +now the handler runs: it reads 2\n"));
  EXPECT_THAT(got.out, HasSubstr("tries to read 1000 times, finds the count odd, and gives up"));
  EXPECT_THAT(got.out, ContainsRegex("read_begin\\(\\) +reported: a read section begins inside"));
}

TEST(ReplayBug, tells_the_same_story_where_the_parent_blocked_signals) {
  const outcome got = zonelist({"replay-bug"}, block_all_signals);
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(got.out, zonelist({"replay-bug"}).out);
}
TEST(ReplayBug, says_so_where_it_cannot_be_told) {
  const outcome got = zonelist({"replay-bug"}, leave_one_file_descriptor);  // a pipe takes two
  EXPECT_EQ(got.status, 1);
  EXPECT_EQ(got.out, "");
  const std::string why = "zonelist: replay-bug: no report from the child process: Too many open files\n";
  EXPECT_THAT(got.err, EndsWith(why));
  EXPECT_EQ(got.err == why, !rtseq::lockdep::enabled);  // it reports on standard error too
}

}  // namespace
}  // namespace zonelist
