// The benchmarks' main(): Google Benchmark's own, the compiler and its flags as part of the results, and a second thread.
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <thread>

#include "support.hpp"

namespace {
int slice_ms = 20;
}

std::chrono::milliseconds rtseq::bench::slice() { return std::chrono::milliseconds{slice_ms}; }

#if defined(__clang__)
constexpr const char* compiler = __VERSION__;  // "Debian Clang 14.0.6"
#else
constexpr const char* compiler = "GCC " __VERSION__;
#endif

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    constexpr std::string_view flag = "--slice_ms=";
    const std::string_view argument = argv[i];
    const char* const end = argument.data() + argument.size();
    int given = 0;
    if (!argument.starts_with(flag) ||
        std::from_chars(argument.data() + flag.size(), end, given) !=
            std::from_chars_result{end, std::errc{}} ||
        given < 1 || given > 10000) {
      std::fprintf(stderr,
                   "'%s': expected --slice_ms=N, 1 to 10000, or a flag of Google Benchmark's (--help)\n",
                   argv[i]);
      return 2;
    }
    slice_ms = given;
  }
  benchmark::AddCustomContext("compiler", compiler);
  benchmark::AddCustomContext("flags", RTSEQ_BENCH_FLAGS);
  // While a process has one thread glibc's locks leave out the atomic instructions, for rtseq's users as little as
  // for anybody else's: the process is measured as one that has two.
  std::jthread second([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds{100});
  });
  benchmark::RunSpecifiedBenchmarks();
}
