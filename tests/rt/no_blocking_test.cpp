// Nothing hidden blocks: every operation of the list, on a thread and in a handler that never used the library
// before, with all system calls trapped and allocations, mutexes and page faults counted.
#include "operations.hpp"
#include "watched.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <regex>
#include <string>
#include <vector>

namespace rtseq::rt {
namespace {

std::vector<long> numbers(const std::vector<call>& calls, bool first) {
  std::vector<long> result;
  for (const call c : calls) {
    if (c == call::sigmask) result.push_back(SYS_rt_sigprocmask);
    if (c == call::gettid && first) result.push_back(SYS_gettid);
  }
  return result;
}

// The system may move a page that is locked in memory, now and then; what an operation does, it does each time.
watched watch_until_undisturbed(const operation& it, place where) {
  watched seen;
  for (int tries = 0; tries < 3; ++tries) {
    seen = watch(it.run, it.meanwhile, it.before, where);
    if (seen.faults <= 0) break;
  }
  return seen;
}

void check_all(place where) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  const auto look_at_the_clock = [] {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
  };
  if (!watch(look_at_the_clock, {}, {}, where).first.empty())
    GTEST_SKIP() << "the clock is a system call here";
  for (const operation& it : all_operations()) {
    SCOPED_TRACE(it.name);
    const watched seen = watch_until_undisturbed(it, where);
    EXPECT_EQ(seen.trouble, "");
    EXPECT_EQ(seen.first, numbers(it.calls, true)) << "system calls of the first use on a thread";
    EXPECT_EQ(seen.second, numbers(it.calls, false)) << "system calls of the second";
    EXPECT_EQ(seen.allocations, 0u);
    EXPECT_EQ(seen.mutexes, 0u);
    EXPECT_LE(seen.faults, 0) << "page faults";
  }
}

TEST(NoBlocking, on_a_fresh_thread) { check_all(place::task); }
TEST(NoBlocking, in_a_handler_on_a_fresh_thread) { check_all(place::handler); }

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The nearest comment above the declaration of `function` that promises anything, as one line.
std::string promise_of(const std::string& function, const std::vector<std::string>& lines) {
  static const std::regex comment(R"(^\s*// ?(.*))");
  static const std::regex promises(
      "wait-free|lock-free|blocking|never waits|one system call|others wait|waits for no|waits as|holds "
      "interrupts|"
      "excludes writers",
      std::regex::icase);
  const std::regex declaration(R"([\w>\]*&] )" + function + R"(\()");  // after its type
  const auto declares = [&](const std::string& line) {
    std::smatch match;
    return !std::regex_match(line, comment) && std::regex_search(line, match, declaration) &&
           match.prefix().str().find("return") == std::string::npos;
  };
  std::string group;
  std::smatch text;
  for (auto line = std::find_if(lines.begin(), lines.end(), declares); line != lines.begin();) {
    --line;
    if (std::regex_match(*line, text, comment)) {
      group.insert(0, text[1].str() + " ");
    } else if (std::regex_search(group, promises)) {
      break;
    } else {
      group.clear();
    }
  }
  return group;
}

TEST(NoBlocking, is_what_the_functions_comments_promise) {
  for (const operation& it : all_operations()) {
    const std::string comment = promise_of(it.function, lines_of(RTSEQ_INCLUDE "/rtseq/" + it.header));
    EXPECT_TRUE(std::regex_search(comment, std::regex(it.promise, std::regex::icase)))
        << it.name << " in " << it.header << "\nthe list says: " << it.promise
        << "\nthe comment: " << comment;
  }
}

// The watcher sees what it is there to see.
TEST(Watched, sees_system_calls_allocations_and_mutexes) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  static std::mutex mutex;
  static void* volatile memory = nullptr;
  const auto everything = [] {
    ::syscall(SYS_sched_yield);
    memory = std::malloc(1);
    std::free(memory);
    const std::lock_guard guard{mutex};
  };
  for (const place where : {place::task, place::handler}) {
    // A thread's first allocation makes it a heap of its own, in system calls that must not be faked.
    const watched seen = watch(
        everything, {},
        [] {
          memory = std::malloc(1);
          std::free(memory);
        },
        where);
    EXPECT_EQ(seen.trouble, "");
    EXPECT_EQ(seen.first, std::vector<long>{SYS_sched_yield});
    EXPECT_EQ(seen.second, std::vector<long>{SYS_sched_yield});
    EXPECT_EQ(seen.allocations, 4u);
    EXPECT_EQ(seen.mutexes, 2u);
  }
}

TEST(Watched, sees_page_faults) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  // A page of a file that is mapped, but not in memory: the lock on all memory came before.
  static volatile char* fresh = nullptr;
  const watched seen =
      watch([] { fresh[0] = fresh[0]; }, {},
            [] {
              ::munlockall();
              fresh = static_cast<volatile char*>(
                  ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
            },
            place::task);
  EXPECT_EQ(seen.trouble, "");
  if (seen.faults < 0) GTEST_SKIP() << "memory cannot be locked here";
  EXPECT_GE(seen.faults, 1);
}

TEST(Watched, sees_that_something_does_not_come_back_or_dies) {
  if (const char* why = why_not_watch()) GTEST_SKIP() << why;
  EXPECT_NE(watch([] { std::abort(); }, {}, {}, place::task).trouble, "");
}

}  // namespace
}  // namespace rtseq::rt
