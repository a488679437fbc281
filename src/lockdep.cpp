// lockdep's hooks: what a thread holds, and the rules that this alone can break.
#include "lockdep_state.hpp"

#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

namespace rtseq::detail::lockdep {

const map hole;

namespace {

RTSEQ_THREAD_LOCAL(thread_state, state);

pthread_key_t exit_key;

unsigned level_of(const thread_state& t) noexcept { return t.level > 255 ? 255 : t.level; }

bool looks(const thread_state& t) noexcept {
  // relaxed: it is set once, and a late look does no harm.
  return t.quiet == 0 && active.load(std::memory_order_relaxed);
}
bool looks_at(const thread_state& t, const map& m) noexcept { return m.kind != nullptr && looks(t); }

location site_of(const thread_state& t, const map& m) noexcept { return t.has_site ? t.site : m.where; }
location site_of(const thread_state& t) noexcept { return t.has_site ? t.site : location{}; }

// ---- What is held.

void push(thread_state& t, const map& m, unsigned index, const location& site) noexcept {
  const unsigned i = t.held;
  if (i == max_held) return report_full(t, "locks and sections held at a time by one thread");
  t.held = i + 1;  // first: a handler from here on uses the next
  signal_fence();
  held_entry& e = t.holds[i];
  e.type = m.type;
  e.site = site;
  e.node = static_cast<std::uint16_t>(index);
  e.level = static_cast<std::uint8_t>(level_of(t));
  signal_fence();
  e.object = &m;
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
  // Entries beyond the top are null, so that a handler that is let in finds them so.
  for (unsigned k = t.held; k-- != i;) t.holds[k].object = nullptr;
  signal_fence();
  t.held = i;
  if (t.inherited > i) t.inherited = i;
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

// Before the first lock of anybody's static initialisation.
[[gnu::constructor(101)]] void make_exit_key() noexcept { ::pthread_key_create(&exit_key, thread_exits); }

void introduce(thread_state& t) noexcept {
  t.known = true;
  t.process = ::getpid();
  // One of the first keys, so no allocation: safe in a handler.
  ::pthread_setspecific(exit_key, &t);
}

// ---- Interrupts.

bool no_signal_blocked() noexcept {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  std::uint64_t words[sizeof mask / 8];
  ::memcpy(words, &mask, sizeof mask);
  return words[0] == 0;
}

bool signals_enabled(const thread_state& t, const type_info& type) noexcept {
  const bool own = type.masks && type.context != irq::virtual_cpu;
  if (own) return t.saves[static_cast<unsigned>(type.context)] == 0 && type.interrupts_enabled();
  return t.saves[static_cast<unsigned>(irq::signal)] == 0 &&
         t.saves[static_cast<unsigned>(irq::deferred_signal)] == 0 && no_signal_blocked();
}
bool virtual_interrupts_enabled(const type_info& type) noexcept {
  if (type.context == irq::virtual_cpu) return type.interrupts_enabled();
  return current_virtual_cpu != nullptr && virtual_masked_depth == 0;
}

unsigned interrupts_of(const thread_state& t, const type_info& type) noexcept {
  unsigned bits = 0;
  if (t.handlers[static_cast<unsigned>(irq::signal)] != 0 ||
      t.handlers[static_cast<unsigned>(irq::deferred_signal)] != 0 ||
      (type.context == irq::none && type.masks && type.in_interrupt())) {
    bits |= in_signal;
  }
  if (t.handlers[static_cast<unsigned>(irq::virtual_cpu)] != 0) bits |= in_virtual_interrupt;
  return bits;
}

void note_use(const thread_state& t, const map& m, unsigned index, bool waits, bool holds,
              const location& site) noexcept {
  // relaxed: bits are only ever set, and whoever does not see one asks again under the lock.
  const unsigned seen = node_at(index).usage.load(std::memory_order_relaxed);
  const unsigned interrupts = interrupts_of(t, *m.type);
  if (interrupts != 0) {
    for (unsigned bit : {in_signal, in_virtual_interrupt}) {
      if (waits && (interrupts & bit & ~seen) != 0) add_usage(t, m, index, bit, site);
    }
    return;
  }
  if (!holds) return;
  if ((seen & under_signals) == 0 && signals_enabled(t, *m.type)) add_usage(t, m, index, under_signals, site);
  if ((seen & under_virtual_interrupts) == 0 && virtual_interrupts_enabled(*m.type)) {
    add_usage(t, m, index, under_virtual_interrupts, site);
  }
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
    if (t.reading[i].object != nullptr && t.reading[i].level == level_of(t)) return &t.reading[i];
  }
  return nullptr;
}

enum class taking { by_waiting, after_a_try };

void hold(const map& lock, taking how) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, lock)) return;
  const location site = site_of(t, lock);
  // A try that succeeds in a handler finds what the thread under it was only about to take.
  const held_entry* const before = how == taking::by_waiting ? find(t, lock) : nullptr;
  if (before != nullptr) {
    const bool has_section = lock.type->in_interrupt != nullptr;
    return report(t, has_section ? rule::recursive_write : rule::recursive_lock, before->node, site, nullptr,
                  &before->site);
  }
  const unsigned index = node_of(lock);
  if (index == 0) return;
  if (const read_entry* const read = open_read(t)) {
    report(t, rule::lock_in_read_section, index, site, nullptr, &read->site);
  }
  const bool waits = how == taking::by_waiting && lock.type->excludes;
  if (waits) {
    if (lock.type->sleeps) check_sleep(t, index, lock.type->signal_safe, site, nullptr);
    depend(t, lock, index, site);
  }
  note_use(t, lock, index, waits, true, site);
  push(t, lock, index, site);
}

void begin_writing(map& count, bool may_be_read_here) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, count)) return;
  const location site = site_of(t, count);
  // relaxed: who is there only matters if two are, and then no order helps.
  const thread_state* const before = count.writer.exchange(&t, std::memory_order_relaxed);
  if (before == &t) {
    const held_entry* const outer = find(t, count);
    return report(t, rule::recursive_write, node_of(count), site, nullptr,
                  outer != nullptr ? &outer->site : nullptr);
  }
  if (before != nullptr) report(t, rule::two_writers, node_of(count), site);
  const read_entry* const read = open_read(t);
  if (read != nullptr && !may_be_read_here) {
    report(t, rule::write_in_read_section, node_of(count), site, nullptr, &read->site);
  }
  const unsigned index = node_of(count);
  if (index == 0) return;
  note_use(t, count, index, false, true, site);
  push(t, count, index, site);
}

void end_writing(map& count) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, count)) return;
  if (!pop(t, count)) return report(t, rule::wrong_thread, node_of(count), site_of(t, count));
  count.writer.store(nullptr, std::memory_order_relaxed);  // relaxed: as in begin_writing
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

void acquire(const map& lock) noexcept { hold(lock, taking::by_waiting); }
void acquired(const map& lock) noexcept { hold(lock, taking::after_a_try); }

void acquire_once(const map& lock) noexcept {
  const bool again = holds(lock);
  acquire(lock);
  if (again) fatal_violation(violation::self_deadlock, "a lock is taken again by its owner", &lock);
}
bool holds(const map& lock) noexcept { return find(state, lock) != nullptr; }

void release(const map& lock) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, lock)) return;
  if (!pop(t, lock)) report(t, rule::wrong_thread, node_of(lock), site_of(t, lock));
}

void write_begin(map& count) noexcept { begin_writing(count, false); }
void write_end(map& count) noexcept { end_writing(count); }
void latch_begin(map& latch) noexcept { begin_writing(latch, true); }
void latch_end(map& latch) noexcept { end_writing(latch); }

void waits_for_even(const map& count, const map* lock) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, count)) return;
  const location site = site_of(t, count);
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

// Out of line, so that its frame tells callers apart.
[[gnu::noinline]] void read_begin(const map& count) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, count)) return;
  const location site = site_of(t, count);
  const void* const frame = __builtin_frame_address(0);
  const unsigned level = level_of(t);
  const unsigned index = node_of(count);
  if (index == 0) return;
  // One that began in a function that has ended, or here in an earlier round, was left.
  unsigned open = t.reads;
  while (open != 0) {
    const read_entry& e = t.reading[open - 1];
    const bool ended = e.frame < frame || (e.frame == frame && e.object == &count && site.column() != 0 &&
                                           e.site.line() == site.line() && e.site.column() == site.column());
    if (e.object == nullptr || e.level != level || !ended) break;
    const read_entry left = e;
    drop_reads(t, --open);
    report(t, rule::unvalidated_read, left.node, left.site);
  }
  if (open == max_reads) return report_full(t, "read sections open at a time in one thread");
  t.reads = open + 1;  // first: a handler from here on uses the next
  signal_fence();
  read_entry& e = t.reading[open];
  e.site = site;
  e.node = static_cast<std::uint16_t>(index);
  e.frame = frame;
  e.level = static_cast<std::uint8_t>(level);
  signal_fence();
  e.object = &count;
}

void read_end(const map& count) noexcept {
  thread_state& t = this_thread();
  if (!looks_at(t, count)) return;
  const unsigned level = level_of(t);
  for (unsigned i = t.reads; i-- != 0 && t.reading[i].level == level;) {
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
  if (looks_at(t, count)) report(t, rule::write_without_lock, node_of(count), site_of(t, count));
}

void irq_saved(irq kind) noexcept {
  thread_state& t = this_thread();
  const auto k = static_cast<unsigned>(kind);
  if (t.saves[k] == 0) t.saved_at[k] = site_of(t);
  t.saves[k] = t.saves[k] + 1;
}
void irq_restored(irq kind) noexcept {
  thread_state& t = this_thread();
  const auto k = static_cast<unsigned>(kind);
  if (t.saves[k] != 0) {
    t.saves[k] = t.saves[k] - 1;
  } else if (looks(t)) {
    report(t, rule::unbalanced_interrupts, 0, site_of(t));
  }
}

// What a handler does has sites of its own; what it interrupted keeps its.
void handler_entered(irq kind) noexcept {
  thread_state& t = this_thread();
  const unsigned level = t.level;
  t.level = level + 1;  // first: a handler from here on uses the next
  signal_fence();
  if (level < max_levels) t.interrupted[level] = {t.has_site, t.site};
  t.has_site = false;
  t.handlers[static_cast<unsigned>(kind)] = t.handlers[static_cast<unsigned>(kind)] + 1;
}
void handler_left(irq kind) noexcept {
  thread_state& t = this_thread();
  t.handlers[static_cast<unsigned>(kind)] = t.handlers[static_cast<unsigned>(kind)] - 1;
  const unsigned level = t.level - 1;
  if (level < max_levels) {
    t.site = t.interrupted[level].site;
    signal_fence();
    t.has_site = t.interrupted[level].has_site;
  }
  signal_fence();
  t.level = level;
}

void deferral_begins() noexcept { this_thread(); }
void deferral_unbalanced(const char* how) noexcept {
  thread_state& t = this_thread();
  if (looks(t)) report(t, rule::unbalanced_deferral, 0, site_of(t), how);
}

void printing() noexcept {
  thread_state& t = this_thread();
  if (!looks(t)) return;
  for (unsigned i = t.held; i-- != 0;) {
    const held_entry& e = t.holds[i];
    if (is_open(e) && e.type->count) {
      return report(t, rule::print_in_write_section, e.node, site_of(t), nullptr, &e.site);
    }
  }
}

void sleeping(const char* what) noexcept {
  thread_state& t = this_thread();
  if (looks(t)) check_sleep(t, 0, false, site_of(t), what);
}

site_scope::site_scope(const location& where) noexcept : mine_{false} {
  thread_state& t = this_thread();
  if (t.has_site) return;
  mine_ = true;
  t.site = where;
  signal_fence();
  t.has_site = true;
}
site_scope::~site_scope() {
  if (mine_) state.has_site = false;
}

callback_scope::callback_scope() noexcept : outer_{state.site}, had_site_{state.has_site} {
  state.has_site = false;
}
callback_scope::~callback_scope() {
  state.site = outer_;
  signal_fence();
  state.has_site = had_site_;
}

void forget_this_thread() noexcept {
  thread_state& t = state;
  for (held_entry& e : t.holds) e.object = nullptr;
  t.held = 0;
  t.inherited = 0;
  drop_reads(t, 0);
  for (unsigned& depth : t.saves) depth = 0;
}

quiet_scope::quiet_scope() noexcept { state.quiet = state.quiet + 1; }
quiet_scope::~quiet_scope() { state.quiet = state.quiet - 1; }

}  // namespace rtseq::detail::lockdep

namespace rtseq::lockdep {

void might_sleep(const char* what, location where) noexcept {
  const detail::lockdep::site_scope site{where};
  detail::lockdep::sleeping(what);
}
void might_print(location where) noexcept {
  const detail::lockdep::site_scope site{where};
  if (!in_deferral()) detail::lockdep::printing();
}

}  // namespace rtseq::lockdep
