// lockdep's graph: classes, the order in which they were waited for, and how each was used.
//
// Looking something up takes no lock; what is new goes in under one, with signals blocked, so that a handler never
// finds it held by the thread under it.
#include "lockdep_state.hpp"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace rtseq::detail::lockdep {

std::atomic<bool> active{true};

namespace {

constexpr unsigned buckets = 512;
constexpr unsigned word_bits = 64;

node nodes[max_nodes];
std::atomic<unsigned> node_count{1};
std::atomic<unsigned> bucket[buckets];
std::atomic<std::uint64_t> known[max_nodes][max_nodes / word_bits];
edge edges[max_edges];
unsigned edge_count = 0;
use_record uses[max_uses];
unsigned use_count = 1;  // 0 is none

std::atomic<pid_t> owner{0};
unsigned depth = 0;

pid_t own_id() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

void lock_graph() noexcept {
  const pid_t self = own_id();
  // relaxed: a thread asks only about itself.
  if (owner.load(std::memory_order_relaxed) != self) {
    backoff wait;
    // acquire: pairs with unlock_graph's release; without it the tables could be read as they were before.
    for (pid_t none = 0; !owner.compare_exchange_weak(none, self, std::memory_order_acquire); none = 0)
      wait.pause();
  }
  ++depth;
}
void unlock_graph() noexcept {
  if (--depth == 0) owner.store(0, std::memory_order_release);  // release: pairs with lock_graph's acquire
}

// Around fork(): the graph is whole in the child. No signal meanwhile, as wherever it is locked.
sigset_t before_fork;
void fork_begins() noexcept {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  lock_graph();
  before_fork = before;
}
void fork_ended() noexcept {
  const sigset_t before = before_fork;
  unlock_graph();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
void fork_ended_in_child() noexcept {
  owner.store(own_id(), std::memory_order_relaxed);  // relaxed: there is only this thread
  forked();
  fork_ended();
}
const int whole_in_child = ::pthread_atfork(fork_begins, fork_ended, fork_ended_in_child);

bool same_text(const char* a, const char* b) noexcept {
  return a == b || (a != nullptr && b != nullptr && ::strcmp(a, b) == 0);
}
// The function tells instantiations of one template apart.
bool same_place(const location& a, const location& b) noexcept {
  return a.line() == b.line() && a.column() == b.column() && same_text(a.file_name(), b.file_name()) &&
         same_text(a.function_name(), b.function_name());
}
// A name is one class, whatever has it; but a lock and a count are not the same thing.
bool is_of(const node& n, const map& m) noexcept {
  if (m.name != nullptr) return same_text(n.name, m.name) && n.type->count == m.type->count;
  return n.name == nullptr && n.type == m.type && same_text(n.kind, m.kind) && same_place(n.where, m.where);
}
unsigned bucket_of(const map& m) noexcept {
  std::uint32_t sum = m.where.line() * 31 + m.where.column();
  if (m.name != nullptr) {
    sum = 0;
    for (const char* c = m.name; *c != '\0'; ++c) sum = sum * 31 + static_cast<unsigned char>(*c);
  }
  return sum % buckets;
}
unsigned find_class(const map& m) noexcept {
  // acquire: pairs with make_class's release; without it a node could be read before it was written.
  for (unsigned i = bucket[bucket_of(m)].load(std::memory_order_acquire); i != 0; i = nodes[i].next) {
    if (is_of(nodes[i], m)) return i;
  }
  return 0;
}

// Under the lock. 0: there is no room.
unsigned make_class(const map& m) noexcept {
  // relaxed, here and below: changed under the lock only.
  const unsigned i = node_count.load(std::memory_order_relaxed);
  if (i == max_nodes) return 0;
  node_count.store(i + 1, std::memory_order_relaxed);
  node& n = nodes[i];
  n.where = m.where;
  n.kind = m.kind;
  n.type = m.type;
  n.name = m.name;
  std::atomic<unsigned>& head = bucket[bucket_of(m)];
  n.next = head.load(std::memory_order_relaxed);
  head.store(i, std::memory_order_release);  // release: pairs with find_class's acquire
  return i;
}

// The shortest way from `from` to `to` over known edges, under the lock. `before[n]`: where n was reached from.
bool find_way(unsigned from, unsigned to, std::uint16_t (&before)[max_nodes]) noexcept {
  static std::uint16_t queue[max_nodes];
  const unsigned count = node_count.load(std::memory_order_relaxed);
  std::fill_n(before, count, std::uint16_t{0});
  unsigned head = 0, tail = 0;
  queue[tail++] = static_cast<std::uint16_t>(from);
  before[from] = static_cast<std::uint16_t>(from);
  while (head != tail) {
    const unsigned at = queue[head++];
    if (at == to) return true;
    for (unsigned w = 0; w <= (count - 1) / word_bits; ++w) {
      for (std::uint64_t word = known[at][w].load(std::memory_order_relaxed); word != 0; word &= word - 1) {
        const unsigned next = w * word_bits + static_cast<unsigned>(__builtin_ctzll(word));
        if (before[next] != 0) continue;
        before[next] = static_cast<std::uint16_t>(at);
        queue[tail++] = static_cast<std::uint16_t>(next);
      }
    }
  }
  return false;
}

constexpr unsigned longest_cycle = 16;

step step_over(const edge& e) noexcept { return {e.from, e.to, e.held_at, e.waited_at, e.thread}; }

}  // namespace

graph_lock::graph_lock() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  lock_graph();
}
graph_lock::~graph_lock() {
  unlock_graph();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

node& node_at(unsigned index) noexcept { return nodes[index]; }

unsigned node_of(const map& m) noexcept {
  // relaxed: the same number whoever finds it; its node was published by the bucket.
  auto& cached = const_cast<map&>(m).node;
  if (const unsigned i = cached.load(std::memory_order_relaxed); i != 0) return i;
  unsigned i = find_class(m);
  if (i == 0) {
    const graph_lock lock;
    i = find_class(m);
    if (i == 0) i = make_class(m);
  }
  if (i == 0) {
    report_full(this_thread(), "classes");
  } else {
    cached.store(i, std::memory_order_relaxed);
  }
  return i;
}

bool edge_known(unsigned from, unsigned to) noexcept {
  // relaxed: whoever does not see it asks again under the lock.
  return (known[from][to / word_bits].load(std::memory_order_relaxed) >> (to % word_bits) & 1) != 0;
}

const edge* find_edge(unsigned from, unsigned to) noexcept {
  for (unsigned i = 0; i < edge_count; ++i) {
    if (edges[i].from == from && edges[i].to == to) return &edges[i];
  }
  return nullptr;
}

void fill_thread_name(char (&name)[16]) noexcept { ::prctl(PR_GET_NAME, name); }

void add_edge(const thread_state& t, const held_entry& by, const map&, unsigned to,
              const location& site) noexcept {
  bool full = false;
  {
    const graph_lock lock;
    if (edge_known(by.node, to)) return;
    if (edge_count == max_edges) {
      full = true;
    } else {
      edge& e = edges[edge_count++];
      e = {by.node, static_cast<std::uint16_t>(to), by.site, site, {}};
      fill_thread_name(e.thread);
      static std::uint16_t before[max_nodes];
      const bool cycle = find_way(to, by.node, before);
      known[by.node][to / word_bits].fetch_or(std::uint64_t{1} << (to % word_bits),
                                              std::memory_order_relaxed);
      if (cycle) {
        step steps[longest_cycle];
        steps[0] = step_over(e);
        unsigned length = 1;
        for (unsigned at = by.node; at != to; at = before[at]) ++length;
        unsigned place = length;  // the way back is found from its end
        for (unsigned at = by.node; at != to; at = before[at]) {
          if (--place >= longest_cycle) continue;
          if (const edge* const back = find_edge(before[at], at)) steps[place] = step_over(*back);
        }
        report_cycle(t, steps, std::min(length, longest_cycle), length);
      }
    }
  }
  if (full) report_full(t, "pairs of classes");
}

bool belong_together(unsigned a, unsigned b) noexcept {
  const node& one = nodes[a];
  const node& other = nodes[b];
  if (one.type->count == other.type->count || !same_text(one.name, other.name)) return false;
  return one.name != nullptr || (same_text(one.kind, other.kind) && same_place(one.where, other.where));
}

void add_nesting(const thread_state& t, const held_entry& outer, const map& m, unsigned index,
                 const location& site) noexcept {
  // Objects of one class have an order too: whichever, by their addresses, but always the same.
  const unsigned direction =
      reinterpret_cast<std::uintptr_t>(outer.object) < reinterpret_cast<std::uintptr_t>(&m);
  node& n = nodes[index];
  // relaxed: as the usage bits.
  if ((n.nesting.load(std::memory_order_relaxed) >> direction & 1) != 0) return;
  const graph_lock lock;
  if ((n.nesting.load(std::memory_order_relaxed) >> direction & 1) != 0) return;
  n.nested[direction].site = site;
  fill_thread_name(n.nested[direction].thread);
  const unsigned now = n.nesting.load(std::memory_order_relaxed) | 1u << direction;
  n.nesting.store(static_cast<std::uint8_t>(now), std::memory_order_relaxed);
  if (now == 3) report_nesting(t, index);
}

// Of the records of the class, the one of this use.
static const use_record* find_use(const node& n, interrupt kind, side how, signal_set which) noexcept {
  for (unsigned i = n.uses; i != 0; i = uses[i].next) {
    if (uses[i].kind == kind && uses[i].side == how && (uses[i].which & which) != 0) return &uses[i];
  }
  return nullptr;
}

void add_usage(const thread_state& t, unsigned index, interrupt kind, side how, signal_set which,
               const location& site) noexcept {
  node& n = nodes[index];
  auto& used = n.used[static_cast<unsigned>(kind)];
  auto& seen = used[static_cast<unsigned>(how)];
  // relaxed, here and below: bits are only ever set, and whoever does not see one asks again under the lock.
  if ((which & ~seen.load(std::memory_order_relaxed)) == 0) return;
  bool full = false;
  {
    const graph_lock lock;
    const signal_set before = seen.load(std::memory_order_relaxed);
    which &= ~before;
    if (which == 0) return;
    if (use_count == max_uses) {
      full = true;
    } else {
      use_record& record = uses[use_count];
      record = {site, {}, which, kind, how, n.uses};
      fill_thread_name(record.thread);
      n.uses = static_cast<std::uint16_t>(use_count++);
      seen.store(before | which, std::memory_order_relaxed);
      const side opposite = how == side::inside ? side::under : side::inside;
      const signal_set both = which & used[static_cast<unsigned>(opposite)].load(std::memory_order_relaxed);
      if (const use_record* const other = find_use(n, kind, opposite, both)) {
        report_usage(t, index, how == side::inside ? record : *other, how == side::inside ? *other : record);
      }
    }
  }
  if (full) report_full(t, "uses of classes in interrupts and beside them");
}

void reset_graph() noexcept {
  const graph_lock lock;
  const unsigned count = node_count.load(std::memory_order_relaxed);
  for (unsigned i = 1; i < count; ++i) {
    for (auto& kind : nodes[i].used) {
      for (auto& seen : kind) seen.store(0, std::memory_order_relaxed);
    }
    nodes[i].uses = 0;
    nodes[i].nesting.store(0, std::memory_order_relaxed);
  }
  for (unsigned i = 0; i < edge_count; ++i) {
    known[edges[i].from][edges[i].to / word_bits].store(0, std::memory_order_relaxed);
  }
  edge_count = 0;
  use_count = 1;
  reset_reports();
}

}  // namespace rtseq::detail::lockdep

namespace rtseq::lockdep {

using namespace rtseq::detail::lockdep;

void reset() noexcept { reset_graph(); }

bool dump_dot(int descriptor) noexcept {
  const graph_lock lock;
  bool written = true;
  char line[512];
  const auto put = [&](int length) {
    const auto bytes = static_cast<std::size_t>(std::min<int>(length, sizeof line - 1));
    written &= ::write(descriptor, line, bytes) == static_cast<ssize_t>(bytes);
  };
  put(::snprintf(line, sizeof line, "digraph lockdep {\n  rankdir=LR; node [shape=box];\n"));
  const unsigned count = node_count.load(std::memory_order_relaxed);
  for (unsigned i = 1; i < count; ++i) {
    const node& n = nodes[i];
    const char* const slash = ::strrchr(n.where.file_name(), '/');
    const auto is_used = [&n](side how) {
      return std::any_of(std::begin(n.used), std::end(n.used), [how](const auto& seen) {
        return seen[static_cast<unsigned>(how)].load(std::memory_order_relaxed) != 0;
      });
    };
    put(::snprintf(line, sizeof line, "  n%u [label=\"%s%s%s\\n%s:%u%s%s\"];\n", i,
                   n.name != nullptr ? n.name : n.kind, n.name != nullptr ? ", " : "",
                   n.type->count       ? " (its count)"
                   : n.name != nullptr ? n.kind
                                       : "",
                   slash != nullptr ? slash + 1 : n.where.file_name(), static_cast<unsigned>(n.where.line()),
                   is_used(side::inside) ? "\\nin interrupts" : "",
                   is_used(side::under) ? "\\ninterrupts enabled" : ""));
  }
  for (unsigned i = 0; i < edge_count; ++i) {
    put(::snprintf(line, sizeof line, "  n%u -> n%u;\n", unsigned{edges[i].from}, unsigned{edges[i].to}));
  }
  put(::snprintf(line, sizeof line, "}\n"));
  return written;
}

}  // namespace rtseq::lockdep
