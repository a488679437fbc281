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
  std::uint8_t level;  // of handlers
};
struct read_entry {
  const map* object;  // may be gone by now
  location site;
  std::uint16_t node;
  const void* frame;  // of the function that began it; a deeper one has ended
  std::uint8_t level;
};

inline constexpr unsigned max_held = 48;
inline constexpr unsigned max_reads = 16;
inline constexpr unsigned max_levels = 8;  // of handlers whose interrupted call is remembered

struct thread_state {
  bool known;      // to the exit's check
  bool has_site;   // the place of the call from which the present hook comes
  pid_t process;   // in which it is known
  unsigned quiet;  // depth of quiet_scope
  unsigned held;
  unsigned inherited;  // of these: copies of what is held in the process that forked
  unsigned reads;
  unsigned level;  // depth of handlers
  unsigned handlers[irq_kinds];
  unsigned saves[irq_kinds];
  location site;
  location saved_at[irq_kinds];
  struct {
    bool has_site;
    location site;
  } interrupted[max_levels];
  held_entry holds[max_held];
  read_entry reading[max_reads];
};

extern const map hole;

thread_state& this_thread() noexcept;
void forget_this_thread() noexcept;
void forked() noexcept;                     // in the child
void check_exit(const char* how) noexcept;  // reports what the calling thread holds

// ---- A class.

inline constexpr unsigned max_nodes = 2048;  // 0 is none
inline constexpr unsigned max_edges = 8192;

// How a class was used. Each pair excludes the other.
enum usage : std::uint8_t {
  in_signal = 1,
  under_signals = 2,  // held with signals enabled
  in_virtual_interrupt = 4,
  under_virtual_interrupts = 8,
};
inline constexpr unsigned usages = 4;

struct use_record {
  location site;
  char thread[16];
};

struct node {  // place, kind and type: of the first object; those of one name may differ
  location where;
  const char* kind;
  const type_info* type;
  const char* name;
  unsigned next;                    // in its bucket
  std::atomic<std::uint8_t> usage;  // of what the bits say, where it was first seen:
  use_record used[usages];
  std::atomic<std::uint8_t> nesting;  // 1: an object inside one of lower address; 2: of higher
  use_record nested[2];
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
// The class has been used in this way. Reports a contradiction.
void add_usage(const thread_state& t, const map& m, unsigned index, unsigned bit,
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
void report_usage(const thread_state& t, unsigned index, unsigned bit) noexcept;
void report_full(const thread_state& t, const char* table) noexcept;
// `index` may be 0, `detail` null. `other`: where what it contradicts began.
void report(const thread_state& t, rule broken, unsigned index, const location& site,
            const char* detail = nullptr, const location* other = nullptr) noexcept;

void reset_graph() noexcept;
void reset_reports() noexcept;

}  // namespace rtseq::detail::lockdep

#endif
