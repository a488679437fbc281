// What the other headers say to lockdep. Without RTSEQ_LOCKDEP=1 every macro here is empty: nothing of it remains.
//
// A lock and a count carry a map each: where they were defined, of which type they are. A function of the public
// interface takes the place of its call (RTSEQ_LOCKDEP_AT), makes it the thread's current site (RTSEQ_LOCKDEP_HERE),
// and whatever it calls says what happens (RTSEQ_LOCKDEP_HOOK). The hooks themselves are in src/lockdep*.cpp.
#ifndef RTSEQ_DETAIL_LOCKDEP_HOOKS_HPP
#define RTSEQ_DETAIL_LOCKDEP_HOOKS_HPP

// Over a provider of atomics a program looks at single accesses, and lockdep's own are not for it to see.
#if !defined(RTSEQ_LOCKDEP) || defined(RTSEQ_ATOMIC_PROVIDER)
#undef RTSEQ_LOCKDEP
#define RTSEQ_LOCKDEP 0
#endif

// A linker refuses to mix files with lockdep and files without: each kind defines a symbol to which the other refers,
// but one of them is thread-local, and neither takes a byte of the program. (Two definitions, weak so that there may
// be many, would do for GNU ld and gold; lld compares only a reference and what it finds.)
#if defined(__ELF__) && !defined(RTSEQ_ATOMIC_PROVIDER)
#if RTSEQ_LOCKDEP
extern "C" {
[[gnu::weak]] thread_local char RTSEQ_LOCKDEP_must_be_the_same_in_every_file;
}
__asm__(
    ".pushsection .rtseq_lockdep,\"\"\n"
    ".weak RTSEQ_LOCKDEP_must_be_the_same_in_all_files\n"
    ".type RTSEQ_LOCKDEP_must_be_the_same_in_all_files, %tls_object\n"
    ".reloc ., BFD_RELOC_NONE, RTSEQ_LOCKDEP_must_be_the_same_in_all_files\n"
    ".byte 0\n"
    ".popsection");
#else
__asm__(
    ".pushsection .rtseq_lockdep,\"\"\n"
    ".weak RTSEQ_LOCKDEP_must_be_the_same_in_every_file\n"
    ".type RTSEQ_LOCKDEP_must_be_the_same_in_every_file, %object\n"
    ".reloc ., BFD_RELOC_NONE, RTSEQ_LOCKDEP_must_be_the_same_in_every_file\n"
    ".byte 0\n"
    ".section .rtseq_lockdep_mark,\"\"\n"
    ".weak RTSEQ_LOCKDEP_must_be_the_same_in_all_files\n"
    ".type RTSEQ_LOCKDEP_must_be_the_same_in_all_files, %object\n"
    "RTSEQ_LOCKDEP_must_be_the_same_in_all_files:\n"
    ".popsection");
#endif
#endif

#if !RTSEQ_LOCKDEP

#define RTSEQ_LOCKDEP_AT
#define RTSEQ_LOCKDEP_AND_AT
#define RTSEQ_LOCKDEP_HERE
#define RTSEQ_LOCKDEP_VIA(expression) expression
#define RTSEQ_LOCKDEP_PASS
#define RTSEQ_LOCKDEP_VALIDATES
#define RTSEQ_LOCKDEP_QUIET
#define RTSEQ_LOCKDEP_CALLBACK
#define RTSEQ_LOCKDEP_HOOK(call)

namespace rtseq::lockdep {

// The class of an object, where it is made; below. Here it is nothing.
struct name {
  constexpr explicit name(const char*) noexcept {}
};

}  // namespace rtseq::lockdep

#else

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <source_location>
#include <type_traits>

namespace rtseq::lockdep {

#if defined(__cpp_lib_source_location)
using location = std::source_location;
#else  // Clang 14
class location {
 public:
  static constexpr location current(const char* file = __builtin_FILE(),
                                    const char* function = __builtin_FUNCTION(),
                                    std::uint_least32_t line = __builtin_LINE()) noexcept {
    location here;
    here.file_ = file;
    here.function_ = function;
    here.line_ = line;
    return here;
  }
  constexpr location() noexcept = default;
  constexpr const char* file_name() const noexcept { return file_; }
  constexpr const char* function_name() const noexcept { return function_; }
  constexpr std::uint_least32_t line() const noexcept { return line_; }
  constexpr std::uint_least32_t column() const noexcept { return 0; }

 private:
  const char* file_ = "";
  const char* function_ = "";
  std::uint_least32_t line_ = 0;
};
#endif

// The class of an object, given where it is made. Needed where the place says too little: members of a struct have the
// struct's, elements of a container the library's.
//
//   struct zone { rtseq::seqlock<> lock{rtseq::lockdep::name{"zone"}}; };
//
// Every object of one name is of one class, whatever its type and place. The text outlives the objects. Without
// RTSEQ_LOCKDEP=1 it is accepted too, and is nothing.
struct name {
  constexpr explicit name(const char* called, location at = location::current()) noexcept
      : text{called}, where{at} {}

  const char* text;  // null: the place alone
  location where;
};

}  // namespace rtseq::lockdep

namespace rtseq::detail::lockdep {

using location = rtseq::lockdep::location;
struct thread_state;

// Which kind of interrupt a context masks, where lockdep sees that it does.
enum class irq : std::uint8_t { none, signal, deferred_signal, threaded, virtual_cpu };
inline constexpr unsigned irq_kinds = 5;

// What all objects of a type have in common.
struct type_info {
  bool count;        // the odd section; else the writers' lock
  bool sleeps;       // the lock does
  bool signal_safe;  // a handler may take it, if it is masked wherever else it is taken
  bool boosts;       // readers wait by the lock
  bool excludes;     // taking it may wait for another
  irq context;
  bool masks;                             // the context's irqsave forms mask handlers
  bool (*in_interrupt)() noexcept;        // null: no context of its own
  bool (*interrupts_enabled)() noexcept;  // null: no context of its own
};

// The identity of a lock or count. Its class, by its name or else the place of its definition, is looked up at first
// use.
struct map {
  location where{};
  const char* kind = nullptr;  // null: silent, somebody above reports for it
  const type_info* type = nullptr;
  const char* name = nullptr;
  std::atomic<std::uint32_t> node{0};                // 0: not yet known
  std::atomic<const thread_state*> writer{nullptr};  // of a count or latch: who is in its section

  constexpr map() noexcept = default;
  constexpr map(const rtseq::lockdep::name& called, const char* what, const type_info* of_type) noexcept
      : where{called.where}, kind{what}, type{of_type}, name{called.text} {}
};

// For a lock inside a lock: the outer one reports.
struct silent_t {};

template <class Lock>
constexpr Lock make_inner_lock() {
  if constexpr (std::is_constructible_v<Lock, silent_t>) {
    return Lock(silent_t{});
  } else {
    return Lock();
  }
}

template <class Lock>
concept has_map = requires(const Lock& lock) {
  lock.lockdep_map();
};

// May a signal handler take it? Users' locks say so with a member of that name.
template <class Lock>
constexpr bool signal_safe = [] {
  if constexpr (requires { Lock::async_signal_safe; }) return Lock::async_signal_safe;
  return false;
}();

template <class Context>
constexpr irq irq_of() {
  if constexpr (requires { Context::lockdep_irq; }) return Context::lockdep_irq;
  return irq::none;
}

// A lock or count of a context; Traits: lock_traits of the lock.
template <class Context, class Lock, class Traits, bool Count>
inline constexpr type_info type_in{Count,
                                   Traits::sleeps,
                                   signal_safe<Lock>,
                                   Traits::boosts_owner,
                                   Traits::excludes,
                                   irq_of<Context>(),
                                   Context::irqsave_masks,
                                   &Context::in_interrupt,
                                   &Context::interrupts_enabled};

// A lock or count that knows no context.
template <bool Count, bool Sleeps, bool Boosts, bool SignalSafe>
inline constexpr type_info bare_type{Count,     Sleeps, SignalSafe, Boosts, true,
                                     irq::none, false,  nullptr,    nullptr};

// In the linker's words, of a program without rtseq::runtime: undefined reference to
// …::needs_rtseq_runtime::acquire(…).
inline namespace needs_rtseq_runtime {

// ---- What happens. Each may be called in any context. The order is: say it, then do it, but for tries.

void acquire(const map& lock) noexcept;   // about to wait for it
void acquired(const map& lock) noexcept;  // a try that succeeded
void release(const map& lock) noexcept;
bool holds(const map& lock) noexcept;  // does this thread, alone?

// The same as acquire() for a lock that cannot tell its owner; and beside other owners, as a waiter for whom it counts
// alike: who shares a lock waits behind one who waits to have it alone.
void acquire_once(const map& lock) noexcept;
void acquire_shared(const map& lock) noexcept;
void acquired_shared(const map& lock) noexcept;

void write_begin(map& count) noexcept;
void write_end(map& count) noexcept;
void latch_begin(map& latch) noexcept;
void latch_end(map& latch) noexcept;

// A reader would wait for an even count; by `lock`, if that boosts (and has a map).
void waits_for_even(const map& count, const map* lock) noexcept;
void read_begin(const map& count) noexcept;
void read_end(const map& count) noexcept;

void write_without_lock(const map& count) noexcept;

void irq_saved(irq kind) noexcept;
void irq_restored(irq kind) noexcept;
void signals_blocked(const sigset_t& before, const sigset_t& more) noexcept;  // by the save just said
void handler_entered(irq kind, int signo) noexcept;                           // 0: whichever
void handler_left(irq kind) noexcept;

void deferral_begins() noexcept;
void deferral_unbalanced(const char* how) noexcept;
void printing() noexcept;
void sleeping(const char* what) noexcept;

void forget_this_thread() noexcept;  // what it holds

}  // namespace needs_rtseq_runtime

template <class Lock>
const map* map_of(const Lock& lock) noexcept {
  if constexpr (has_map<Lock>) {
    return &lock.lockdep_map();
  } else {
    return nullptr;
  }
}

template <class Count>
void expect_writers_lock(const Count& count) noexcept {
  count.lockdep_expect_writers_lock();
}

// The place of the call from which the present hook comes; null: the hook's own.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local const location* current_site = nullptr;

// Makes `where`, which outlives it, the site of what follows, unless a caller's is; forgotten at the end.
class site_scope {
 public:
  explicit site_scope(const location& where) noexcept : outer_{current_site} {
    current_site = outer_ != nullptr ? outer_ : &where;
  }
  ~site_scope() { current_site = outer_; }
  site_scope(const site_scope&) = delete;
  site_scope& operator=(const site_scope&) = delete;

 private:
  const location* outer_;
};

// Around a call of the user's: what it does has sites of its own.
class callback_scope {
 public:
  callback_scope() noexcept : outer_{current_site} { current_site = nullptr; }
  ~callback_scope() { current_site = outer_; }
  callback_scope(const callback_scope&) = delete;
  callback_scope& operator=(const callback_scope&) = delete;

 private:
  const location* outer_;
};

inline namespace needs_rtseq_runtime {

// A read section that is left before the end of this, by an exception, was not validated.
class read_scope {
 public:
  read_scope() noexcept;
  ~read_scope();
  read_scope(const read_scope&) = delete;
  read_scope& operator=(const read_scope&) = delete;

 private:
  unsigned depth_;
};

// What is held, open and masked at its end is what was so at its beginning: around what breaks rules on purpose.
class held_scope {
 public:
  held_scope() noexcept;
  ~held_scope();
  held_scope(const held_scope&) = delete;
  held_scope& operator=(const held_scope&) = delete;

 private:
  unsigned held_;
  unsigned reads_;
  unsigned saves_[irq_kinds];
};

// What follows is the library's own doing: it was reported as a whole. What it holds is held all the same.
class quiet_scope {
 public:
  quiet_scope() noexcept;
  ~quiet_scope();
  quiet_scope(const quiet_scope&) = delete;
  quiet_scope& operator=(const quiet_scope&) = delete;
};

}  // namespace needs_rtseq_runtime
}  // namespace rtseq::detail::lockdep

#define RTSEQ_LOCKDEP_AT ::rtseq::lockdep::location lockdep_where = ::rtseq::lockdep::location::current()
#define RTSEQ_LOCKDEP_AND_AT , RTSEQ_LOCKDEP_AT
#define RTSEQ_LOCKDEP_NAME \
  ::rtseq::lockdep::name lockdep_name = ::rtseq::lockdep::name(nullptr, ::rtseq::lockdep::location::current())
#define RTSEQ_LOCKDEP_HERE \
  const ::rtseq::detail::lockdep::site_scope lockdep_site { lockdep_where }
#define RTSEQ_LOCKDEP_VIA(expression)     \
  [&]() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { \
    RTSEQ_LOCKDEP_HERE;                   \
    return expression;                    \
  }()
#define RTSEQ_LOCKDEP_PASS lockdep_where
#define RTSEQ_LOCKDEP_VALIDATES const ::rtseq::detail::lockdep::read_scope lockdep_read
#define RTSEQ_LOCKDEP_QUIET const ::rtseq::detail::lockdep::quiet_scope lockdep_quiet
#define RTSEQ_LOCKDEP_CALLBACK const ::rtseq::detail::lockdep::callback_scope lockdep_callback
#define RTSEQ_LOCKDEP_HOOK(call) ::rtseq::detail::lockdep::call

#endif
#endif
