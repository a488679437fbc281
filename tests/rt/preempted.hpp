// The case that sequence locks fail on: a writer is preempted in mid-write by a reader above it.
//
//   writer, FIFO 10   opens a section · wakes the reader · (preempted) · works on · closes it
//   reader, FIFO 50   (or SCHED_DEADLINE) wakes the hog · reads: how long does that take?
//   hog, FIFO 30      runs whenever the reader waits, for 20 ms; the writer runs again only if it is lent
//                     the reader's priority, or when the hog is done
#ifndef RTSEQ_TESTS_RT_PREEMPTED_HPP
#define RTSEQ_TESTS_RT_PREEMPTED_HPP

#include "actors.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace rtseq::rt {

// One kind of writer and reader.
struct pair_of_roles {
  // Writes once, and calls its argument once with the write section open.
  std::function<void(const std::function<void()>& in_mid_write)> write;
  // Reads once; false: it gave up, because the argument said so, or what it read was torn.
  std::function<bool(const watchdog&)> read;
};

struct conditions {
  unsigned writes = 1000;
  bool hog = true;
  unsigned readers = 1;      // the first at FIFO 50, each next one above it; woken in this order in one write
  bool handler = false;      // the reader is a signal handler, on a thread that is no writer
  bool by_deadline = false;  // the readers are of SCHED_DEADLINE
  bool writer_waits_too =
      false;  // the writer waits in its section for a lock whose owner, FIFO 5, is preempted
  std::int64_t patience = 30'000'000'000;  // ns, for all writes together
};

struct outcome {
  unsigned writes = 0;
  std::int64_t longest = 0;  // ns, from a reader's call to its return
  // ns, that less what nobody can save: what was left of the section when the reader came, its own undisturbed
  // read and that of each reader above it. Of each reader, the longest and the second longest.
  struct longest_two {
    std::int64_t first = 0;
    std::int64_t second = 0;
    void add(std::int64_t time) {
      second = std::max(second, std::min(time, first));
      first = std::max(time, first);
    }
  };
  std::vector<longest_two> beyond;
  long sleeps = 0;         // how often one read gave up the processor, at most
  unsigned hog_first = 0;  // reads during which the hog ran
  bool gave_up = false;    // a read never came back, or was wrong
};

// Preempts `conditions::writes` writes, each with another length of what is left of the section.
outcome preempt_writes(const pair_of_roles& roles, const conditions& when);

}  // namespace rtseq::rt

#endif
