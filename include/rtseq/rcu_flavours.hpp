// The flavours of RCU that liburcu offers, as types: what each asks of a program, and what it allows.
//
// | flavour  | a thread that reads                        | read lock and unlock            | handlers |
// | rcu_bp   | does nothing: its first read registers it  | two calls and a branch          | read     |
// | rcu_memb | registers (rcu_thread)                     | two calls                       | read     |
// | rcu_mb   | registers                                  | two calls and two full barriers | read     |
// | rcu_qsbr | registers, and says often that it holds no | nothing                         | may not  |
// |          | reference (rcu_quiescent_state)            |                                 |          |
//
// From liburcu's own documentation, for all of them:
// - Signals. A handler may only read: retiring allocates and takes locks, synchronizing waits. Under rcu_memb
//   and rcu_mb not on an alternate stack (sigaltstack), and block its signal until the thread is registered.
//   rcu_bp needs neither, but a thread's first read enters the kernel: make an rcu_thread<rcu_bp> first.
//   Deleters run in a thread of liburcu's that has the signal mask of the first thread to retire anything.
// - Fork without exec. rcu_bp: call urcu_bp_before_fork() and its two partners around it. The others: end all
//   registrations before. Whoever has retired anything: also urcu_<flavour>_call_rcu_before_fork() and partners.
// - Mutexes. Do not synchronize with one held that readers also take; under rcu_qsbr a registered thread that is
//   not offline counts as a reader all the time.
//
// Licence. liburcu (LGPL-2.1) offers inline read locks to programs of a compatible licence that define
// _LGPL_SOURCE. rtseq does not define it, so what it costs is a call, and users of any licence may link; a
// program that defines it before it includes this header gets the inline ones.
#ifndef RTSEQ_RCU_FLAVOURS_HPP
#define RTSEQ_RCU_FLAVOURS_HPP

#include <urcu/urcu-bp.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-memb.h>
#include <urcu/urcu-qsbr.h>

#if defined(rcu_barrier) || defined(rcu_reader)
#error \
    "liburcu's unprefixed names (urcu.h, URCU_API_MAP) are macros that rename rtseq's: include <urcu/urcu-*.h>"
#endif

// liburcu's headers declare these for the flavour that is included first, and for no other.
extern "C" {
void urcu_bp_barrier(void);
void urcu_bp_call_rcu(rcu_head*, void (*)(rcu_head*));
void urcu_memb_barrier(void);
void urcu_memb_call_rcu(rcu_head*, void (*)(rcu_head*));
void urcu_mb_barrier(void);
void urcu_mb_call_rcu(rcu_head*, void (*)(rcu_head*));
void urcu_qsbr_barrier(void);
void urcu_qsbr_call_rcu(rcu_head*, void (*)(rcu_head*));
}

namespace rtseq {

// What the members promise is said once, at rcu_domain and the functions beside it.

// "Bulletproof": threads register themselves. The default, since P2545 knows no registration.
struct rcu_bp {
  static constexpr bool needs_registration = false;
  static constexpr bool needs_quiescent_states = false;
  static constexpr bool handler_may_read = true;

  static void read_lock() noexcept { urcu_bp_read_lock(); }
  static void read_unlock() noexcept { urcu_bp_read_unlock(); }
  static bool read_ongoing() noexcept { return urcu_bp_read_ongoing() != 0; }
  static void register_thread() noexcept { urcu_bp_register_thread(); }
  static void unregister_thread() noexcept { urcu_bp_unregister_thread(); }
  static void quiescent_state() noexcept { urcu_bp_quiescent_state(); }
  static void thread_offline() noexcept { urcu_bp_thread_offline(); }
  static void thread_online() noexcept { urcu_bp_thread_online(); }
  static void synchronize() noexcept { urcu_bp_synchronize_rcu(); }
  static void barrier() noexcept { urcu_bp_barrier(); }
  static void call(rcu_head* head, void (*function)(rcu_head*)) noexcept { urcu_bp_call_rcu(head, function); }
};

// The writer's side fences every reader with membarrier(2). liburcu's own first choice.
struct rcu_memb {
  static constexpr bool needs_registration = true;
  static constexpr bool needs_quiescent_states = false;
  static constexpr bool handler_may_read = true;

  static void read_lock() noexcept { urcu_memb_read_lock(); }
  static void read_unlock() noexcept { urcu_memb_read_unlock(); }
  static bool read_ongoing() noexcept { return urcu_memb_read_ongoing() != 0; }
  static void register_thread() noexcept { urcu_memb_register_thread(); }
  static void unregister_thread() noexcept { urcu_memb_unregister_thread(); }
  static void quiescent_state() noexcept { urcu_memb_quiescent_state(); }
  static void thread_offline() noexcept { urcu_memb_thread_offline(); }
  static void thread_online() noexcept { urcu_memb_thread_online(); }
  static void synchronize() noexcept { urcu_memb_synchronize_rcu(); }
  static void barrier() noexcept { urcu_memb_barrier(); }
  static void call(rcu_head* head, void (*function)(rcu_head*)) noexcept {
    urcu_memb_call_rcu(head, function);
  }
};

// Readers fence themselves: for kernels without membarrier(2), and for the shortest grace periods.
struct rcu_mb {
  static constexpr bool needs_registration = true;
  static constexpr bool needs_quiescent_states = false;
  static constexpr bool handler_may_read = true;

  static void read_lock() noexcept { urcu_mb_read_lock(); }
  static void read_unlock() noexcept { urcu_mb_read_unlock(); }
  static bool read_ongoing() noexcept { return urcu_mb_read_ongoing() != 0; }
  static void register_thread() noexcept { urcu_mb_register_thread(); }
  static void unregister_thread() noexcept { urcu_mb_unregister_thread(); }
  static void quiescent_state() noexcept { urcu_mb_quiescent_state(); }
  static void thread_offline() noexcept { urcu_mb_thread_offline(); }
  static void thread_online() noexcept { urcu_mb_thread_online(); }
  static void synchronize() noexcept { urcu_mb_synchronize_rcu(); }
  static void barrier() noexcept { urcu_mb_barrier(); }
  static void call(rcu_head* head, void (*function)(rcu_head*)) noexcept { urcu_mb_call_rcu(head, function); }
};

// Quiescent-state based: reading costs nothing, and every registered thread must take part. A thread that stops
// to say rcu_quiescent_state() without being offline holds every grace period up.
struct rcu_qsbr {
  static constexpr bool needs_registration = true;
  static constexpr bool needs_quiescent_states = true;
  static constexpr bool handler_may_read = false;  // it would have to be held off at every quiescent state

  static void read_lock() noexcept { urcu_qsbr_read_lock(); }
  static void read_unlock() noexcept { urcu_qsbr_read_unlock(); }
  static bool read_ongoing() noexcept { return urcu_qsbr_read_ongoing() != 0; }
  static void register_thread() noexcept { urcu_qsbr_register_thread(); }
  static void unregister_thread() noexcept { urcu_qsbr_unregister_thread(); }
  static void quiescent_state() noexcept { urcu_qsbr_quiescent_state(); }
  static void thread_offline() noexcept { urcu_qsbr_thread_offline(); }
  static void thread_online() noexcept { urcu_qsbr_thread_online(); }
  static void synchronize() noexcept { urcu_qsbr_synchronize_rcu(); }
  static void barrier() noexcept { urcu_qsbr_barrier(); }
  static void call(rcu_head* head, void (*function)(rcu_head*)) noexcept {
    urcu_qsbr_call_rcu(head, function);
  }
};

}  // namespace rtseq

#endif
