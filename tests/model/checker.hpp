// A model checker for small concurrent programs over the library's headers.
//
// It runs a program in every way that the C++ memory model allows, on one real thread, and reports the first
// way that goes wrong as a trace. A program makes its shared objects, names its threads, and may look at the
// end result:
//
//   const verdict v = explore([](program& p) {
//     auto& s = p.make<shared>("s");
//     p.thread("writer", [&] { s.data.store(1); s.ready.store(true, release); });
//     p.thread("reader", [&] { if (s.ready.load(acquire)) require(s.data.load() == 1, "data with flag"); });
//   });
//
// Threads share only what goes through rtseq::detail::atomic, load_unit/store_unit or model::var; results go
// into locals of the setup. They are deterministic, and their loops end: an endless wait calls
// rtseq::detail::backoff::pause. What is found: a failed require, a reported violation, a data race, threads
// that wait for ever, a loop without an end. What is proved: that none of these is possible in this program.
#ifndef MODEL_CHECKER_HPP
#define MODEL_CHECKER_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace model {

class program {
 public:
  // A shared object, at the same address in every execution. It is not destroyed.
  template <class T, class... Arguments>
  T& make(const char* name, Arguments&&... arguments) {
    T* object = ::new (room(sizeof(T), alignof(T))) T(std::forward<Arguments>(arguments)...);
    this->name(*object, name);
    return *object;
  }
  // What traces call an object, or a member of one.
  template <class T>
  void name(const T& object, const char* name) {
    name_bytes(&object, sizeof(T), name);
  }
  // Threads added earlier are explored first: fewest executions are tried in vain with writers first.
  void thread(const char* name, std::function<void()> body);
  // Called after each complete execution; sees what every thread did.
  void afterwards(std::function<void()> body);

 private:
  static void* room(std::size_t size, std::size_t alignment);
  static void name_bytes(const void* address, std::size_t size, const char* name);
};

struct options {
  double seconds = 240;  // of processor time, then it is not finished; sanitizers need most of it
  bool once = false;     // every execution is to be found once only: check it (slow)
};

struct verdict {
  std::string finding;  // empty: nothing wrong
  std::string trace;
  bool finished = false;         // every execution was explored, or one was found wrong
  std::uint64_t executions = 0;  // complete ones
  std::uint64_t waiting = 0;  // explored in vain: a thread waited for what another graph shows it, or gave up
  std::uint64_t repeated = 0;                     // with options::once
  double seconds = 0;                             // of processor time
  std::map<std::string, std::uint64_t> outcomes;  // observe()d, and how often

  bool proved() const { return finished && finding.empty(); }
};

verdict explore(const std::function<void(program&)>& setup, options how = {});

// For threads.
void require(bool condition, const char* what);  // else a finding
void assume(bool condition);                     // else this execution is of no interest
unsigned choose(unsigned options);               // any of 0 … options-1
// May begin once, at any step of the calling thread from here on, as a call nested in it.
void interrupt(std::function<void()> handler);
// Keeps handlers of the calling thread out, or lets them in again; returns how it was.
bool allow_interrupts(bool allowed);
bool interrupts_allowed();
bool in_interrupt();

// For afterwards().
void observe(const std::string& outcome);

// What the provider of the library's atomics calls. Sizes in bytes, orders as int(std::memory_order).
namespace detail {
std::uint64_t load(const void* address, std::size_t size, int order, bool plain = false);
void store(const void* address, std::size_t size, std::uint64_t value, int order, bool plain = false);
// The value before. `operation` is one of model::update.
std::uint64_t read_modify_write(const void* address, std::size_t size, int operation, std::uint64_t operand,
                                int order, std::uint64_t expected = 0, int order_on_failure = 0);
void constructed(const void* address, std::size_t size, std::uint64_t value);
void fence(int order);
void step();             // nothing but a place for an interrupt
void spin();             // a bounded spin: its loads find nothing new
void wait_begins();      // an endless wait begins
void wait_for_change();  // until something that it read changes
// The compiler's call before a plain access (plain.cpp).
void plain_access(void* address, std::size_t size, bool writes);
unsigned thread_number();  // from 1; 0 outside threads
int forget_at_thread_start(void* variable, std::size_t size);
}  // namespace detail

// Plain data of the program, as opposed to the library's: accesses that race are a finding.
template <class T>
class var {
  static_assert(std::is_integral_v<T> && sizeof(T) <= 8);

 public:
  var(T value = {}) : value_{value} {
    detail::constructed(this, sizeof(T), static_cast<std::uint64_t>(value));
  }
  var(const var&) = delete;
  operator T() const { return static_cast<T>(detail::load(this, sizeof(T), 0, true)); }
  T operator=(T value) {
    detail::store(this, sizeof(T), static_cast<std::uint64_t>(value), 0, true);
    return value;
  }

 private:
  T value_;
};

}  // namespace model

#endif
