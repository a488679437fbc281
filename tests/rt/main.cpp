// The real-time cases as one program: /init of a machine that exists only for them.
//
//   init [writes=N]
//
// Prints a table in virtual microseconds, then "rt: passed" or "rt: failed", and switches the machine off.
#include "cases.hpp"
#include "kernel.hpp"

#include <charconv>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace rtseq::rt {
namespace {

double microseconds(std::int64_t ns) { return static_cast<double>(ns) / 1000; }

void print_head(const machine& here) {
  std::printf("Linux %s, %s\n\n", here.kernel(), here.preempt_rt() ? "PREEMPT_RT" : "not PREEMPT_RT");
  std::printf("| reader | under | writes | longest read | beyond the section | at most | |\n");
  std::printf("| --- | --- | ---: | ---: | ---: | ---: | --- |\n");
}

bool run(const named_case& it, const lock_times& limits) {
  using enum expectation;
  const outcome seen = preempt_writes(it.reader->make(), it.when);
  const std::string broken = broken_promise(it, seen, limits);
  const char* const verdict = broken.empty() ? "ok" : broken.c_str();
  std::printf("| %s | %s | %u |", it.reader->name.c_str(), it.under.c_str(), seen.writes);
  switch (it.reader->expected) {
    case bounded:
      std::printf(" %.1f | ", microseconds(seen.longest));
      for (std::size_t i = 0; i < seen.beyond.size(); ++i) {
        std::printf("%s%.1f", i == 0 ? "" : ", ", microseconds(seen.beyond[i].first));
      }
      std::printf(" | ");
      for (std::size_t i = 0; i < seen.beyond.size(); ++i) {
        std::printf("%s%.0f", i == 0 ? "" : ", ", microseconds(bound(it, i, limits.most)));
      }
      break;
    case times_out:
      std::printf(" %.1f | | %.0f in all", microseconds(seen.longest),
                  microseconds(short_time + limits.most));
      break;
    case never_waits:
      std::printf(" %.1f | %.1f | 0 waits", microseconds(seen.longest), microseconds(seen.beyond[0].first));
      break;
    case inverts:
      std::printf(" %.1f | | waits for the hog", microseconds(seen.longest));
      break;
    case livelocks:
      std::printf(" never | | livelock");
      break;
  }
  std::printf(" | %s |\n", verdict);
  std::fflush(stdout);
  return broken.empty();
}

}  // namespace
}  // namespace rtseq::rt

int main(int argc, char** argv) {
  using namespace rtseq::rt;
  unsigned writes = 1000;
  for (int i = 1; i < argc; ++i) {  // the kernel hands over what it does not know itself, too
    const std::string_view argument = argv[i];
    if (!argument.starts_with("writes=")) continue;
    const char* const end = argument.data() + argument.size();
    const auto [rest, error] = std::from_chars(argument.data() + 7, end, writes);
    if (error != std::errc{} || rest != end || writes == 0) {
      std::fprintf(stderr, "init: %s: expected a number of writes, at least 1\n", argv[i]);
      return 2;
    }
  }
  const machine here;
  bool passed = true;
  print_head(here);
  for (const named_case& it : all_cases(writes)) passed = run(it, here.limits()) && passed;
  std::printf("\nrt: %s\n", passed ? "passed" : "failed");
  return passed ? 0 : 1;
}
