// An execution of a small program as a graph, in the way the C++ memory model speaks of one.
//
// Events are the program's atomic accesses and fences. A read has a source (the write whose value it
// returned: "reads-from"), the writes to a location have one order ("modification order"). The model is RC11:
// C++20 with program order and reads-from together acyclic, so no value out of thin air and no load buffering.
//
// Happens-before is kept as one vector clock an event. An event is added only after everything that it
// depends on, so a clock is computed once, and an addition is checked against coherence where it is made.
#ifndef MODEL_GRAPH_HPP
#define MODEL_GRAPH_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace model {

inline constexpr std::size_t max_threads = 6;
inline constexpr std::size_t max_events = 256;  // in one execution

// For each thread, how many of its events are included.
struct vector_clock {
  std::array<std::uint16_t, max_threads> counts{};

  vector_clock& operator|=(const vector_clock& other) {
    for (std::size_t i = 0; i < max_threads; ++i) {
      if (counts[i] < other.counts[i]) counts[i] = other.counts[i];
    }
    return *this;
  }
};

enum class kind : std::uint8_t {
  read,
  write,
  fence,
  choice,  // an outcome that the program asked for: does an interrupt come now?
};
// What a read-modify-write makes of the value that it read. Its write half carries the same mark.
enum class update : std::uint8_t {
  none,
  exchange,
  if_equal,
  add,
  subtract,
  conjoin,
  disjoin,
  differ,
  lock_or_mark,  // the kernel's: a futex word becomes the operand's if it is free, and marked as waited for
};

using event_id = std::int16_t;           // position in graph::events, which is the order of addition
inline constexpr event_id initial = -1;  // "reads the location's initial value"

// What a thread asks for. A read-modify-write is two events: this read, and the write half after it.
struct access {
  kind what = kind::fence;
  update updates = update::none;
  bool plain = false;  // not atomic: racing is an error
  std::memory_order order = std::memory_order_relaxed;
  std::memory_order order_on_failure = std::memory_order_relaxed;  // of a compare-exchange
  std::uint16_t location = 0;
  std::uint64_t value = 0;     // written or chosen; of a read in the graph, what it returned
  std::uint64_t operand = 0;   // of a read-modify-write
  std::uint64_t expected = 0;  // of a compare-exchange
};

struct event : access {
  std::uint8_t thread = 0;
  std::uint16_t index = 0;    // in its thread
  event_id source = initial;  // of a read
  vector_clock before;        // happens before this event, itself included
  vector_clock causes;        // program order and reads-from, itself included
  vector_clock pending;       // what an acquire fence after this would acquire
  vector_clock released;      // what the last release fence released
  vector_clock message;       // of a write: what an acquiring reader learns

  bool reads() const { return what == kind::read; }
  bool writes() const { return what == kind::write; }
  // A read whose write half follows; and that write half.
  bool half_done() const {
    return reads() && updates != update::none && (updates != update::if_equal || value == expected);
  }
  bool second_half() const { return writes() && updates != update::none; }
  std::memory_order effective_order() const {
    return updates == update::if_equal && reads() && !half_done() ? order_on_failure : order;
  }
};

struct location {
  const void* address;
  std::uint8_t size;
  std::uint64_t initial_value = 0;
};

// The write half of a read-modify-write whose read is `read`; `size` is the location's, in bytes.
access write_half(const event& read, std::size_t size);

class graph {
 public:
  std::vector<event> events;
  std::array<std::vector<event_id>, max_threads> threads;  // events in program order
  std::vector<std::vector<event_id>> writes;               // for each location, in modification order

  const event& at(event_id id) const { return events[static_cast<std::size_t>(id)]; }
  event& at(event_id id) { return events[static_cast<std::size_t>(id)]; }
  event_id last() const { return static_cast<event_id>(events.size() - 1); }

  // The value of the newest write to a location.
  std::uint64_t final_value(std::uint16_t where, const location& memory) const;

  // Is `e` in the past that `clock` describes?
  static bool includes(const vector_clock& clock, const event& e) { return clock.counts[e.thread] > e.index; }
  // What happens before a new event of `thread`.
  const vector_clock& past(std::size_t thread) const;

  // The first position in the modification order, -1 being the initial value, that an event with `past` may
  // read from or (after which it may) write.
  int oldest_visible(std::uint16_t where, const vector_clock& past) const;
  // Where the write `a` of a thread may be put: indices into `writes`. Empty: nowhere.
  std::vector<std::size_t> places_for(std::size_t thread, const access& a) const;
  // The event that a new access of `thread` races with, or null.
  const event* race(std::size_t thread, const access& a) const;

  // Append an event to its thread; the graph stays coherent if the source and the place came from above.
  void add_read(std::size_t thread, const access& a, event_id source, const std::vector<location>& memory);
  void add_write(std::size_t thread, const access& a, std::size_t place);
  void add(std::size_t thread, const access& a);  // a fence or a choice

  // May the write `a`, about to be added to `thread`, be read by the earlier read `r`, and is this the one
  // order of exploration in which to try it? Then everything after `r` that `a` does not depend on goes.
  bool may_revisit(event_id r, std::size_t thread) const;
  graph without_what_follows(event_id r, std::size_t thread) const;
  // Lets the read `r` return the write `a`, which was added last. False: that is not coherent.
  bool redirect(event_id r, event_id a);

  // Do the sequentially consistent events have an order that fits? (RC11's psc is acyclic.)
  bool sequentially_consistent() const;

  int place_of(const event& read) const { return place_of(read.location, read.source); }
  int place_of(std::uint16_t where, event_id write) const;

 private:
  void append(std::size_t thread, const access& a, event_id source);
  void compute_clocks(event& e);
};

inline bool acquires(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
inline bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

}  // namespace model

#endif
