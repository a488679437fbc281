// One cell: readers and writers on threads of their own, signals and interrupts on top of them, for a while.
#ifndef TORTURE_RUN_CELL_HPP
#define TORTURE_RUN_CELL_HPP

#include "subject.hpp"

#include <cstdint>
#include <string>

namespace torture {

struct settings {
  unsigned readers = 2;
  unsigned writers = 2;
  long signal_period_ns = 100'000;  // 10 kHz, a thread; 0: none
  double stuck_s = 30;              // a thread that takes longer to come out of an operation hangs
  unsigned spread = 14;             // see disturb_this_thread()
};

// What a cell's executors have done.
struct tally {
  std::uint64_t reads = 0, refused = 0, repeated = 0, writes = 0, waits = 0, in_handlers = 0,
                worst_read_ns = 0;
  void add(const tally& other) noexcept;
};

// Blocking, `seconds` and a little. Ends the process if a thread hangs.
tally run_cell(const cell& what, double seconds, std::uint64_t seed, const settings& how);

// Findings so far, in the process.
std::uint64_t errors() noexcept;
// What a finding's report ends with: how to see it again.
void set_replay_hint(const std::string& hint);

}  // namespace torture

#endif
