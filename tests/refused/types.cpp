// Types that the library refuses, and why.
// A refused value has no size either.
// and what comes of it: 'aligned' attribute requires integer constant
#include <rtseq/latched.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <array>
#include <string>
#include <string_view>

// ---- Values: copied as bytes, and without pointers, which a reader would follow after the writer has freed.

struct list {
  int length;
  int* first;
};
struct table {
  int size;
  struct {
    long hits;
    std::array<const char*, 2> names;
  } entries[2];
};
struct derived : list {};
using callback = void (*)();
rtseq::seqlocked<int*> pointer;         // expect anywhere: a protected T must not hold pointers
rtseq::seqlocked<list> pointing;        // expect anywhere: a protected T must not hold pointers
rtseq::seqlocked<table> deep;           // expect anywhere: a protected T must not hold pointers
rtseq::seqlocked<derived> inherited;    // expect anywhere: a protected T must not hold pointers
rtseq::seqlocked<callback> function;    // expect anywhere: a protected T must not hold pointers
rtseq::latched<std::string_view> view;  // expect anywhere: a protected T must not hold pointers
rtseq::latched<std::string> owning;     // expect anywhere: a protected T must be trivially copyable
rtseq::seqlocked<const int> constant;   // expect anywhere: a protected T must not be const or volatile

rtseq::latched<int, rtseq::task_context, rtseq::pi_mutex, 3>
    crooked;  // expect anywhere: Alignment must be a power of two

struct stable {
  const char* text;  // of a literal
};
template <>
inline constexpr bool rtseq::pointers_are_stable<stable> = true;
rtseq::seqlocked<stable> allowed;

// ---- Locks and contexts: what is missing is named.

struct no_context {};
using no = rtseq::seqlock<no_context, int>;  // expect: constraints not satisfied
// expect note: 'no_context' does not satisfy 'context_has_flags_type'

struct forgets_to_restore : rtseq::task_context {
  static void restore(flags_type);  // may throw
};
using throwing = rtseq::seqlock<forgets_to_restore>;  // expect: constraints not satisfied
// expect note: 'forgets_to_restore' does not satisfy 'context_can_restore'

struct no_lock {};
rtseq::seqlock<rtseq::task_context, no_lock>
    unlockable;  // expect anywhere: Lock needs lock\(\), try_lock\(\) and unlock\(\)
rtseq::lockdep::checked<no_lock> unlockable_too;      // expect: constraints not satisfied
rtseq::lockdep::checked<std::recursive_mutex> again;  // expect anywhere: lockdep knows no recursive locks

// ---- Tokens and copies

rtseq::read_token token;  // expect: no matching constructor for initialization of 'rtseq::read_token'
void copies(rtseq::seqlock<>& lock, rtseq::seqlocked<int>& value, rtseq::latched<int>& two,
            rtseq::pi_mutex& mutex) {
  rtseq::seqlock<> another{lock};       // expect: call to deleted constructor of 'rtseq::seqlock<>'
  rtseq::seqlocked<int> copied{value};  // expect: call to deleted constructor of 'rtseq::seqlocked<int>'
  rtseq::latched<int> twice{two};       // expect: call to deleted constructor of 'rtseq::latched<int>'
  rtseq::pi_mutex moved{mutex};         // expect: call to deleted constructor of 'rtseq::pi_mutex'
}
void a_token_is_no_number(rtseq::seqlock<>& lock) {
  (void)lock.read_retry(42);  // expect: no viable conversion from 'int' to 'rtseq::read_token'
}
