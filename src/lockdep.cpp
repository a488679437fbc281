// lockdep's hooks: what a thread holds, and the rules that this alone can break.
#include "lockdep_state.hpp"

#include <rtseq/context/signal.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace rtseq::detail::lockdep {

const map hole;

namespace {

RTSEQ_THREAD_LOCAL(thread_state, state);

pthread_key_t exit_key;

bool looks(const thread_state& t) noexcept {
  // relaxed: it is set once, and a late look does no harm.
  return t.quiet == 0 && active.load(std::memory_order_relaxed);
}
// Has no report of its own: somebody above reports for it.
bool is_silent(const map& m) noexcept { return m.kind == nullptr; }

const location& site_of(const map& m) noexcept { return current_site != nullptr ? *current_site : m.where; }
const location nowhere{};
const location& site() noexcept { return current_site != nullptr ? *current_site : nowhere; }

// ---- What is held: whether or not anybody looks, so that it is known when somebody does.

void push(thread_state& t, const map& m, unsigned index, const location& site, bool shared = false) noexcept {
  const unsigned i = t.held;
  if (i == max_held) return report_full(t, "locks and sections held at a time by one thread");
  t.held = i + 1;  // first: a handler from here on uses the next
  signal_fence();
  held_entry& e = t.holds[i];
  e.type = m.type;
  e.site = site;
  e.node = static_cast<std::uint16_t>(index);
  e.shared = shared;
  signal_fence();
  e.object = &m;
}

// Entries beyond the top are null, so that a handler that is let in finds them so.
void drop_holds(thread_state& t, unsigned left) noexcept {
  for (unsigned i = t.held; i-- != left;) t.holds[i].object = nullptr;
  signal_fence();
  t.held = left;
  if (t.inherited > left) t.inherited = left;
}

bool pop(thread_state& t, const map& m) noexcept {
  unsigned i = t.held;
  while (i != 0 && t.holds[i - 1].object != &m) --i;
  if (i == 0) return false;
  if (i != t.held) {
    t.holds[i - 1].object = &hole;
    return true;
  }
  --i;
  while (i != 0 && t.holds[i - 1].object == &hole) --i;
  drop_holds(t, i);
  return true;
}

const held_entry* find(const thread_state& t, const map& m) noexcept {
  for (unsigned i = t.held; i-- != 0;) {
    if (t.holds[i].object == &m) return &t.holds[i];
  }
  return nullptr;
}

bool is_open(const held_entry& e) noexcept { return e.object != nullptr && e.object != &hole; }

}  // namespace

// ---- Exit.

void check_exit(const char* how) noexcept {
  thread_state& t = state;
  // A child of fork() has copies of what its parent holds; one of vfork() runs in its parent's memory.
  if (!looks(t) || t.process != ::getpid()) return;
  for (unsigned i = t.inherited; i < t.held; ++i) {
    if (is_open(t.holds[i])) report(t, rule::held_at_exit, t.holds[i].node, t.holds[i].site, how);
  }
  for (unsigned i = 0; i < t.reads; ++i) {
    if (t.reading[i].object != nullptr)
      report(t, rule::unvalidated_read, t.reading[i].node, t.reading[i].site, how);
  }
  for (unsigned kind = 0; kind < irq_kinds; ++kind) {
    if (t.saves[kind] != 0) report(t, rule::held_at_exit, 0, t.saved_at[kind], how);
  }
  if (in_deferral()) report(t, rule::unbalanced_deferral, 0, location{}, how);
}

namespace {

void thread_exits(void*) noexcept {
  check_exit("the thread ends");
  forget_this_thread();
  state.known = false;
}

// Before the first lock of anybody's static initialisation; and what is given to atexit() first is called last.
[[gnu::constructor(101)]] void make_exit_key() noexcept {
  ::pthread_key_create(&exit_key, thread_exits);
  (void)::atexit([] { check_exit("the program ends"); });
}

void introduce(thread_state& t) noexcept {
  t.known = true;
  t.process = ::getpid();
  // One of the first keys, so no allocation: safe in a handler.
  ::pthread_setspecific(exit_key, &t);
}

// ---- Interrupts.

// What can be held off; faults of the running instruction cannot, nor what the C library keeps for itself.
constexpr signal_set maskable = [] {
  signal_set all = 0;
  for (int signo = 1; signo <= 64; ++signo) {
    if (is_maskable_signal(signo)) all |= set_of(signo);
  }
  return all;
}();
constexpr signal_set every_signal = ~(set_of(SIGSTOP) | set_of(32) | set_of(33));

signal_set set_of(const sigset_t& set) noexcept {
  unsigned long words[sizeof set / sizeof(unsigned long)];
  ::memcpy(words, &set, sizeof set);
  signal_set all = words[0];
  if constexpr (sizeof(unsigned long) == 4) all |= signal_set{words[1]} << 32;
  return all;
}
signal_set blocked_signals(const thread_state& t) noexcept {
  if (t.blocked_known) return t.blocked;
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return set_of(mask);
}
signal_set enabled_signals(const thread_state& t) noexcept {
  const signal_set blocked = blocked_signals(t);
  const signal_set whichever = (blocked & maskable) == 0 ? whichever_signal : 0;
  return (every_signal & ~(blocked | whichever_signal)) | whichever;
}

// relaxed, in both: bits are only ever set, and whoever does not see one asks again under the lock.
bool every_signal_seen(const node& n, interrupt kind) noexcept {
  return (every_signal & ~n.used[static_cast<unsigned>(kind)][static_cast<unsigned>(side::under)].load(
                             std::memory_order_relaxed)) == 0;
}

[[gnu::noinline]] void note_new_use(const thread_state& t, const type_info& type, unsigned index, bool waits,
                                    bool holds, const location& site) noexcept {
  const auto add = [&](interrupt kind, side how, signal_set which) {
    add_usage(t, index, kind, how, which, site);
  };
  const bool own = type.context == irq::none && type.masks;
  if (waits) {
    if (t.in_handler_of != 0) {
      add(t.deferred_handler ? interrupt::deferred_signal : interrupt::signal, side::inside, t.in_handler_of);
    }
    if (t.handlers[static_cast<unsigned>(irq::virtual_cpu)] != 0) {
      add(interrupt::virtual_cpu, side::inside, the_interrupt);
    }
    if (own && type.in_interrupt()) add(interrupt::of_its_context, side::inside, the_interrupt);
  }
  if (!holds) return;
  if (own && !type.in_interrupt() && type.interrupts_enabled()) {
    add(interrupt::of_its_context, side::under, the_interrupt);
  }
  if (type.context == irq::virtual_cpu ? type.interrupts_enabled()
                                       : current_virtual_cpu != nullptr && virtual_masked_depth == 0) {
    add(interrupt::virtual_cpu, side::under, the_interrupt);
  }
  // A handler of whichever signal: its own is not on top of it, and which others are, only it knows.
  if (t.in_handler_of == whichever_signal || (own && !type.interrupts_enabled())) return;
  const bool deferred = t.saves[static_cast<unsigned>(irq::deferred_signal)] != 0;
  const node& n = node_at(index);
  // Which are enabled costs a system call: not for what is known.
  if (every_signal_seen(n, interrupt::signal) &&
      (deferred || every_signal_seen(n, interrupt::deferred_signal))) {
    return;
  }
  const signal_set enabled = enabled_signals(t);
  add(interrupt::signal, side::under, enabled);
  if (!deferred) add(interrupt::deferred_signal, side::under, enabled);
}

void note_use(const thread_state& t, const map& m, unsigned index, bool waits, bool holds,
              const location& site) noexcept {
  const node& n = node_at(index);
  const bool a_task = t.level == 0 && current_virtual_cpu == nullptr;
  const bool of_threads = !m.type->masks;  // whose context has no interrupts of its own
  if (a_task && of_threads && every_signal_seen(n, interrupt::signal) &&
      every_signal_seen(n, interrupt::deferred_signal)) {
    return;
  }
  note_new_use(t, *m.type, index, waits, holds, site);
}

// ---- Sleeping.

void check_sleep(const thread_state& t, unsigned index, bool signal_safe, const location& site,
                 const char* what) noexcept {
  const auto handlers = [&](irq kind) { return t.handlers[static_cast<unsigned>(kind)]; };
  for (irq kind : {irq::threaded, irq::virtual_cpu}) {
    const auto k = static_cast<unsigned>(kind);
    if (t.saves[k] != 0) return report(t, rule::sleep_in_atomic, index, site, what, &t.saved_at[k]);
  }
  if (handlers(irq::virtual_cpu) != 0 ||
      (!signal_safe && handlers(irq::signal) + handlers(irq::deferred_signal) != 0)) {
    return report(t, rule::sleep_in_atomic, index, site, what);
  }
  for (unsigned i = t.held; i-- != 0;) {
    const held_entry& e = t.holds[i];
    if (is_open(e) && e.type->count && !e.type->sleeps) {
      return report(t, rule::sleep_in_spinning_section, index, site, what, &e.site);
    }
  }
}

// ---- Waiting.

void depend(const thread_state& t, const map& m, unsigned index, const location& site) noexcept {
  for (unsigned i = t.held; i-- != 0;) {
    const held_entry& e = t.holds[i];
    if (!is_open(e) || e.object == &m) continue;
    if (e.node == index) {
      add_nesting(t, e, m, index, site);
    } else if (!edge_known(e.node, index)) {
      // A lock and its count go together: of two such pairs, whose order counts is the objects'.
      if (belong_together(e.node, index)) {
        add_nesting(t, e, m, e.type->count ? index : e.node, site);
      } else {
        add_edge(t, e, m, index, site);
      }
    }
  }
}

// Leaves the first `left`. As in pop: what lies beyond is null.
void drop_reads(thread_state& t, unsigned left) noexcept {
  for (unsigned i = t.reads; i-- != left;) t.reading[i].object = nullptr;
  signal_fence();
  t.reads = left;
}

const read_entry* open_read(const thread_state& t) noexcept {
  for (unsigned i = t.reads; i-- != 0;) {
    if (t.reading[i].object != nullptr && t.reading[i].level == t.level) return &t.reading[i];
  }
  return nullptr;
}

enum class taking { by_waiting, after_a_try };

void check_hold(const thread_state& t, const map& lock, unsigned index, taking how,
                const location& site) noexcept {
  // A try that succeeds in a handler finds what the thread under it was only about to take.
  const held_entry* const before = how == taking::by_waiting ? find(t, lock) : nullptr;
  if (before != nullptr) {
    const bool has_section = lock.type->in_interrupt != nullptr;
    return report(t, has_section ? rule::recursive_write : rule::recursive_lock, index, site, nullptr,
                  &before->site);
  }
  if (const read_entry* const read = open_read(t)) {
    report(t, rule::lock_in_read_section, index, site, nullptr, &read->site);
  }
  const bool waits = how == taking::by_waiting && lock.type->excludes;
  if (waits) {
    if (lock.type->sleeps) check_sleep(t, index, lock.type->signal_safe, site, nullptr);
    depend(t, lock, index, site);
  }
  note_use(t, lock, index, waits, true, site);
}

void hold(const map& lock, taking how, bool shared = false) noexcept {
  if (is_silent(lock)) return;
  thread_state& t = this_thread();
  const location& site = site_of(lock);
  const unsigned index = node_of(lock);
  if (looks(t)) check_hold(t, lock, index, how, site);
  push(t, lock, index, site, shared);
}

void begin_writing(map& count, bool may_be_read_here) noexcept {
  if (is_silent(count)) return;
  thread_state& t = this_thread();
  const location& site = site_of(count);
  const unsigned index = node_of(count);
  // relaxed: who is there only matters if two are, and then no order helps.
  const thread_state* const before = count.writer.exchange(&t, std::memory_order_relaxed);
  if (looks(t)) {
    const read_entry* const read = may_be_read_here ? nullptr : open_read(t);
    if (before == &t) {
      const held_entry* const outer = find(t, count);
      report(t, rule::recursive_write, index, site, nullptr, outer != nullptr ? &outer->site : nullptr);
    } else if (before != nullptr) {
      report(t, rule::two_writers, index, site);
    }
    if (read != nullptr) report(t, rule::write_in_read_section, index, site, nullptr, &read->site);
    note_use(t, count, index, false, true, site);
  }
  push(t, count, index, site);
}

void end_writing(map& count) noexcept {
  if (is_silent(count)) return;
  thread_state& t = this_thread();
  if (pop(t, count)) {
    count.writer.store(nullptr, std::memory_order_relaxed);  // relaxed: as in begin_writing
  } else if (looks(t)) {
    report(t, rule::wrong_thread, node_of(count), site_of(count));
  }
}

}  // namespace

void forked() noexcept {
  thread_state& t = state;
  t.process = ::getpid();
  t.inherited = t.held;
  drop_reads(t, 0);
}

thread_state& this_thread() noexcept {
  thread_state& t = state;
  if (!t.known) [[unlikely]]
    introduce(t);
  return t;
}

// ---- The hooks.

inline namespace needs_rtseq_runtime {

void acquire(const map& lock) noexcept { hold(lock, taking::by_waiting); }
void acquired(const map& lock) noexcept { hold(lock, taking::after_a_try); }

void acquired_shared(const map& lock) noexcept { hold(lock, taking::after_a_try, true); }

static void hold_once(const map& lock, bool shared) noexcept {
  const bool again = find(state, lock) != nullptr;
  hold(lock, taking::by_waiting, shared);
  if (again) fatal_violation(violation::self_deadlock, "a lock is taken again by its owner", &lock);
}
void acquire_once(const map& lock) noexcept { hold_once(lock, false); }
void acquire_shared(const map& lock) noexcept { hold_once(lock, true); }
bool holds(const map& lock) noexcept {
  const held_entry* const held = find(state, lock);
  return held != nullptr && !held->shared;
}

void release(const map& lock) noexcept {
  if (is_silent(lock)) return;
  thread_state& t = this_thread();
  if (!pop(t, lock) && looks(t)) report(t, rule::wrong_thread, node_of(lock), site_of(lock));
}

void write_begin(map& count) noexcept { begin_writing(count, false); }
void write_end(map& count) noexcept { end_writing(count); }
void latch_begin(map& latch) noexcept { begin_writing(latch, true); }
void latch_end(map& latch) noexcept { end_writing(latch); }

void waits_for_even(const map& count, const map* lock) noexcept {
  thread_state& t = this_thread();
  if (is_silent(count) || !looks(t)) return;
  const location& site = site_of(count);
  if (const held_entry* const own = find(t, count)) {
    report(t, rule::self_read, own->node, site, nullptr, &own->site);
    fatal_violation(violation::self_deadlock,
                    "a read section begins inside the caller's own write section, and would wait for ever "
                    "(in a handler: the writer must use the _irqsave form)",
                    &count);
  }
  // Who holds the writers' lock finds the count even.
  if (lock != nullptr && find(t, *lock) != nullptr) return;
  const unsigned index = node_of(count);
  if (index == 0) return;
  depend(t, count, index, site);
  note_use(t, count, index, true, false, site);
  if (lock == nullptr || !lock->type->boosts) return;
  if (const unsigned by = node_of(*lock)) depend(t, *lock, by, site);
}

// Out of line, so that its frame and its caller tell sections apart.
[[gnu::noinline]] void read_begin(const map& count) noexcept {
  thread_state& t = this_thread();
  if (is_silent(count) || !looks(t)) return;
  const location& site = site_of(count);
  const void* const frame = __builtin_frame_address(0);
  const void* const caller = __builtin_return_address(0);
  const unsigned level = t.level;
  const unsigned index = node_of(count);
  if (index == 0) return;
  // Left: one that began here in an earlier round, or call. What a function has begun for its caller is open, so that
  // it has ended says nothing; only where there is no more room.
  const bool crowded = t.reads == max_reads;
  for (unsigned i = t.reads; i-- != 0 && t.reading[i].level == level;) {
    const read_entry& e = t.reading[i];
    if (e.object == nullptr) continue;  // of the call that this one interrupts
    const bool again = e.object == &count && e.caller == caller && e.frame <= frame &&
                       e.site.line() == site.line() && e.site.column() == site.column();
    if (!again && !(crowded && e.frame < frame)) continue;
    const read_entry left = e;
    for (unsigned k = i; k + 1 < t.reads; ++k) t.reading[k] = t.reading[k + 1];
    drop_reads(t, t.reads - 1);
    report(t, rule::unvalidated_read, left.node, left.site);
  }
  const unsigned open = t.reads;
  if (open == max_reads) return report_full(t, "read sections open at a time in one thread");
  t.reads = open + 1;  // first: a handler from here on uses the next
  signal_fence();
  read_entry& e = t.reading[open];
  e.site = site;
  e.node = static_cast<std::uint16_t>(index);
  e.frame = frame;
  e.caller = caller;
  e.level = level;
  signal_fence();
  e.object = &count;
}

void read_end(const map& count) noexcept {
  thread_state& t = this_thread();
  if (is_silent(count)) return;
  for (unsigned i = t.reads; i-- != 0 && t.reading[i].level == t.level;) {
    if (t.reading[i].object != &count) continue;
    for (unsigned k = i; k + 1 < t.reads; ++k) t.reading[k] = t.reading[k + 1];
    return drop_reads(t, t.reads - 1);
  }
}

read_scope::read_scope() noexcept : depth_{looks(this_thread()) ? state.reads : 0} {}
read_scope::~read_scope() {
  thread_state& t = state;
  if (depth_ == 0 || t.reads < depth_) return;
  const read_entry left = t.reading[depth_ - 1];
  drop_reads(t, depth_ - 1);
  if (looks(t)) report(t, rule::unvalidated_read, left.node, left.site);
}

void write_without_lock(const map& count) noexcept {
  thread_state& t = this_thread();
  if (!is_silent(count) && looks(t)) report(t, rule::write_without_lock, node_of(count), site_of(count));
}

void irq_saved(irq kind) noexcept {
  thread_state& t = this_thread();
  const auto k = static_cast<unsigned>(kind);
  if (t.saves[k] == 0) t.saved_at[k] = site();
  t.saves[k] = t.saves[k] + 1;
}
void irq_restored(irq kind) noexcept {
  thread_state& t = this_thread();
  const auto k = static_cast<unsigned>(kind);
  if (kind == irq::signal) t.blocked_known = false;  // an outer save's are: whoever asks asks the kernel
  if (t.saves[k] != 0) {
    t.saves[k] = t.saves[k] - 1;
  } else if (looks(t)) {
    report(t, rule::unbalanced_interrupts, 0, site());
  }
}
void signals_blocked(const sigset_t& before, const sigset_t& more) noexcept {
  thread_state& t = this_thread();
  t.blocked = set_of(before) | set_of(more);
  signal_fence();
  t.blocked_known = true;
}

// What a handler does has sites of its own; what it interrupted keeps its.
void handler_entered(irq kind, int signo) noexcept {
  thread_state& t = this_thread();
  const unsigned level = t.level;
  t.level = level + 1;  // first: a handler from here on uses the next
  signal_fence();
  if (level < max_levels) {
    t.interrupted[level] = {current_site, t.in_handler_of, t.deferred_handler, t.blocked_known, t.blocked};
  }
  t.blocked_known = false;  // more are blocked here
  current_site = nullptr;
  // A scope in a handler that is known already, if it names no other signal, is of the same.
  const signal_set of = signo != 0 ? set_of(signo) : whichever_signal;
  const bool known = t.in_handler_of != 0 && (of == whichever_signal || of == t.in_handler_of);
  if (kind == irq::deferred_signal || (kind == irq::signal && !known)) {
    t.deferred_handler = kind == irq::deferred_signal;
    t.in_handler_of = of;
  }
  t.handlers[static_cast<unsigned>(kind)] = t.handlers[static_cast<unsigned>(kind)] + 1;
}
void handler_left(irq kind) noexcept {
  thread_state& t = this_thread();
  t.handlers[static_cast<unsigned>(kind)] = t.handlers[static_cast<unsigned>(kind)] - 1;
  const unsigned level = t.level - 1;
  if (level < max_levels) {
    t.in_handler_of = t.interrupted[level].in_handler_of;
    t.deferred_handler = t.interrupted[level].deferred_handler;
    t.blocked = t.interrupted[level].blocked;
    t.blocked_known = t.interrupted[level].blocked_known;
    current_site = t.interrupted[level].site;
  }
  signal_fence();
  t.level = level;
}

void deferral_begins() noexcept { this_thread(); }
void deferral_unbalanced(const char* how) noexcept {
  thread_state& t = this_thread();
  if (looks(t)) report(t, rule::unbalanced_deferral, 0, site(), how);
}

void printing() noexcept {
  thread_state& t = this_thread();
  if (!looks(t)) return;
  for (unsigned i = t.held; i-- != 0;) {
    const held_entry& e = t.holds[i];
    if (is_open(e) && e.type->count) {
      return report(t, rule::print_in_write_section, e.node, site(), nullptr, &e.site);
    }
  }
}

void sleeping(const char* what) noexcept {
  thread_state& t = this_thread();
  if (looks(t)) check_sleep(t, 0, false, site(), what);
}

void forget_this_thread() noexcept {
  thread_state& t = state;
  drop_holds(t, 0);
  drop_reads(t, 0);
  for (unsigned& depth : t.saves) depth = 0;
}

held_scope::held_scope() noexcept : held_{state.held}, reads_{state.reads}, saves_{} {
  for (unsigned k = 0; k < irq_kinds; ++k) saves_[k] = state.saves[k];
}
held_scope::~held_scope() {
  thread_state& t = state;
  if (t.held > held_) drop_holds(t, held_);
  if (t.reads > reads_) drop_reads(t, reads_);
  for (unsigned k = 0; k < irq_kinds; ++k) t.saves[k] = saves_[k];
}

quiet_scope::quiet_scope() noexcept { state.quiet = state.quiet + 1; }
quiet_scope::~quiet_scope() { state.quiet = state.quiet - 1; }

}  // namespace needs_rtseq_runtime

}  // namespace rtseq::detail::lockdep

namespace rtseq::lockdep {

void expect_nothing_held(const char* where) noexcept { detail::lockdep::check_exit(where); }

void might_sleep(const char* what, location where) noexcept {
  const detail::lockdep::site_scope site{where};
  detail::lockdep::sleeping(what);
}
void might_print(location where) noexcept {
  const detail::lockdep::site_scope site{where};
  if (!in_deferral()) detail::lockdep::printing();
}

}  // namespace rtseq::lockdep
