// lockdep's findings, in words and pictures, each once.
#include "lockdep_state.hpp"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#if defined(RTSEQ_LOCKDEP_STACK_TRACES)
#include <absl/debugging/stacktrace.h>
#include <absl/debugging/symbolize.h>
#endif

namespace rtseq::detail::lockdep {
namespace {

using rtseq::lockdep::finding;

struct words {
  const char* name;
  const char* what;
  const char* advice;
};

constexpr words words_of[rtseq::lockdep::rules] = {
    {"lock_order", "each of these is waited for while the one before it is held: a deadlock waits to happen",
     "take them in one order everywhere; print, and call what may wait, outside the write section "
     "(deferred_guard)"},
    {"interrupt_unsafe",
     "an interrupt handler waits for what is also held with interrupts enabled: a handler that comes then "
     "waits "
     "for the thread under it",
     "use the one-step _irqsave form (write_irqsave_guard, write_lock_irqsave) wherever it is not the "
     "handler that "
     "writes"},
    {"sleep_in_atomic", "something that may sleep, where nothing may",
     "do not hold interrupts off first and take the lock second: write_lock_irqsave() does both in one step, "
     "and what "
     "is right in every context"},
    {"sleep_in_spinning_section",
     "something that may sleep, in a write section whose readers spin until it ends",
     "prepare before the section and publish in it; or give the seqlock a lock that sleeps (pi_mutex)"},
    {"recursive_lock", "a lock is taken by the thread that holds it, which would wait for itself",
     "split the function: one that locks, and one that is called with the lock held"},
    {"recursive_write",
     "a write section inside a write section of the same thread: the inner one makes the count even",
     "split the function: one that opens the section, and one that is called in it"},
    {"self_read", "a reader waits for the end of its own thread's write section",
     "read before the section begins, or use try_read; in a handler: the writer must use the _irqsave form"},
    {"write_without_lock", "a count is written by a thread that does not hold its writers' lock",
     "lock around write_begin() and write_end(), or use a seqlock, which does"},
    {"two_writers", "two write at a time: one count cannot tell, and torn values validate",
     "give the writers a lock: a seqlock has one, and so have seqlocked and latched"},
    {"unvalidated_read", "a read section was left, and what it read never validated",
     "call read_retry() on every way out, or use read(section), which does"},
    {"lock_in_read_section", "a lock is taken in a read section, which may see torn data and be repeated",
     "take what is needed out of the section first: read(section) returns it validated"},
    {"write_in_read_section",
     "a write section begins in a read section of the same thread, which then never validates",
     "end the read section (read_retry) before the write; to change what was read, use update() or the write "
     "lock"},
    {"wrong_thread", "released by a thread that does not hold it",
     "guards end on the thread on which they began"},
    {"unbalanced_interrupts", "interrupts are restored on a thread that has not held them off",
     "restore on the thread that saved, once for each save; irqsave_guard does"},
    {"unbalanced_deferral", "a deferral of printing ends, or does not end, where it should",
     "use deferred_guard, on one thread"},
    {"print_in_write_section",
     "something is printed while the count is odd: who holds the output's lock may be waiting "
     "for the end of this section",
     "begin the deferral before the section: deferred_guard, then the write guard"},
    {"held_at_exit", "something is held at the end of a thread or the program, or where nothing should be",
     "release it first: guards do, also where an exception or a cancellation leaves them"},
    {"out_of_room", "a table of lockdep is full: it looks no further",
     "set_class() puts many objects into one class"},
};

// ---- Text, without allocation: a handler may be what broke the rule.

class text {
 public:
  text& operator<<(std::string_view s) noexcept {
    const std::size_t n = std::min(s.size(), sizeof buffer_ - 1 - length_);
    ::memcpy(buffer_ + length_, s.data(), n);
    length_ += n;
    buffer_[length_] = '\0';
    return *this;
  }
  text& operator<<(std::uint64_t number) noexcept {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << std::string_view(digits + at, sizeof digits - at);
  }
  text& pad_to(std::size_t column) noexcept {
    do {
      *this << " ";
    } while (length_ - line_start() < column);
    return *this;
  }
  const char* c_str() const noexcept { return buffer_; }
  std::size_t size() const noexcept { return length_; }
  void clear() noexcept { length_ = 0; }

 private:
  std::size_t line_start() const noexcept {
    std::size_t at = length_;
    while (at != 0 && buffer_[at - 1] != '\n') --at;
    return at;
  }
  char buffer_[6144];
  std::size_t length_ = 0;
};

// ---- State, all under the graph's lock.

text composing;
std::uint64_t reported[256];
unsigned reported_count = 0;

constexpr std::size_t kept_findings = 32;
struct {
  rule broken;
  char text[3072];
} kept[kept_findings];
std::atomic<std::size_t> kept_count{0};

std::atomic<rtseq::lockdep::handler> current{rtseq::lockdep::print_and_abort};

// FNV-1a. What makes a finding distinct: the rule, the classes, the places.
class digest {
 public:
  explicit digest(rule r) noexcept : rule_{r} { add(static_cast<std::uint64_t>(r)); }
  digest(rule r, const node& n) noexcept : digest{r} { add(n); }
  std::uint64_t value() const noexcept { return value_; }
  void add(std::uint64_t x) noexcept {
    for (int i = 0; i < 8; ++i, x >>= 8) value_ = (value_ ^ (x & 0xff)) * 0x100000001b3;
  }
  void add(const location& at) noexcept {
    for (const char* c = at.file_name(); *c != '\0'; ++c) add(static_cast<std::uint64_t>(*c));
    add(at.line());
  }
  void add(const node& n) noexcept {  // the same for a lock and its count
    if (n.name == nullptr) add(n.where);
    for (const char* c = n.name != nullptr ? n.name : ""; *c != '\0'; ++c)
      add(static_cast<std::uint64_t>(*c));
  }
  // The last place is for saying that there is no other.
  bool is_new(const thread_state& t) const noexcept {
    if (std::find(reported, reported + reported_count, value_) != reported + reported_count) return false;
    const std::size_t room = std::size(reported) - (rule_ == rule::out_of_room ? 0 : 1);
    if (reported_count >= room) {
      report_full(t, "findings");
      return false;
    }
    reported[reported_count++] = value_;
    return true;
  }

 private:
  rule rule_;
  std::uint64_t value_ = 0xcbf29ce484222325;
};

// The last two parts of a path: enough to find it.
std::string_view short_path(std::string_view path) noexcept {
  const auto last = path.rfind('/');
  if (last == path.npos || last == 0) return path;
  const auto before = path.rfind('/', last - 1);
  return before == path.npos ? path : path.substr(before + 1);
}
// "bool f<T>(int) [with T = int]": "f".
std::string_view short_function(std::string_view name) noexcept {
  name = name.substr(0, name.find('('));
  name = name.substr(0, name.find('<'));
  constexpr std::string_view anonymous = "{anonymous}::";
  if (const auto at = name.rfind(anonymous); at != name.npos) name = name.substr(at + anonymous.size());
  const auto space = name.rfind(' ');
  return space == name.npos ? name : name.substr(space + 1);
}

text& operator<<(text& out, const location& at) noexcept {
  if (*at.file_name() == '\0') return out << "an unknown place";
  out << short_path(at.file_name()) << ":" << std::uint64_t{at.line()};
  const auto function = short_function(at.function_name());
  if (!function.empty()) out << " in " << function << "()";
  return out;
}

struct label {
  const char* name;
  const char* kind;
  const location& where;
};
label label_of(unsigned index) noexcept {
  const node& n = node_at(index);
  return {n.name, n.kind, n.where};
}
// "free_area", or the place; and in full.
text& put_short(text& out, const label& l) noexcept {
  if (l.name != nullptr) return out << l.name;
  const std::string_view path = l.where.file_name();
  return out << path.substr(path.rfind('/') + 1) << ":" << std::uint64_t{l.where.line()};
}
text& put(text& out, const label& l) noexcept {
  out << l.kind << " ";
  if (l.name != nullptr) return out << "\"" << l.name << "\"";
  return out << "of " << short_path(l.where.file_name()) << ":" << std::uint64_t{l.where.line()};
}

bool is_count(unsigned index) noexcept { return node_at(index).type->count; }
std::string_view holding(bool count) noexcept { return count ? "in the write section of " : "holding "; }
std::string_view waiting(bool count) noexcept {
  return count ? "waiting for an even count of " : "waiting for ";
}

text& put_signal(text& out, int signo) noexcept {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
  if (const char* const name = ::sigabbrev_np(signo)) return out << "SIG" << name;
#endif
  return out << "signal " << static_cast<std::uint64_t>(signo);
}

void put_thread(text& out) noexcept {
  char name[16];
  fill_thread_name(name);
  out << "thread \"" << name << "\"";
}

void put_state(text& out, const thread_state& t) noexcept {
  out << "\nThis thread now: ";
  const auto depth = [&](irq kind) { return t.handlers[static_cast<unsigned>(kind)]; };
  if (depth(irq::signal) + depth(irq::deferred_signal) != 0) {
    out << "in a signal handler";
  } else if (depth(irq::virtual_cpu) != 0) {
    out << "in a virtual CPU's handler";
  } else {
    out << "a task";
  }
  static constexpr std::string_view names[irq_kinds] = {
      "", "signals blocked", "signals deferred", "atomic (threaded)", "the virtual CPU's interrupts off"};
  bool any = false;
  for (unsigned k = 1; k < irq_kinds; ++k) {
    if (t.saves[k] == 0) continue;
    out << ", " << names[k] << " since " << t.saved_at[k];
    any = true;
  }
  if (!any) out << ", nothing held off";
  out << "; it holds\n";
  bool nothing = true;
  for (unsigned i = 0; i < t.held; ++i) {
    const held_entry& e = t.holds[i];
    if (e.object == nullptr || e.object == &hole) continue;
    nothing = false;
    put(out << "  " << (is_count(e.node) ? "the write section of " : ""), label_of(e.node))
        << ", since " << e.site << "\n";
  }
  if (nothing) out << "  nothing\n";
}

void begin(rule broken) noexcept {
  const words& w = words_of[static_cast<unsigned>(broken)];
  composing.clear();
  composing << "rtseq lockdep: " << w.name << "\n  " << w.what << "\n\n";
}

void put_trace([[maybe_unused]] text& out) noexcept {
#if defined(RTSEQ_LOCKDEP_STACK_TRACES)
  absl::InitializeSymbolizer(program_invocation_name);
  void* frames[24];
  const int depth = absl::GetStackTrace(frames, static_cast<int>(std::size(frames)), 3);
  out << "\nStack\n";
  for (int i = 0; i < depth; ++i) {
    char name[128];
    if (!absl::Symbolize(static_cast<char*>(frames[i]) - 1, name, sizeof name)) continue;
    out << "  " << name << "\n";
  }
#endif
}

void finish(const thread_state& t, rule broken) noexcept {
  put_state(composing, t);
  put_trace(composing);
  composing << "\nAdvice: " << words_of[static_cast<unsigned>(broken)].advice << ".\n";
  const quiet_scope no_findings_of_findings;  // nor a second try for the graph's lock
  // acquire: pairs with set_handler's release, so that the handler sees what it was set up with.
  current.load(std::memory_order_acquire)({broken, composing.c_str()});
}

}  // namespace

void report(const thread_state& t, rule broken, unsigned index, const location& site, const char* detail,
            const location* other) noexcept {
  const graph_lock lock;
  digest d(broken);
  d.add(site);
  d.add(index);
  if (other != nullptr) d.add(*other);
  if (!d.is_new(t)) return;
  begin(broken);
  put_thread(composing);
  composing << " at " << site << "\n";
  if (detail != nullptr) composing << "  " << detail << "\n";
  if (index != 0) put(composing << "  ", label_of(index)) << "\n";
  if (other != nullptr) composing << "  against what began at " << *other << "\n";
  finish(t, broken);
}

void report_cycle(const thread_state& t, const step* steps, unsigned count, unsigned length) noexcept {
  digest d(rule::lock_order);
  // A lock and its count belong together: one finding, though both close the cycle. Any of its edges may come last.
  std::uint64_t places = 0;
  for (unsigned i = 0; i < count; ++i) places += digest(rule::lock_order, node_at(steps[i].from)).value();
  d.add(places);
  if (!d.is_new(t)) return;

  begin(rule::lock_order);
  for (unsigned i = 0; i < count; ++i) {
    const step& s = steps[i];
    if (i == 0) {
      put_thread(composing);
      composing << " now is\n";
    } else {
      composing << (i == 1 ? "which closes a circle with what was seen before:\n" : "and")
                << (i == 1 ? "" : "\n") << "thread \"" << s.thread << "\" was\n";
    }
    put(composing << "  " << waiting(is_count(s.to)), label_of(s.to)) << " at " << s.waited_at << "\n";
    put(composing << "  " << holding(is_count(s.from)), label_of(s.from)) << " since " << s.held_at << "\n";
  }

  if (count != length) composing << "and so on, " << std::uint64_t{length - count} << " more\n";

  constexpr std::size_t width = 36;
  const unsigned shown = std::min(count, 3u);
  composing << "\n";
  for (unsigned i = 0; i < shown; ++i) composing.pad_to(2 + i * width + 6) << "CPU" << std::uint64_t{i};
  composing << "\n";
  for (unsigned i = 0; i < shown; ++i) composing.pad_to(2 + i * width + 6) << "----";
  composing << "\n";
  for (unsigned i = 0; i < shown; ++i) {
    composing.pad_to(2 + i * width) << (is_count(steps[i].from) ? "write_begin(" : "lock(");
    put_short(composing, label_of(steps[i].from)) << ")\n";
  }
  for (unsigned i = 0; i < shown; ++i) {
    composing.pad_to(2 + i * width) << (is_count(steps[i].to) ? "read_begin(" : "lock(");
    put_short(composing, label_of(steps[i].to)) << ")\n";
  }
  if (shown != length) composing << "  and " << std::uint64_t{length - shown} << " more\n";
  composing.pad_to(2 + (shown - 1) * width / 2 + 4) << "*** DEADLOCK ***\n";
  finish(t, rule::lock_order);
}

void report_nesting(const thread_state& t, unsigned index) noexcept {
  digest d(rule::lock_order);
  d.add(std::uint64_t{index} << 32);
  if (!d.is_new(t)) return;
  begin(rule::lock_order);
  const node& n = node_at(index);
  composing << "two objects of one class, ";
  put(composing, label_of(index)) << ", in both orders:\n";
  for (const nesting_record& r : n.nested)
    composing << "  thread \"" << r.thread << "\" at " << r.site << "\n";
  composing << "\n        CPU0                  CPU1\n        ----                  ----\n"
               "  lock(first)\n                        lock(second)\n  lock(second)\n                        "
               "lock(first)\n"
               "             *** DEADLOCK ***\n";
  finish(t, rule::lock_order);
}

void report_usage(const thread_state& t, unsigned index, const use_record& inside,
                  const use_record& under) noexcept {
  const node& n = node_at(index);
  digest d(rule::interrupt_unsafe);
  d.add(n);
  if (!d.is_new(t)) return;
  const signal_set both = inside.which & under.which;
  const int signo = both == whichever_signal ? 0 : __builtin_ctzll(both) + 1;
  const bool count = n.type->count;
  begin(rule::interrupt_unsafe);
  put(composing, label_of(index)) << "\n";
  composing << "  " << (count ? "read" : "taken") << " in ";
  switch (inside.kind) {
    case interrupt::signal:
    case interrupt::deferred_signal:
      if (signo == 0) {
        composing << "a signal handler";
      } else {
        put_signal(composing << "a handler of ", signo);
      }
      break;
    case interrupt::virtual_cpu:
      composing << "a virtual CPU's handler";
      break;
    case interrupt::of_its_context:
      composing << "an interrupt";
  }
  composing << ": thread \"" << inside.thread << "\" at " << inside.site << "\n";
  composing << "  " << (count ? "written" : "held") << " with ";
  if (inside.kind != interrupt::signal && inside.kind != interrupt::deferred_signal) {
    composing << "interrupts enabled";
  } else if (signo == 0) {
    composing << "no signal blocked";
  } else {
    put_signal(composing, signo) << " enabled";
  }
  composing << ": thread \"" << under.thread << "\" at " << under.site << "\n\n        CPU0\n        ----\n  "
            << (count ? "write_begin(" : "lock(");
  put_short(composing, label_of(index)) << ")\n  <interrupt>\n    " << (count ? "read_begin(" : "lock(");
  put_short(composing, label_of(index)) << ")\n     *** DEADLOCK ***\n";
  finish(t, rule::interrupt_unsafe);
}

void report_full(const thread_state& t, const char* table) noexcept {
  // relaxed: who sees it late looks at a little more.
  if (!active.exchange(false, std::memory_order_relaxed)) return;
  report(t, rule::out_of_room, 0, current_site != nullptr ? *current_site : location{}, table);
}

void reset_reports() noexcept { reported_count = 0; }

}  // namespace rtseq::detail::lockdep

namespace rtseq::lockdep {

namespace internal = rtseq::detail::lockdep;

const char* name_of(rule r) noexcept {
  const auto i = static_cast<unsigned>(r);
  return i < rules ? internal::words_of[i].name : "";
}

void print_and_continue(const finding& f) noexcept {
  if (::write(STDERR_FILENO, f.text, ::strlen(f.text)) < 0) return;  // nowhere to say so
}
void print_and_abort(const finding& f) noexcept {
  print_and_continue(f);
  ::abort();
}
void collect(const finding& f) noexcept {
  // relaxed, here and below: findings come one at a time, and are looked at when none comes.
  const std::size_t i = internal::kept_count.load(std::memory_order_relaxed);
  if (i == internal::kept_findings) return;
  auto& slot = internal::kept[i];
  slot.broken = f.rule;
  ::strncpy(slot.text, f.text, sizeof slot.text - 1);
  internal::kept_count.store(i + 1, std::memory_order_relaxed);
}

handler set_handler(handler to_call) noexcept {
  if (to_call == nullptr) to_call = print_and_abort;
  // acq_rel: release pairs with finish's acquire; acquire so that the caller may restore the old one.
  return internal::current.exchange(to_call, std::memory_order_acq_rel);
}

std::size_t collected() noexcept { return internal::kept_count.load(std::memory_order_relaxed); }
finding collected(std::size_t i) noexcept { return {internal::kept[i].broken, internal::kept[i].text}; }
void forget_collected(std::size_t from) noexcept {
  if (from < collected()) internal::kept_count.store(from, std::memory_order_relaxed);
}

}  // namespace rtseq::lockdep
