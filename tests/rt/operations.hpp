// What is promised of every public function, as one list. The tests that nothing hidden blocks and the table of
// docs/real-time.md are made from it; the functions' comments are held against it.
#ifndef RTSEQ_TESTS_RT_OPERATIONS_HPP
#define RTSEQ_TESTS_RT_OPERATIONS_HPP

#include <functional>
#include <string>
#include <vector>

namespace rtseq::rt {

// The only system calls that a function may make while nobody contends.
enum class call { gettid, sigmask };

// A row of the page's table: what some functions have in common.
struct promise {
  const char* progress;  // their comments have these words
  const char* bound;     // in S, H, R and L, as the page defines them
  const char* calls;     // system calls
  const char* delays;    // what makes it take longer
};

struct operation {
  std::string of;        // "seqlock", "seqlock over spinlock"; of a free function nothing
  std::string function;  // or a scope's class
  std::string header;
  const promise* promised;
  std::string when;  // what tells it from others of that name: "signal_context, behind a writer"
  // What it asks the kernel on a thread that never used the library before; the thread's id only that once.
  std::vector<call> calls = {};
  // Empty: it cannot do without the kernel.
  std::function<void()> run = {};
  // Beforehand, on another thread: it makes the operation's life hard.
  std::function<void()> meanwhile = {};
  // Beforehand, on the operation's own thread: what its contract asks for.
  std::function<void()> before = {};
};

std::vector<operation> all_operations();

}  // namespace rtseq::rt

#endif
