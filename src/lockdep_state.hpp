// What lockdep knows: of each thread what it holds, of each class how it was used, and the order between classes.
#ifndef RTSEQ_SRC_LOCKDEP_STATE_HPP
#define RTSEQ_SRC_LOCKDEP_STATE_HPP

#include <rtseq/detail/thread.hpp>
#include <rtseq/lockdep.hpp>

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rtseq::detail::lockdep {

using rtseq::lockdep::rule;

// ---- A thread. A handler may run between any two accesses: an entry's object is written last and cleared first.

struct held_entry {
  const map* object;  // null: not yet; hole: released out of order
  const type_info* type;
  location site;
  std::uint16_t node;
  bool shared;
};
struct read_entry {
  const map* object;  // may be gone by now
  location site;
  std::uint16_t node;
  const void* frame;   // of the hook that began it; a deeper one has ended
  const void* caller;  // where the hook was called
  unsigned level;      // of handlers
};

inline constexpr unsigned max_held = 48;
inline constexpr unsigned max_reads = 16;
inline constexpr unsigned max_levels = 16;  // of handlers whose interrupted call is remembered

// Signal n is bit n - 1. A handler that does not say of which it is, is of SIGKILL, which has none: what is held with
// no signal blocked is held with that one enabled.
using signal_set = std::uint64_t;
constexpr signal_set set_of(int signo) noexcept { return signal_set{1} << (signo - 1); }
inline constexpr signal_set whichever_signal = set_of(SIGKILL);

struct thread_state {
  bool known;      // to the exit's check
  pid_t process;   // in which it is known
  unsigned quiet;  // depth of quiet_scope
  unsigned held;
  unsigned inherited;  // of these: copies of what is held in the process that forked
  unsigned reads;
  unsigned level;  // depth of handlers
  unsigned handlers[irq_kinds];
  signal_set in_handler_of;  // the innermost one; empty: none
  bool deferred_handler;     // of deferred_signal_context
  unsigned saves[irq_kinds];
  bool blocked_known;  // by a save at this level of handlers
  signal_set blocked;
  location saved_at[irq_kinds];
  struct {
    const location* site;
    signal_set in_handler_of;
    bool deferred_handler;
    bool blocked_known;
    signal_set blocked;
  } interrupted[max_levels];
  held_entry holds[max_held];
  read_entry reading[max_reads];
};

extern const map hole;

thread_state& this_thread() noexcept;
void forked() noexcept;                     // in the child
void check_exit(const char* how) noexcept;  // reports what the calling thread holds

// ---- A class.

inline constexpr unsigned max_nodes = 2048;  // 0 is none
inline constexpr unsigned max_edges = 8192;

inline constexpr unsigned max_uses = 8192;

// How a class was used: waited for in an interrupt, and held with that interrupt enabled. One excludes the other.
enum class side : std::uint8_t { inside, under };
inline constexpr unsigned sides = 2;
enum class interrupt : std::uint8_t { signal, deferred_signal, virtual_cpu, of_its_context };
inline constexpr unsigned interrupts = 4;
inline constexpr signal_set the_interrupt = 1;  // where it has no number

struct use_record {  // where it was first seen
  location site;
  char thread[16];
  signal_set which;
  interrupt kind;
  lockdep::side side;
  std::uint16_t next;  // of the class; 0: none
};
struct nesting_record {
  location site;
  char thread[16];
};

struct node {  // place, kind and type: of the first object; those of one name may differ
  location where;
  const char* kind;
  const type_info* type;
  const char* name;
  unsigned next;  // in its bucket
  std::atomic<signal_set> used[interrupts][sides];
  std::uint16_t uses;                 // the first of its records
  std::atomic<std::uint8_t> nesting;  // 1: an object inside one of lower address; 2: of higher
  nesting_record nested[2];
};

struct edge {
  std::uint16_t from, to;
  location held_at, waited_at;
  char thread[16];
};

node& node_at(unsigned index) noexcept;
unsigned node_of(const map& m) noexcept;  // 0: there is no room
bool edge_known(unsigned from, unsigned to) noexcept;
const edge* find_edge(unsigned from, unsigned to) noexcept;
void fill_thread_name(char (&name)[16]) noexcept;

extern std::atomic<bool> active;  // false: a table was full

// `m` is waited for at `site` while `by` is held. Reports a cycle.
void add_edge(const thread_state& t, const held_entry& by, const map& m, unsigned to,
              const location& site) noexcept;
// The same for two objects of the class `index`, or for the lock of one and the count of the other.
void add_nesting(const thread_state& t, const held_entry& outer, const map& m, unsigned index,
                 const location& site) noexcept;
bool belong_together(unsigned a, unsigned b) noexcept;  // a lock and its count
// The class has been used in this way, where that is new. Reports a contradiction.
void add_usage(const thread_state& t, unsigned index, interrupt kind, side how, signal_set which,
               const location& site) noexcept;

// Nothing interrupts the caller, and nobody else is in here. Tables change under it. Nests: a finding's handler may
// look at the graph, and fork.
class graph_lock {
 public:
  graph_lock() noexcept;
  ~graph_lock();
  graph_lock(const graph_lock&) = delete;
  graph_lock& operator=(const graph_lock&) = delete;

 private:
  sigset_t before_;
};

// ---- Reports. All under the graph's lock, but report(), which takes it.

struct step {  // of a cycle: `from` is held while `to` is waited for
  unsigned from, to;
  location held_at, waited_at;
  const char* thread;
};
// `length`: of the whole cycle, of which `count` steps are given.
void report_cycle(const thread_state& t, const step* steps, unsigned count, unsigned length) noexcept;
void report_nesting(const thread_state& t, unsigned index) noexcept;
void report_usage(const thread_state& t, unsigned index, const use_record& inside,
                  const use_record& under) noexcept;
void report_full(const thread_state& t, const char* table) noexcept;
// `index` may be 0, `detail` null. `other`: where what it contradicts began.
void report(const thread_state& t, rule broken, unsigned index, const location& site,
            const char* detail = nullptr, const location* other = nullptr) noexcept;

void reset_graph() noexcept;
void reset_reports() noexcept;

}  // namespace rtseq::detail::lockdep

#endif
