// The search: which executions there are, and running the program along each.
//
// A stack of graphs is waiting to be explored. One is taken and the program run: threads one after another,
// each given back what the graph says that it read. Where a thread goes beyond the graph it takes the plainest
// step, and every other step possible there becomes a graph on the stack. A new write is also offered to the
// reads before it, without what came after them. Each execution is found once, and no interleavings of one
// execution are told apart: that is what makes the search fast.
#ifndef MODEL_EXPLORER_HPP
#define MODEL_EXPLORER_HPP

#include "checker.hpp"
#include "graph.hpp"

#include <csetjmp>
#include <list>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace model {

// What a trace calls an address.
struct name_of {
  const void* address;
  std::size_t size;
  std::string text;
};
std::string describe(const void* address, const std::vector<name_of>& names);

// The execution as numbered steps in an order that explains it.
std::string trace_of(const graph& execution, const std::vector<std::string>& threads,
                     const std::vector<location>& memory, const std::vector<name_of>& names);

void forget_thread_variables();  // they are zero where a thread starts

class explorer {
 public:
  explorer(const std::function<void(program&)>& setup, options how) : setup_{setup}, how_{how} {}
  verdict explore();

  enum class phase { setup, threads, afterwards };

  // For `program`.
  void* room(std::size_t size, std::size_t alignment);
  void name(name_of what) { names_.push_back(std::move(what)); }
  void add_thread(const char* name, std::function<void()> body);
  void add_afterwards(std::function<void()> body) { afterwards_ = std::move(body); }

  // One step of the running thread.
  std::uint64_t read(const void* address, std::size_t size, access a);  // or read-modify-write
  void write(const void* address, std::size_t size, access a);
  void fence(std::memory_order order);
  void plain_access(void* address, std::size_t size, bool writes);
  unsigned choose(unsigned options);
  void interrupt_point();

  // Leave the execution.
  [[noreturn]] void found(const char* what);
  [[noreturn]] void drop();
  [[noreturn]] void give_up();
  void spin() { running_.spinning = true; }
  void wait_begins();
  void wait_for_change();

  // What a thread's loops and interrupts need to know.
  struct thread_state {
    std::vector<event_id> recent;   // its loads since it last changed anything
    std::vector<event_id> awaited;  // its loads since its wait began
    bool changed = false;           // has it changed anything since its wait began?
    bool spinning = false;
    unsigned repeats = 0;
    bool interruptible = true;
    unsigned depth = 0;  // of handlers
    std::list<std::function<void()>> handlers, begun;
  };
  thread_state& running() { return running_; }
  phase now() const { return phase_; }
  std::size_t thread() const { return thread_; }
  void observe(const std::string& outcome) { observed_ = outcome; }

 private:
  void run_one();
  bool guarded(const std::function<void()>& body);
  void complete();
  void settle();
  std::uint16_t locate(const void* address, std::size_t size);
  const event* replayed(const access& a);
  void extend_read(access a);
  bool extend_write(std::size_t thread, const access& a);
  void must_not_race(const access& a);
  void note(const std::string& finding);
  [[noreturn]] void found_mixed_sizes(const void* address);
  [[noreturn]] void block();
  [[noreturn]] void leave();
  std::uint64_t read_directly(const void* address, std::size_t size, const access& a);

  const std::function<void(program&)>& setup_;
  const options how_;
  verdict verdict_;
  std::vector<graph> pending_;
  std::vector<location> memory_;
  std::unordered_map<const void*, std::uint16_t> located_;
  std::set<std::string> seen_;

  // Of the current execution.
  graph graph_;
  phase phase_ = phase::setup;
  std::size_t room_used_ = 0;
  std::vector<name_of> names_;
  std::vector<std::string> thread_names_;
  std::vector<std::function<void()>> bodies_;
  std::function<void()> afterwards_;
  std::string observed_;
  event_id unsettled_ = initial;  // a plain write whose value is not known yet
  std::size_t thread_ = 0;
  std::size_t position_ = 0;  // how many events of its graph the running thread has passed
  thread_state running_;
  bool some_wait_ = false;
  bool uninteresting_ = false;     // a thread gave up
  std::vector<event_id> awaited_;  // what waiting threads read last: is there something newer?
  bool dropped_ = false;
  std::jmp_buf leave_;
};

}  // namespace model

#endif
