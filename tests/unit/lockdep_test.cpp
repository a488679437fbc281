// Each rule of lockdep: a program that breaks it, and one that does nearly the same and does not.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <list>
#include <mutex>
#include <optional>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/pthread_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/lockdep_gtest.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>
#include <shared_mutex>
#include <string>
#include <thread>
#if defined(RTSEQ_TEST_ABSL)
#include <rtseq/lock/absl_mutex.hpp>
#endif

#include "support.hpp"

namespace {

using namespace rtseq;
using lockdep::checked;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <class F>
void on_another_thread(F work) {
  std::thread(work).join();
}
void nothing() {}

// Deliberate misuse, of which Clang would warn, goes through these.
template <class Lock>
void lock(Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (writer_lock<Lock>) {
    lock_traits<Lock>::lock(l);
  } else {
    l.write_lock();
  }
}
template <class Lock>
void unlock(Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (writer_lock<Lock>) {
    lock_traits<Lock>::unlock(l);
  } else {
    l.write_unlock();
  }
}
template <class Lock>
void try_once(Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  if (l.try_lock()) l.unlock();
}
template <class Lock>
void lock_shared(Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  l.lock_shared();
}
template <class Lock>
bool lock_in_time(Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  return l.try_lock_for(std::chrono::seconds{1});
}
template <class Lock>
bool lock_until(Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  return l.try_lock_until(std::chrono::steady_clock::now() + std::chrono::seconds{1});
}
template <class Lock>
void read(const Lock& l) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  l.read([] {});
}
template <class Outer, class Inner>
void nest(Outer& outer, Inner& inner) {
  lock(outer);
  lock(inner);
  unlock(inner);
  unlock(outer);
}

// ---- lock_order

TEST(lock_order, two_locks_in_both_orders) {
  pi_mutex a;
  spinlock b;
  EXPECT_LOCKDEP(lock_order, nest(a, b); nest(b, a));
  EXPECT_NO_LOCKDEP(nest(a, b); nest(a, b));
}

TEST(lock_order, a_cycle_of_any_length) {
  pi_mutex a;
  pi_mutex b;
  pi_mutex c;
  pi_mutex d;
  EXPECT_LOCKDEP(lock_order, nest(a, b); nest(b, c); nest(c, d); nest(d, a));
  EXPECT_NO_LOCKDEP(nest(a, b); nest(b, c); nest(c, d); nest(a, d));
}

TEST(lock_order, waits_for_even_while_holding_and_takes_while_odd) {  // S3
  pi_mutex console;
  seqlock<> shared;
  const auto prints_while_odd = [&] {
    const write_guard section{shared};
    lock(console);
    unlock(console);
  };
  const auto reads_under_lock = [&] {
    lock(console);
    shared.read(nothing);
    unlock(console);
  };
  EXPECT_LOCKDEP(lock_order, prints_while_odd(); reads_under_lock());
  EXPECT_LOCKDEP(lock_order, on_another_thread(reads_under_lock); on_another_thread(prints_while_odd));
  EXPECT_NO_LOCKDEP(reads_under_lock(); nest(console, shared));
}

TEST(lock_order, values_and_counts_that_know_their_lock_wait_too) {
  pi_mutex console;
  seqlocked<int> value;
  EXPECT_LOCKDEP(lock_order, lock(console); (void)value.load(); unlock(console); value.update([&](int&) {
    lock(console);
    unlock(console);
  }));
  pi_mutex mutex;
  seqcount counted{mutex};
  const auto takes_while_odd = [&] {
    lock(mutex);
    counted.write_begin();
    lock(console);
    unlock(console);
    counted.write_end();
    unlock(mutex);
  };
  EXPECT_LOCKDEP(
      lock_order, takes_while_odd(); lock(console);
      while (counted.read_retry(counted.read_begin())) {} unlock(console));
}

TEST(lock_order, who_only_tries_waits_for_nobody) {
  pi_mutex a;
  pi_mutex b;
  EXPECT_NO_LOCKDEP(nest(a, b); lock(b); try_once(a); unlock(b));
  seqlock<> shared;
  EXPECT_NO_LOCKDEP({
    const write_guard section{shared};
    lock(a);
    unlock(a);
  } lock(a);
                    (void)shared.try_read(nothing); unlock(a));
}

TEST(lock_order, objects_of_one_class_have_one_order_too) {
  pi_mutex all[2];  // one place of definition
  EXPECT_LOCKDEP(lock_order, nest(all[0], all[1]); nest(all[1], all[0]));
  EXPECT_NO_LOCKDEP(nest(all[0], all[1]); nest(all[0], all[1]));
}

TEST(lock_order, the_lock_of_one_object_and_the_count_of_another_have_the_objects_order) {
  seqlock<> zones[2];
  const auto reads_under_write = [](seqlock<>& written, const seqlock<>& read_there) {
    const write_guard section{written};
    read(read_there);
  };
  EXPECT_NO_LOCKDEP(reads_under_write(zones[0], zones[1]); nest(zones[0], zones[1]));
  EXPECT_LOCKDEP(lock_order, reads_under_write(zones[0], zones[1]); reads_under_write(zones[1], zones[0]));
}

TEST(lock_order, who_holds_the_writers_lock_does_not_wait_for_even) {
  pi_mutex mutex;
  seqcount one{mutex};
  seqcount other{mutex};
  const auto reads_in_the_section_of = [&](auto& written, auto& read_there) {
    lock(mutex);
    written.write_begin();
    while (read_there.read_retry(read_there.read_begin())) {}
    written.write_end();
    unlock(mutex);
  };
  EXPECT_NO_LOCKDEP(reads_in_the_section_of(one, other); reads_in_the_section_of(other, one));
}

TEST(lock_order, a_named_class_is_one_wherever_its_objects_are) {
  pi_mutex a;
  pi_mutex b;
  pi_mutex other;
  lockdep::set_class(a, "accounts");
  lockdep::set_class(b, "accounts");
  EXPECT_LOCKDEP(lock_order, nest(a, other); nest(other, b));
}

TEST(lock_order, members_and_elements_have_the_class_of_their_name) {
  struct zone {
    pi_mutex lock{lockdep::name{"zone lock"}};
    pi_mutex lru{lockdep::name{"zone lru"}};
    seqlocked<int> pages{7, lockdep::name{"zone pages"}};
  };
  zone first;
  zone second;
  EXPECT_LOCKDEP(lock_order, nest(first.lock, first.lru); nest(second.lru, second.lock));
  EXPECT_NO_LOCKDEP(nest(first.lock, first.lru); nest(second.lock, second.lru));
  std::list<spinlock> queues;
  queues.emplace_back(lockdep::name{"queue"});
  queues.emplace_back(lockdep::name{"other queue"});
  EXPECT_NO_LOCKDEP(nest(queues.front(), queues.back()); nest(first.lock, first.lru));
}

TEST(lock_order, one_name_is_one_class_whatever_has_it) {
  pi_mutex mutex{lockdep::name{"device"}};
  spinlock spinning{lockdep::name{"device"}};
  seqlock<> shared[2]{lockdep::name{"device"}, lockdep::name{"device"}};
  pi_mutex other;
  EXPECT_LOCKDEP(lock_order, nest(mutex, other); nest(other, spinning));
  EXPECT_LOCKDEP(lock_order, nest(shared[0], other); nest(other, mutex));
  // The lock of one and the count of another: the objects' order, as where they have a place in common.
  EXPECT_NO_LOCKDEP(nest(shared[0], shared[1]); const write_guard section{shared[0]}; read(shared[1]));
}

TEST(names, every_type_takes_one_and_is_still_a_constant) {
  static constinit seqlock<signal_context> lock{lockdep::name{"a"}};
  static constinit seqlocked<int> value{lockdep::name{"b"}};
  static constinit seqlocked<int> initial{3, lockdep::name{"c"}};
  static constinit latched<int> two_copies{lockdep::name{"d"}};
  static constinit latched<int> two_initial{3, lockdep::name{"e"}};
  static constinit pi_mutex mutex{lockdep::name{"f"}};
  static constinit spinlock spinning{lockdep::name{"g"}};
  static constinit checked<spinlock> adapted{lockdep::name{"h"}};
  static constinit seqcount bare{lockdep::name{"i"}};
  static constinit seqcount counted{mutex, lockdep::name{"j"}};
  static constinit seqcount_latch latch{lockdep::name{"k"}};
  EXPECT_STREQ(lock.lockdep_map().name, "a");
  EXPECT_STREQ(lock.lockdep_count_map().name, "a");
  EXPECT_STREQ(value.lockdep_map().name, "b");
  EXPECT_STREQ(initial.lockdep_count_map().name, "c");
  EXPECT_STREQ(two_copies.lockdep_map().name, "d");
  EXPECT_STREQ(two_initial.lockdep_latch_map().name, "e");
  EXPECT_STREQ(mutex.lockdep_map().name, "f");
  EXPECT_STREQ(spinning.lockdep_map().name, "g");
  EXPECT_STREQ(adapted.lockdep_map().name, "h");
  EXPECT_STREQ(bare.lockdep_count_map().name, "i");
  EXPECT_STREQ(counted.lockdep_count_map().name, "j");
  EXPECT_STREQ(latch.lockdep_map().name, "k");
  EXPECT_EQ(initial.load() + two_initial.load(), 6);
}

// ---- interrupt_unsafe

template <class Context, class InHandler>
void as_signal_handler(InHandler work) {
  const signal_handler_scope in_handler;
  work();
}

TEST(interrupt_unsafe, read_in_a_handler_and_written_with_signals_enabled_in_either_order) {  // S2, S17
  seqlock<signal_context> shared;
  const auto write = [&] { const write_guard wrong_suffix{shared}; };
  const auto handle = [&] {
    const signal_handler_scope in_handler;
    shared.read(nothing);
  };
  EXPECT_LOCKDEP(interrupt_unsafe, write(); handle());
  EXPECT_LOCKDEP(interrupt_unsafe, handle(); write());
  EXPECT_LOCKDEP(interrupt_unsafe, on_another_thread(write); on_another_thread(handle));
  EXPECT_NO_LOCKDEP(handle(); const write_irqsave_guard section{shared});
}

TEST(interrupt_unsafe, signals_blocked_by_other_means_are_blocked) {
  seqlock<signal_context> shared;
  EXPECT_NO_LOCKDEP({
    const signal_handler_scope in_handler;
    shared.read(nothing);
  } {
    const irqsave_guard<signal_context> two_steps;
    const write_guard section{shared};
  });
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &all_signals::set(), &before);
  EXPECT_NO_LOCKDEP({
    const signal_handler_scope in_handler;
    shared.read(nothing);
  } const write_guard section{shared});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Calls `work` in a handler of `signo`, which then is the only one blocked.
void in_handler_of(int signo, void (*work)()) {
  static void (*in_handler)();
  in_handler = work;
  const auto before = ::signal(signo, [](int number) {
    const signal_handler_scope scope{number};
    in_handler();
  });
  ::raise(signo);
  ::signal(signo, before);
}

class blocked {
 public:
  explicit blocked(int signo) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signo);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  blocked(const blocked&) = delete;
  blocked& operator=(const blocked&) = delete;

 private:
  sigset_t before_;
};

TEST(interrupt_unsafe, what_counts_is_the_handlers_own_signal) {
  static seqlock<> shared;
  const auto write = [] { const write_guard section{shared}; };
  const auto read_in_handler = [] { in_handler_of(SIGUSR1, [] { read(shared); }); };
  {
    const blocked unrelated{SIGWINCH};
    EXPECT_LOCKDEP(interrupt_unsafe, write(); read_in_handler());
    EXPECT_LOCKDEP(interrupt_unsafe, read_in_handler(); write());
  }
  EXPECT_NO_LOCKDEP({
    const blocked its_own{SIGUSR1};
    write();
  } read_in_handler());
  // Who says nothing is of whichever signal: only where none is blocked is it known that his is not.
  EXPECT_NO_LOCKDEP({
    const blocked perhaps_its_own{SIGUSR1};
    write();
  } const signal_handler_scope of_whichever;
                    read(shared));
}

TEST(interrupt_unsafe, a_handler_on_top_of_a_handler) {
  static spinlock lock_of_both;
  const auto take = [] {
    lock(lock_of_both);
    unlock(lock_of_both);
  };
  EXPECT_LOCKDEP(interrupt_unsafe, in_handler_of(SIGUSR1, take); in_handler_of(SIGUSR2, take));
  EXPECT_NO_LOCKDEP(in_handler_of(SIGUSR1, take); in_handler_of(SIGUSR1, take));
}

TEST(interrupt_unsafe, a_context_that_masks_some_signals) {
  static seqlock<basic_signal_context<signals<SIGUSR1>>> shared;
  const auto write = [] { const write_irqsave_guard section{shared}; };
  EXPECT_LOCKDEP(interrupt_unsafe, write(); in_handler_of(SIGUSR2, [] { read(shared); }));
  EXPECT_NO_LOCKDEP(write(); in_handler_of(SIGUSR1, [] { read(shared); }));
}

TEST(interrupt_unsafe, a_handler_on_top_of_a_section_that_lets_it_in) {
  using context = basic_signal_context<signals<SIGUSR1>>;
  static seqlock<context> shared;
  static spinlock of_handlers;
  EXPECT_NO_LOCKDEP({
    const write_irqsave_guard section{shared};
    in_handler_of(SIGUSR2, [] {
      lock(of_handlers);
      unlock(of_handlers);
      const irqsave_guard<context> off;
      lock(of_handlers);
      unlock(of_handlers);
    });
  });
}

TEST(interrupt_unsafe, handlers_that_are_not_deferred_are_not_held_off_by_deferral) {
  static seqlock<deferred_signal_context> shared;
  EXPECT_LOCKDEP(interrupt_unsafe,
                 { const write_irqsave_guard section{shared}; } in_handler_of(SIGUSR1, [] { read(shared); }));
}

TEST(interrupt_unsafe, says_which_signal) {
  static seqlock<> shared;
  const lockdep::expecting_findings findings;
  lockdep::reset();
  const blocked unrelated{SIGWINCH};
  { const write_guard section{shared}; }
  in_handler_of(SIGUSR1, [] { read(shared); });
  ASSERT_EQ(findings.count(), 1u);
  EXPECT_THAT(findings.at(0).text, AllOf(HasSubstr("read in a handler of SIGUSR1: thread"),
                                         HasSubstr("written with SIGUSR1 enabled: thread")));
}

TEST(interrupt_unsafe, deferred_signals) {
  using context = deferred_signal_context;
  static seqlock<context> shared;
  ASSERT_EQ(context::register_handler(SIGUSR2, [](int, siginfo_t*, void*) { shared.read(nothing); }), 0);
  EXPECT_LOCKDEP(interrupt_unsafe, { const write_guard wrong_suffix{shared}; } raise(SIGUSR2));
  EXPECT_NO_LOCKDEP({ const write_irqsave_guard section{shared}; } raise(SIGUSR2));
  EXPECT_EQ(context::unregister_handler(SIGUSR2), 0);
  // One that says so itself is deferred all the same.
  ASSERT_EQ(context::register_handler(SIGUSR2,
                                      [](int signo, siginfo_t*, void*) {
                                        const signal_handler_scope scope{signo};
                                        shared.read(nothing);
                                      }),
            0);
  EXPECT_NO_LOCKDEP({ const write_irqsave_guard section{shared}; } raise(SIGUSR2));
  EXPECT_EQ(context::unregister_handler(SIGUSR2), 0);
}

TEST(interrupt_unsafe, virtual_cpus) {
  virtual_cpu cpu;
  seqlock<virtual_cpu_context> shared;
  const auto interrupt = [&] { on_another_thread([&] { cpu.interrupt([&] { shared.read(nothing); }); }); };
  EXPECT_LOCKDEP(interrupt_unsafe, interrupt(); const virtual_cpu::task_scope task(cpu);
                 const write_guard wrong_suffix{shared});
  EXPECT_NO_LOCKDEP(interrupt(); const virtual_cpu::task_scope task(cpu);
                    const write_irqsave_guard section{shared});
}

TEST(interrupt_unsafe, locks_and_data_that_know_no_context) {
  spinlock bare;
  seqlock<> tasks_only;
  EXPECT_LOCKDEP(interrupt_unsafe, lock(bare); unlock(bare); const signal_handler_scope in_handler;
                 lock(bare); unlock(bare));
  EXPECT_LOCKDEP(interrupt_unsafe,
                 { const write_guard section{tasks_only}; } const signal_handler_scope in_handler;
                 tasks_only.read(nothing));
  EXPECT_NO_LOCKDEP({ const write_guard section{tasks_only}; } const signal_handler_scope in_handler;
                    (void)tasks_only.try_read(nothing));
}

TEST(interrupt_unsafe, a_latch_is_safe_everywhere) {
  latched<int> value;
  EXPECT_NO_LOCKDEP(value.store(1); const signal_handler_scope in_handler; (void)value.load();
                    (void)value.try_store(2));
}

// ---- sleep_in_atomic

TEST(sleep_in_atomic, the_two_step_order_where_the_lock_sleeps) {  // S5
  const tests::violation_collector also_reported;
  seqlock<threaded_context> shared;
  EXPECT_LOCKDEP(sleep_in_atomic, const irqsave_guard<threaded_context> first;
                 const write_guard second{shared});
  EXPECT_NO_LOCKDEP(const write_irqsave_guard one_step{shared});
}

TEST(sleep_in_atomic, any_lock_that_sleeps_wherever_nothing_may) {
  pi_mutex sleeping;
  spinlock spinning;
  checked<std::mutex> plain;
  EXPECT_LOCKDEP(sleep_in_atomic, const irqsave_guard<virtual_cpu_context> off; lock(sleeping);
                 unlock(sleeping));
  EXPECT_LOCKDEP(sleep_in_atomic, const irqsave_guard<threaded_context> off; lock(plain); unlock(plain));
  EXPECT_LOCKDEP(sleep_in_atomic, const signal_handler_scope in_handler; lock(plain); unlock(plain));
  EXPECT_NO_LOCKDEP(const irqsave_guard<threaded_context> off; lock(spinning); unlock(spinning));
  EXPECT_NO_LOCKDEP(const irqsave_guard<signal_context> only_delays_handlers; lock(plain); unlock(plain));
  EXPECT_NO_LOCKDEP(const signal_handler_scope in_handler; lock(sleeping); unlock(sleeping));
}

TEST(sleep_in_atomic, what_the_user_says_may_sleep) {
  EXPECT_LOCKDEP(sleep_in_atomic, const irqsave_guard<threaded_context> off;
                 lockdep::might_sleep("reading a file"));
  EXPECT_NO_LOCKDEP(lockdep::might_sleep("reading a file"));
}

// ---- sleep_in_spinning_section

TEST(sleep_in_spinning_section, a_lock_that_sleeps_under_one_that_spins) {  // S18
  seqlock<task_context, spinlock> spinning;
  seqlock<> sleeping;
  pi_mutex mutex;
  EXPECT_LOCKDEP(sleep_in_spinning_section, const write_guard section{spinning}; lock(mutex); unlock(mutex));
  EXPECT_LOCKDEP(sleep_in_spinning_section, const write_guard section{spinning};
                 lockdep::might_sleep("a nap"));
  EXPECT_NO_LOCKDEP(const write_guard section{sleeping}; lock(mutex); unlock(mutex));
  EXPECT_NO_LOCKDEP(const read_excl_guard readers_do_not_wait{spinning}; lock(mutex); unlock(mutex));
}

// ---- recursive_lock, recursive_write, self_read: what follows waits for ever, so they end a child.

// What `handler` writes of the findings of a child that does `misuse`; then, if it came to its end, "end".
int to_parent;
template <class Misuse>
std::string said_by_child(lockdep::handler handler, Misuse misuse) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    to_parent = ends[1];
    ::alarm(60);
    lockdep::set_handler(handler);
    misuse();
    ::_exit(::write(to_parent, "end", 3) == 3 ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

// The first finding's text, which is the child's last.
template <class Misuse>
std::string report_of(Misuse misuse) {
  return said_by_child(
      [](const lockdep::finding& f) noexcept {
        const std::string_view text = f.text;
        ::_exit(::write(to_parent, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
      },
      misuse);
}

TEST(recursive_lock, a_lock_is_taken_by_its_owner) {
  pi_mutex mutex;
  checked<std::mutex> plain;
  EXPECT_THAT(report_of([&] { nest(mutex, mutex); }), HasSubstr("rtseq lockdep: recursive_lock\n"));
  EXPECT_THAT(report_of([&] { nest(plain, plain); }), HasSubstr("rtseq lockdep: recursive_lock\n"));
  EXPECT_NO_LOCKDEP(lock(mutex); (void)mutex.try_lock(); unlock(mutex));
}

TEST(recursive_write, a_write_section_inside_a_write_section) {  // S7
  seqlock<> shared;
  seqcount<> bare;
  EXPECT_THAT(report_of([&] { nest(shared, shared); }), HasSubstr("rtseq lockdep: recursive_write\n"));
  EXPECT_THAT(report_of([] {
                seqlocked<int> value;
                value.update([&](int&) { value.store(1); });
              }),
              HasSubstr("rtseq lockdep: recursive_write\n"));
  EXPECT_LOCKDEP(recursive_write, bare.write_begin(); bare.write_begin(); bare.write_end());
  seqcount<> other;
  EXPECT_NO_LOCKDEP(other.write_begin(); other.write_end(); other.write_begin(); other.write_end());
}

TEST(self_read, a_reader_waits_for_its_own_threads_section) {  // S8
  seqlock<> shared;
  seqcount<> bare;
  const std::string text = report_of([&] {
    const write_guard section{shared};
    read(shared);
  });
  EXPECT_THAT(text, HasSubstr("rtseq lockdep: self_read\n"));
  EXPECT_THAT(report_of([&] {
                bare.write_begin();
                (void)bare.read_begin();
              }),
              HasSubstr("rtseq lockdep: self_read\n"));
  EXPECT_NO_LOCKDEP(const write_guard section{shared}; (void)shared.try_read(nothing));
  EXPECT_NO_LOCKDEP(const read_excl_guard not_odd{shared}; read(shared));
}

TEST(self_read, without_a_handler_that_ends_the_program_it_still_ends) {
  seqcount<> bare;
  bare.write_begin();
  EXPECT_DEATH((void)bare.read_begin(), "would wait for ever");
  bare.write_end();
}

// ---- write_without_lock, two_writers

TEST(write_without_lock, a_count_that_knows_its_lock) {  // S6
  pi_mutex mutex;
  checked<std::mutex> plain;
  seqcount counted{mutex};
  seqcount other{plain};
  EXPECT_LOCKDEP(write_without_lock, counted.write_begin(); counted.write_end());
  EXPECT_LOCKDEP(write_without_lock, counted.write_invalidate());
  EXPECT_LOCKDEP(write_without_lock, other.write_begin(); other.write_end());
  EXPECT_NO_LOCKDEP(lock(mutex); counted.write_begin(); counted.write_end(); unlock(mutex));
  EXPECT_NO_LOCKDEP(lock(plain); other.write_begin(); other.write_end(); unlock(plain));
}

TEST(two_writers, one_count_or_latch) {  // S6, S16
  {
    seqcount<> count;
    EXPECT_LOCKDEP(two_writers, count.write_begin(); on_another_thread([&] {
                     count.write_begin();
                     count.write_end();
                   });
                   count.write_end());
  }
  {
    seqcount_latch latch;
    EXPECT_LOCKDEP(two_writers, latch.write_latch_begin(); on_another_thread([&] {
                     latch.write_latch_begin();
                     latch.write_latch_end();
                   });
                   latch.write_latch_end());
  }
  seqcount<> count;
  seqcount_latch latch;
  const auto write = [&] {
    count.write_begin();
    count.write_end();
    latch.write_latch_begin();
    latch.write_latch_end();
  };
  EXPECT_NO_LOCKDEP(write(); on_another_thread(write));
}

// ---- Read sections

[[gnu::noinline]] bool left_early(const seqlock<>& shared) {
  (void)shared.read_begin();
  return true;  // "found it"
}

TEST(unvalidated_read, a_read_section_is_left) {  // S11
  seqlock<> shared;
  EXPECT_LOCKDEP(unvalidated_read, for (int i = 0; i < 2; ++i)(void) left_early(shared));
  EXPECT_LOCKDEP(unvalidated_read, for (int i = 0; i < 2; ++i)(void) shared.read_begin();
                 (void)shared.changed_since(*shared.try_read_begin()));
  EXPECT_LOCKDEP(unvalidated_read, on_another_thread([&] { (void)shared.read_begin(); }));
  EXPECT_LOCKDEP(
      unvalidated_read, try { shared.read([] { throw 1; }); } catch (int) {} shared.read(nothing));
  EXPECT_NO_LOCKDEP(for (int i = 0; i < 2; ++i)(void) shared.read_retry(shared.read_begin()));
  const auto nested = [&] {  // not on one line: macros leave no columns
    shared.read([&] { shared.read(nothing); });
  };
  EXPECT_NO_LOCKDEP(nested(); nested());
  EXPECT_NO_LOCKDEP(const auto version = shared.read_begin(); (void)shared.changed_since(version));
}

TEST(lock_in_read_section, a_lock_is_taken) {
  seqlock<> shared;
  pi_mutex mutex;
  EXPECT_LOCKDEP(lock_in_read_section, shared.read([&] {
    lock(mutex);
    unlock(mutex);
  }));
  EXPECT_NO_LOCKDEP(lock(mutex); shared.read(nothing); unlock(mutex));
  EXPECT_NO_LOCKDEP(shared.read_or_lock(
      [&] {
        lock(mutex);
        unlock(mutex);
      },
      0));
}

TEST(write_in_read_section, of_the_same_thread) {
  seqcount<> read;
  seqcount<> written;
  EXPECT_LOCKDEP(write_in_read_section, const auto token = read.read_begin(); written.write_begin();
                 written.write_end(); (void)read.read_retry(token));
  EXPECT_NO_LOCKDEP(const auto token = read.read_begin(); (void)read.read_retry(token); written.write_begin();
                    written.write_end());
}

TEST(read_sections, a_handler_on_top_of_one_may_lock_and_write) {
  static seqlock<signal_context> shared;
  const auto handle = [](int) {
    const signal_handler_scope in_handler;
    const write_irqsave_guard section{shared};
  };
  const auto before = ::signal(SIGUSR1, handle);
  EXPECT_NO_LOCKDEP(const auto token = shared.read_begin(); raise(SIGUSR1);
                    EXPECT_TRUE(shared.read_retry(token)));
  ::signal(SIGUSR1, before);
}

// A function that begins a read section for its caller.
[[gnu::noinline]] read_token begun_in(const seqlock<>& shared) { return shared.read_begin(); }

TEST(unvalidated_read, not_where_a_function_begins_a_section_for_its_caller) {
  seqlock<> one;
  seqlock<> other;
  const auto reads_two_at_a_time = [&] {
    const auto outer = begun_in(one);
    const auto inner = other.read_begin();
    EXPECT_FALSE(other.read_retry(inner));
    EXPECT_FALSE(one.read_retry(outer));
  };
  EXPECT_NO_LOCKDEP(reads_two_at_a_time(); reads_two_at_a_time());
  EXPECT_LOCKDEP(unvalidated_read, for (int i = 0; i < 2; ++i)(void) begun_in(one));
}

// ---- Threads, balance, printing

TEST(wrong_thread, a_guard_ends_on_another_thread) {
  seqlock<task_context, spinlock> shared;
  std::optional<read_excl_guard<seqlock<task_context, spinlock>>> guard;
  EXPECT_LOCKDEP(wrong_thread, guard.emplace(shared); on_another_thread([&] { guard.reset(); }));
  EXPECT_NO_LOCKDEP(const write_guard it_was_released{shared});
}

TEST(unbalanced_interrupts, a_restore_without_its_save) {
  EXPECT_LOCKDEP(unbalanced_interrupts, threaded_context::restore(0));
  EXPECT_LOCKDEP(unbalanced_interrupts, std::optional<irqsave_guard<deferred_signal_context>> guard;
                 guard.emplace(); on_another_thread([&] { guard.reset(); });
                 deferred_signal_context::restore(0));
  EXPECT_NO_LOCKDEP(const auto flags = threaded_context::save_and_disable();
                    threaded_context::restore(flags));
}

TEST(unbalanced_deferral, an_exit_without_an_enter_or_elsewhere) {  // S19
  const tests::violation_collector also_reported;
  basic_deferred_log<16> log;
  EXPECT_LOCKDEP(unbalanced_deferral, deferred_exit());
  std::optional<deferred_guard<basic_deferred_log<16>>> guard;
  EXPECT_LOCKDEP(unbalanced_deferral, guard.emplace(log); on_another_thread([&] { guard.reset(); }));
  deferred_exit();
  EXPECT_LOCKDEP(unbalanced_deferral, on_another_thread([] { deferred_enter(); }));
  EXPECT_NO_LOCKDEP(deferred_enter(); deferred_exit());
}

TEST(print_in_write_section, undeferred) {  // S20
  seqlock<> shared;
  basic_deferred_log<16> log([](void*, const log_record&) {});
  EXPECT_LOCKDEP(print_in_write_section, const write_guard section{shared}; log.print("odd"));
  EXPECT_LOCKDEP(print_in_write_section, const write_guard section{shared}; const deferred_guard inside{log};
                 log.print("kept, but flushed while odd"));
  EXPECT_LOCKDEP(print_in_write_section, const write_guard section{shared}; lockdep::might_print());
  EXPECT_NO_LOCKDEP(const deferred_guard around{log}; const write_guard section{shared}; log.print("kept"));
  EXPECT_NO_LOCKDEP(const write_guard section{shared}; log.write("kept"));
  EXPECT_NO_LOCKDEP(const read_excl_guard not_odd{shared}; log.print("fine"));
}

TEST(held_at_exit, a_thread_ends) {
  static pi_mutex mutex;
  static seqcount<> count;
  EXPECT_LOCKDEP(held_at_exit, on_another_thread([] { lock(mutex); }));
  EXPECT_LOCKDEP(held_at_exit, on_another_thread([] { count.write_begin(); }));
  EXPECT_LOCKDEP(held_at_exit, on_another_thread([] { (void)threaded_context::save_and_disable(); }));
  static pi_mutex released;
  EXPECT_NO_LOCKDEP(on_another_thread([] {
    lock(released);
    unlock(released);
  }));
}

TEST(held_at_exit, another_program_replaces_this_one) {
  static pi_mutex mutex;
  static char name[] = "/bin/true";
  static char* const arguments[] = {name, nullptr};
  static const char* const entries[] = {"execv",   "execve", "execvp", "execvpe",
                                        "fexecve", "execl",  "execlp", "execle"};
  const auto execute = [](std::string_view entry) {
    if (entry == "execv") ::execv(name, arguments);
    if (entry == "execve") ::execve(name, arguments, environ);
    if (entry == "execvp") ::execvp("true", arguments);
    if (entry == "execvpe") ::execvpe("true", arguments, environ);
    if (entry == "fexecve") ::fexecve(::open(name, O_RDONLY | O_CLOEXEC), arguments, environ);
    if (entry == "execl") ::execl(name, name, nullptr);
    if (entry == "execlp") ::execlp("true", name, nullptr);
    if (entry == "execle") ::execle(name, name, nullptr, environ);
  };
  for (const char* entry : entries) {
    EXPECT_THAT(report_of([&] {
                  lock(mutex);
                  execute(entry);
                }),
                AllOf(HasSubstr("rtseq lockdep: held_at_exit\n"), HasSubstr("another program")))
        << entry;
    const pid_t child = ::fork();
    if (child == 0) {
      execute(entry);
      ::_exit(1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << entry << " with nothing held";
  }
  EXPECT_EQ(report_of([&] {  // what the parent holds, its child only has copies of
              lock(mutex);
              const pid_t child = ::fork();
              if (child == 0) execute("execv");
              ::waitpid(child, nullptr, 0);
              unlock(mutex);
            }),
            "end");
}

TEST(held_at_exit, execl_hands_its_arguments_on) {
  const auto status_of = [](auto execute) {
    const pid_t child = ::fork();
    if (child == 0) {
      execute();
      ::_exit(99);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  static char variable[] = "answer=42";
  static char* const environment[] = {variable, nullptr};
  EXPECT_EQ(status_of([] { ::execl("/bin/sh", "sh", "-c", "exit $(($1 + $2))", "sh", "20", "22", nullptr); }),
            42);
  EXPECT_EQ(status_of([] { ::execlp("sh", "sh", "-c", "exit $1", "sh", "42", nullptr); }), 42);
  EXPECT_EQ(status_of([] { ::execle("/bin/sh", "sh", "-c", "exit $answer", nullptr, environment); }), 42);
}

TEST(held_at_exit, the_program_ends) {
  static pi_mutex mutex;
  EXPECT_THAT(report_of([] {
                lock(mutex);
                std::exit(1);
              }),
              AllOf(HasSubstr("rtseq lockdep: held_at_exit\n"), HasSubstr("the program ends")));
  EXPECT_EQ(report_of([] { std::exit(1); }), "");
}

TEST(held_at_exit, where_nothing_should_be_held) {
  pi_mutex mutex;
  EXPECT_NO_LOCKDEP(lock(mutex); unlock(mutex); lockdep::expect_nothing_held("the request ends"));
  EXPECT_LOCKDEP(held_at_exit, lock(mutex); lockdep::expect_nothing_held("the request ends"); unlock(mutex));
}

// ---- Adapters

template <class Lock>
class adapter : public testing::Test {
 protected:
#if defined(RTSEQ_TEST_ABSL)
  static void SetUpTestSuite() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }
#endif
};
using adapted = testing::Types<
#if defined(RTSEQ_TEST_ABSL)
    absl_mutex,
#endif
    std::mutex, pthread_mutex_t, spinlock>;
TYPED_TEST_SUITE(adapter, adapted);

TYPED_TEST(adapter, is_a_lock_that_lockdep_sees) {
  checked<TypeParam> a;
  checked<TypeParam> b;
  static_assert(writer_lock<checked<TypeParam>>);
  static_assert(lock_traits<checked<TypeParam>>::sleeps == lock_traits<TypeParam>::sleeps);
  EXPECT_LOCKDEP(lock_order, nest(a, b); nest(b, a));
  EXPECT_LOCKDEP(lock_order, {
    const std::scoped_lock first(a);
    const std::scoped_lock second(b);
  } nest(b, a));
}

TYPED_TEST(adapter, is_a_writers_lock_and_then_the_seqlock_reports) {
  seqlock<task_context, checked<TypeParam>> shared;
  pi_mutex mutex;
  EXPECT_LOCKDEP(lock_order, {
    const read_excl_guard held{shared};
    lock(mutex);
    unlock(mutex);
  } nest(mutex, shared));
}

template <class Lock>
class shared_adapter : public testing::Test {};
using shared_adapted = testing::Types<
#if defined(RTSEQ_TEST_ABSL)
    absl_mutex,
#endif
    std::shared_mutex, std::shared_timed_mutex>;
TYPED_TEST_SUITE(shared_adapter, shared_adapted);

TYPED_TEST(shared_adapter, sees_readers) {
  checked<TypeParam> a;
  pi_mutex b;
  const auto read_then_lock = [&] {
    const std::shared_lock reader{a};
    lock(b);
    unlock(b);
  };
  EXPECT_LOCKDEP(lock_order, read_then_lock(); nest(b, a));
  EXPECT_LOCKDEP(lock_order, {
    const lockdep::shared_guard reader{a};
    lock(b);
    unlock(b);
  } nest(b, a));
  EXPECT_NO_LOCKDEP(read_then_lock(); read_then_lock(); nest(a, b));
  EXPECT_NO_LOCKDEP(if (a.try_lock_shared()) a.unlock_shared(); nest(a, b));
  EXPECT_THAT(report_of([&] {
                const std::shared_lock reader{a};
                lock_shared(a);
              }),
              HasSubstr("rtseq lockdep: recursive_lock\n"));
  // A reader may not write.
  seqcount counted{a};
  EXPECT_LOCKDEP(write_without_lock, const std::shared_lock reader{a}; counted.write_begin();
                 counted.write_end());
  EXPECT_NO_LOCKDEP(const std::unique_lock writer{a}; counted.write_begin(); counted.write_end());
}

template <class Lock>
concept timed = requires(Lock& l) {
  l.try_lock_for(std::chrono::seconds{1});
};
template <class Lock>
concept shared = requires(Lock& l) {
  l.lock_shared();
};

TEST(adapters, have_the_timed_forms_of_their_locks) {
  checked<std::timed_mutex> a;
  pi_mutex b;
  static_assert(timed<checked<std::timed_mutex>> && !timed<checked<std::mutex>>);
  static_assert(shared<checked<std::shared_mutex>> && !shared<checked<std::mutex>>);
  EXPECT_NO_LOCKDEP({
    nest(a, b);
    lock(b);
    EXPECT_TRUE(lock_in_time(a));
    unlock(a);
    EXPECT_TRUE(lock_until(a));
    unlock(a);
    unlock(b);
  });
  EXPECT_LOCKDEP(lock_order, {
    nest(b, a);
    EXPECT_TRUE(lock_in_time(a));
    lock(b);
    unlock(b);
    unlock(a);
  });
}

// ---- Reports

TEST(report, says_both_sides_with_places_threads_and_advice) {
  pi_mutex console;
  seqlock<> zones;
  lockdep::set_class(console, "console");
  lockdep::set_class(zones, "zones");
  lockdep::reset();
  const lockdep::expecting_findings findings;
  std::thread([&] {
    pthread_setname_np(pthread_self(), "rebuild");
    const write_guard section{zones};
    lock(console);
    unlock(console);
  }).join();
  lock(console);
  zones.read(nothing);
  unlock(console);
  ASSERT_EQ(findings.count(), 1u) << "one circle, one report";
  EXPECT_THAT(findings.at(0).text,
              AllOf(HasSubstr("rtseq lockdep: lock_order\n"), HasSubstr("thread \"rebuild\" was\n"),
                    HasSubstr("waiting for an even count of seqlock \"zones\" at unit/lockdep_test.cpp:"),
                    HasSubstr("in the write section of seqlock \"zones\" since unit/lockdep_test.cpp:"),
                    HasSubstr("CPU0"), HasSubstr("write_begin(zones)"), HasSubstr("*** DEADLOCK ***"),
                    HasSubstr("Advice: ")));
}

TEST(report, comes_once) {
  pi_mutex a;
  pi_mutex b;
  lockdep::reset();
  const lockdep::expecting_findings findings;
  for (int i = 0; i < 3; ++i) {
    nest(a, b);
    nest(b, a);
    deferred_enter();
    deferred_exit();
  }
  EXPECT_EQ(findings.count(), 1u);
}

TEST(report, comes_once_for_each_class) {
  seqlock<signal_context> both[2];
  lockdep::set_class(both[0], "clock");
  lockdep::set_class(both[1], "prices");
  lockdep::reset();
  const lockdep::expecting_findings findings;
  for (auto& each : both) {
    as_signal_handler<signal_context>([&] { read(each); });
    lock(each);
    unlock(each);
  }
  EXPECT_EQ(findings.count(), 2u);
}

TEST(report, of_a_long_cycle_says_how_much_is_left_out) {
  static const char* const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l",
                                      "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x"};
  const std::string text = report_of([] {
    pi_mutex ring[std::size(names)];
    for (std::size_t i = 0; i < std::size(names); ++i) lockdep::set_class(ring[i], names[i]);
    for (std::size_t i = 0; i < std::size(names); ++i) nest(ring[i], ring[(i + 1) % std::size(names)]);
  });
  EXPECT_THAT(text, AllOf(HasSubstr("waiting for pi_mutex \"b\""), HasSubstr("and so on, 8 more"),
                          HasSubstr("and 21 more")));
}

TEST(report, its_handler_may_look_at_the_graph_and_fork) {
  pi_mutex a;
  pi_mutex b;
  lockdep::reset();
  const lockdep::expecting_findings findings;
  lockdep::set_handler([](const lockdep::finding& f) noexcept {
    lockdep::collect(f);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    EXPECT_TRUE(lockdep::dump_dot(nowhere));
    ::close(nowhere);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(lockdep::dump_dot(-1) ? 1 : 0);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
  nest(a, b);
  nest(b, a);
  EXPECT_EQ(findings.count(), 1u);
}

TEST(report, the_default_handler_prints_and_aborts) {
  pi_mutex a;
  pi_mutex b;
  EXPECT_DEATH(
      {
        lockdep::set_handler(nullptr);
        nest(a, b);
        nest(b, a);
      },
      "rtseq lockdep: lock_order");
}

TEST(report, the_graph_is_written_for_graphviz) {
  pi_mutex a;
  pi_mutex b;
  lockdep::set_class(a, "outer");
  lockdep::set_class(b, "inner");
  lockdep::reset();
  nest(a, b);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_TRUE(lockdep::dump_dot(ends[1]));
  ::close(ends[1]);
  EXPECT_FALSE(lockdep::dump_dot(-1));
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  EXPECT_THAT(
      text, AllOf(HasSubstr("digraph lockdep {"), HasSubstr("outer"), HasSubstr("inner"), HasSubstr(" -> ")));
}

// Every finding's first line, of a child that goes on after each.
template <class Misuse>
std::string findings_of(Misuse misuse) {
  return said_by_child(
      [](const lockdep::finding& f) noexcept {
        const std::string_view text = f.text;
        if (::write(to_parent, text.data(), text.find('\n') + 1) < 0) ::_exit(1);
      },
      misuse);
}

class named_locks {
 public:
  explicit named_locks(std::size_t count) : locks_(count), names_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      names_[i] = "lock " + std::to_string(i);
      lockdep::set_class(locks_[i], names_[i].c_str());
    }
  }
  auto begin() { return locks_.begin(); }
  auto end() { return locks_.end(); }
  pi_mutex& operator[](std::size_t i) { return locks_[i]; }

 private:
  std::vector<pi_mutex> locks_;
  std::vector<std::string> names_;
};

// Fills a table, and then breaks a rule.
template <class Fill>
std::string findings_when_full(Fill fill) {
  return findings_of([&] {
    fill();
    pi_mutex a;
    pi_mutex b;
    nest(a, b);
    nest(b, a);
  });
}

TEST(out_of_room, is_said_once_and_then_lockdep_is_silent) {
  const std::string once = std::string("rtseq lockdep: out_of_room\n") + "end";
  pi_mutex as_many_as_fit[40];
  EXPECT_NO_LOCKDEP(for (pi_mutex& l : as_many_as_fit) lock(l); for (pi_mutex& l : as_many_as_fit) unlock(l));
  EXPECT_EQ(findings_when_full([] {}), "rtseq lockdep: lock_order\nend");
  EXPECT_EQ(findings_when_full([] {  // what a thread holds
              std::vector<pi_mutex> locks(64);
              for (pi_mutex& l : locks) lock(l);
              for (pi_mutex& l : locks) unlock(l);
            }),
            once);
  EXPECT_EQ(findings_when_full([] {  // its read sections
              std::vector<seqcount<>> counts(20);
              for (auto& count : counts) (void)count.read_begin();
            }),
            once);
  EXPECT_EQ(findings_when_full([] {  // classes
              named_locks locks(2100);
              for (pi_mutex& l : locks) lock(l), unlock(l);
            }),
            once);
  EXPECT_EQ(findings_when_full([] {  // pairs of them
              named_locks locks(140);
              for (std::size_t inner = 0; inner < 140; ++inner) {
                for (std::size_t outer = 0; outer < inner; ++outer) nest(locks[outer], locks[inner]);
              }
            }),
            once);
  EXPECT_EQ(findings_when_full([] {  // uses in interrupts
              named_locks locks(1500);
              const auto no_other_comes = rtseq::signal_context::save_and_disable();
              for (int signo = SIGRTMIN; signo < SIGRTMIN + 6; ++signo) {
                const rtseq::signal_handler_scope handler{signo};
                for (pi_mutex& l : locks) lock(l), unlock(l);
              }
              rtseq::signal_context::restore(no_other_comes);
            }),
            once);
  const std::string many = findings_when_full([] {  // findings
    named_locks locks(300);
    for (pi_mutex& l : locks) {
      lock(l);
      lockdep::expect_nothing_held("here");
      unlock(l);
    }
  });
  EXPECT_EQ(many.find(once), many.size() - once.size());
  EXPECT_EQ(std::count(many.begin(), many.end(), '\n'), 256);
}

// ---- What is held is known, whoever looks

TEST(held, what_reset_and_off_find_held_and_leave_held) {
  pi_mutex outer;
  pi_mutex inner;
  seqcount<> count;
  lockdep::reset();
  const lockdep::expecting_findings findings;
  lock(outer);
  count.write_begin();
  lockdep::reset();
  EXPECT_NO_LOCKDEP(lock(inner); unlock(inner));
  count.write_end();
  unlock(outer);
  {
    const lockdep::off looks_away;
    lock(outer);
    count.write_begin();
  }
  count.write_end();
  lock(inner);
  unlock(inner);
  unlock(outer);
  EXPECT_EQ(findings.count(), 0u);
  nest(inner, outer);
  EXPECT_EQ(findings.count(), 1u) << "the order of a lock that was taken unseen";
}

TEST(held, what_is_released_unseen_is_released) {
  pi_mutex mutex;
  seqcount<> count;
  EXPECT_NO_LOCKDEP(for (int i = 0; i < 2; ++i) {
    lock(mutex);
    count.write_begin();
    const lockdep::off looks_away;
    count.write_end();
    unlock(mutex);
  });
}

// ---- Handlers at any point

TEST(lockdep, signals_at_every_point_of_a_hook_do_no_harm) {
  static seqlock<signal_context> shared;
  static spinlock own;
  static std::atomic<int> handled{0};
  const auto handle = [](int) {
    const signal_handler_scope in_handler;
    const write_irqsave_guard section{shared};
    pi_mutex fresh;  // a class at its first use, and new edges: the slow path too
    lock(fresh);
    unlock(fresh);
    ++handled;
  };
  struct sigaction action = {};
  action.sa_handler = handle;
  struct sigaction before;
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  EXPECT_NO_LOCKDEP({
    timer_t timer;
    sigevent event = {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    ASSERT_EQ(::timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    const itimerspec ten_khz{{0, 100'000}, {0, 100'000}};
    ::timer_settime(timer, 0, &ten_khz, nullptr);
    for (int round = 0; handled < 2'000; ++round) {
      if (round % 64 == 0) lockdep::reset();
      { const write_irqsave_guard section{shared}; }
      shared.read(nothing);
      const irqsave_guard<signal_context> off;
      lock(own);
      unlock(own);
    }
    ::timer_delete(timer);
  });
  ::sigaction(SIGALRM, &before, nullptr);
}

}  // namespace
