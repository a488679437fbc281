// Runs something on a fresh thread of a process of its own, and tells what it asked of the kernel and of the C
// library: each system call (they are trapped, not made), allocation, lock and page fault.
#ifndef RTSEQ_TESTS_RT_WATCHED_HPP
#define RTSEQ_TESTS_RT_WATCHED_HPP

#include <functional>
#include <string>
#include <vector>

namespace rtseq::rt {

struct watched {
  std::vector<long> first;   // system calls of its first run on that thread
  std::vector<long> second;  // and of its second
  unsigned allocations = 0;
  unsigned locks = 0;
  long faults = 0;      // -1: not known, memory could not be locked
  std::string trouble;  // how the process ended, if it was not as it should
};

enum class place { task, handler };

// `meanwhile` runs on another thread first, `before` on the same one.
watched watch(const std::function<void()>& run, const std::function<void()>& meanwhile,
              const std::function<void()>& before, place where);

// Null, or why nothing can be watched here.
const char* why_not_watch();

}  // namespace rtseq::rt

#endif
