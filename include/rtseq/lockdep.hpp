// Misuse is reported before it deadlocks: a rule that was broken in principle, without the deadlock having to happen.
//
// Compile the whole program with RTSEQ_LOCKDEP=1 and link rtseq::runtime; the linker refuses a mixture. Every lock and
// count then belongs to a class, by default the place of its definition, and each thread keeps what it holds. A class
// remembers the contexts in which it was used, and which classes were waited for while it was held; what contradicts
// that is a finding, once. docs/lockdep.md has the rules, each with its cause and cure.
//
//   rtseq::seqlock<> zones{rtseq::lockdep::name{"zones"}};            // a name for people; optional
//   rtseq::lockdep::set_handler(rtseq::lockdep::print_and_continue);  // the default is print_and_abort
//
// Signal handlers say that they are: signal_handler_scope{signo}, or registered with deferred_signal_context.
// Without RTSEQ_LOCKDEP=1 all of this is empty, and no other header changes by a byte.
// Cost: an uncontended lock pair takes several times as long. Limits: 2047 classes, 8192 pairs; of a thread 48 held at
// a time. What exceeds them is reported once, and then lockdep looks no further.
// Source: Linux Documentation/locking/lockdep-design.rst.
#ifndef RTSEQ_LOCKDEP_HPP
#define RTSEQ_LOCKDEP_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>

#include <cstddef>
#include <cstdint>

namespace rtseq::lockdep {

inline constexpr bool enabled = RTSEQ_LOCKDEP;

// In docs/lockdep.md by these names.
enum class rule : std::uint8_t {
  lock_order,                 // S3: a cycle of classes, each waited for while the one before is held
  interrupt_unsafe,           // S2, S17: waited for in an interrupt, held with interrupts enabled
  sleep_in_atomic,            // S5: a lock that sleeps in an atomic section or a handler
  sleep_in_spinning_section,  // S18: a call that sleeps in a write section whose lock spins
  recursive_lock,             // locked again by its owner
  recursive_write,            // S7: a write section in a write section of the same thread
  self_read,                  // S8: waiting for the end of one's own write section
  write_without_lock,         // S6: a count that knows its lock is written without it
  two_writers,                // S6: two threads write one count, or one latch (S16), at a time
  unvalidated_read,           // S11: a read section was left without a validation
  lock_in_read_section,       // a lock is taken in a read section, which may have to be repeated
  write_in_read_section,      // a write section begins in a read section of the same thread
  wrong_thread,               // released by a thread that does not hold it
  unbalanced_interrupts,      // a restore without its save
  unbalanced_deferral,        // S19: an exit without its enter, or on another thread
  print_in_write_section,     // S20: something is printed while the count is odd
  held_at_exit,               // a thread or the program ends, or another replaces it, with something held
  out_of_room,                // lockdep's own tables are full
};
inline constexpr unsigned rules = 18;

struct finding {
  lockdep::rule rule;
  const char* text;  // several lines
};

// Called on the thread that broke the rule, with its signals blocked. Another finding may not come of it.
using handler = void (*)(const finding&) noexcept;

#if RTSEQ_LOCKDEP

const char* name_of(rule) noexcept;

void print_and_abort(const finding&) noexcept;     // on standard error, in one write; the default
void print_and_continue(const finding&) noexcept;  // what comes of the broken rule then comes
void collect(const finding&) noexcept;             // keeps the first 32, for tests

// Installs `to_call` (null: the default); returns the one before. Lock-free, any context.
handler set_handler(handler to_call) noexcept;

// What collect() has kept. Tasks, while nothing is found.
std::size_t collected() noexcept;
finding collected(std::size_t i) noexcept;
void forget_collected(std::size_t from = 0) noexcept;

// Forgets every order and use that was seen, and every finding; not what threads hold. For tests.
void reset() noexcept;

// Writes the order graph as it was observed, for Graphviz: an edge A -> B for "B was waited for while A was held".
// False: the descriptor did not take it.
bool dump_dot(int descriptor) noexcept;

// Reports what this thread holds where it should hold nothing: at the end of a request, a task, a test. `where` is
// part of the report ("the request ends"). Linux: lockdep_sys_exit(). Any context.
void expect_nothing_held(const char* where) noexcept;

// For functions of one's own that may sleep, or print: reported where that is forbidden. Any context.
void might_sleep(const char* what, location where = location::current()) noexcept;
void might_print(location where = location::current()) noexcept;

// Linux: lockdep_off(). What this thread does meanwhile is not looked at, though what it takes and releases is known:
// for code that plays several threads.
class [[nodiscard]] off {
 public:
  off() noexcept = default;
  off(const off&) = delete;
  off& operator=(const off&) = delete;

 private:
  detail::lockdep::quiet_scope quiet_;
};

// Ends a read section that needs no validation, because what was found proves itself: pages that were allocated, say.
template <class Count>
void read_end_unvalidated(const Count& count) noexcept {
  if constexpr (requires { count.lockdep_count_map(); }) detail::lockdep::read_end(count.lockdep_count_map());
}

// As lockdep::name, for an object that is made already: before its first use.
template <class Object>
void set_class(Object& object, const char* called) noexcept {
  if constexpr (requires { object.lockdep_map(); }) object.lockdep_map().name = called;
  if constexpr (requires { object.lockdep_count_map(); }) object.lockdep_count_map().name = called;
  if constexpr (requires { object.lockdep_latch_map(); }) object.lockdep_latch_map().name = called;
}

#else

constexpr const char* name_of(rule) noexcept { return ""; }
inline void print_and_abort(const finding&) noexcept {}
inline void print_and_continue(const finding&) noexcept {}
inline void collect(const finding&) noexcept {}
inline handler set_handler(handler) noexcept { return print_and_abort; }
inline std::size_t collected() noexcept { return 0; }
inline finding collected(std::size_t) noexcept { return {}; }
inline void forget_collected(std::size_t = 0) noexcept {}
inline void reset() noexcept {}
inline bool dump_dot(int) noexcept { return false; }
inline void expect_nothing_held(const char*) noexcept {}
inline void might_sleep(const char*) noexcept {}
inline void might_print() noexcept {}
class [[nodiscard]] off {
 public:
  off() noexcept {}  // not trivial: an unused one is no warning
};
template <class Count>
void read_end_unvalidated(const Count&) noexcept {}
template <class Object>
void set_class(Object&, const char*) noexcept {}

#endif

}  // namespace rtseq::lockdep

#endif
