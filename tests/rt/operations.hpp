// Every operation that is promised not to block, or not to enter the kernel while nobody contends: one list, from
// which no_blocking_test is made.
#ifndef RTSEQ_TESTS_RT_OPERATIONS_HPP
#define RTSEQ_TESTS_RT_OPERATIONS_HPP

#include <functional>
#include <string>
#include <vector>

namespace rtseq::rt {

// The only system calls that any of them may make.
enum class call { gettid, sigmask };

struct operation {
  std::string name;
  // Where the promise stands: the comment above `function` in `header` has the words of `promise`.
  std::string header;
  std::string function;
  std::string promise;
  // What it asks the kernel on a thread that never used the library before; the thread's id only that once.
  std::vector<call> calls;
  std::function<void()> run;
  // Beforehand, on another thread: it makes the operation's life hard.
  std::function<void()> meanwhile = {};
  // Beforehand, on the operation's own thread: what its contract asks for.
  std::function<void()> before = {};
};

std::vector<operation> all_operations();

}  // namespace rtseq::rt

#endif
