// Results that may not be ignored, and scopes that would end at once: every one of the public interface.
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <chrono>
#include <shared_mutex>

using namespace std::chrono_literals;
const auto soon = std::chrono::steady_clock::now();

void of_a_seqlock(rtseq::seqlock<rtseq::signal_context>& lock, rtseq::read_token token)
    __attribute__((no_thread_safety_analysis)) {
  lock.read_begin();                 // expect: ignoring return value of function declared with 'nodiscard'
  lock.try_read_begin();             // expect: ignoring return value of function declared with 'nodiscard'
  lock.read_retry(token);            // expect: ignoring return value of function declared with 'nodiscard'
  lock.changed_since(token);         // expect: ignoring return value of function declared with 'nodiscard'
  lock.try_read([] {});              // expect: ignoring return value of function declared with 'nodiscard'
  lock.try_read_for([] {}, 1s);      // expect: ignoring return value of function declared with 'nodiscard'
  lock.try_read_until([] {}, soon);  // expect: ignoring return value of function declared with 'nodiscard'
  lock.try_write_lock();             // expect: ignoring return value of function declared with 'nodiscard'
  lock.write_lock_irqsave();         // expect: ignoring return value of function declared with 'nodiscard'
  lock.read_lock_excl_irqsave();     // expect: ignoring return value of function declared with 'nodiscard'
  rtseq::write_guard{lock};          // expect: ignoring temporary created by a constructor
  rtseq::write_irqsave_guard{lock};  // expect: ignoring temporary created by a constructor
  rtseq::read_excl_guard{lock};      // expect: ignoring temporary created by a constructor
  rtseq::read_excl_irqsave_guard{lock};  // expect: ignoring temporary created by a constructor
}

void of_counts(rtseq::seqcount<>& count, rtseq::seqcount_latch& latch, rtseq::read_token token) {
  count.read_begin();          // expect: ignoring return value of function declared with 'nodiscard'
  count.try_read_begin();      // expect: ignoring return value of function declared with 'nodiscard'
  count.raw_read_begin();      // expect: ignoring return value of function declared with 'nodiscard'
  count.read_retry(token);     // expect: ignoring return value of function declared with 'nodiscard'
  count.changed_since(token);  // expect: ignoring return value of function declared with 'nodiscard'
  latch.read_latch();          // expect: ignoring return value of function declared with 'nodiscard'
  latch.index(token);          // expect: ignoring return value of function declared with 'nodiscard'
  latch.read_retry(token);     // expect: ignoring return value of function declared with 'nodiscard'
}

void of_values(rtseq::seqlocked<int>& value, rtseq::latched<int>& latched, rtseq::relaxed<int>& field,
               rtseq::read_token token, int& into) {
  value.load();                      // expect: ignoring return value of function declared with 'nodiscard'
  value.try_load(into);              // expect: ignoring return value of function declared with 'nodiscard'
  value.try_load_for(into, 1s);      // expect: ignoring return value of function declared with 'nodiscard'
  value.try_load_until(into, soon);  // expect: ignoring return value of function declared with 'nodiscard'
  value.load_versioned();            // expect: ignoring return value of function declared with 'nodiscard'
  value.changed_since(token);        // expect: ignoring return value of function declared with 'nodiscard'
  latched.load();                    // expect: ignoring return value of function declared with 'nodiscard'
  latched.try_load(into);            // expect: ignoring return value of function declared with 'nodiscard'
  latched.try_store(1);              // expect: ignoring return value of function declared with 'nodiscard'
  field.load();                      // expect: ignoring return value of function declared with 'nodiscard'
}

void of_locks(rtseq::pi_mutex& mutex, rtseq::spinlock& spinning, rtseq::single_writer& writer,
              rtseq::lockdep::checked<std::shared_timed_mutex>& adapted)
    __attribute__((no_thread_safety_analysis)) {
  mutex.try_lock();                // expect: ignoring return value of function declared with 'nodiscard'
  mutex.try_lock_until(soon);      // expect: ignoring return value of function declared with 'nodiscard'
  mutex.held_by_this_thread();     // expect: ignoring return value of function declared with 'nodiscard'
  spinning.try_lock();             // expect: ignoring return value of function declared with 'nodiscard'
  spinning.held_by_this_thread();  // expect: ignoring return value of function declared with 'nodiscard'
  writer.try_lock();               // expect: ignoring return value of function declared with 'nodiscard'
  writer.held_by_this_thread();    // expect: ignoring return value of function declared with 'nodiscard'
  adapted.try_lock();              // expect: ignoring return value of function declared with 'nodiscard'
  adapted.try_lock_for(1s);        // expect: ignoring return value of function declared with 'nodiscard'
  adapted.try_lock_until(soon);    // expect: ignoring return value of function declared with 'nodiscard'
  adapted.try_lock_shared();       // expect: ignoring return value of function declared with 'nodiscard'
  rtseq::lockdep::guard{adapted};  // expect: ignoring temporary created by a constructor
  rtseq::lockdep::shared_guard{adapted};  // expect: ignoring temporary created by a constructor
}

using context = rtseq::deferred_signal_context;
void of_contexts(rtseq::virtual_cpu& cpu, rtseq::deferred_log& log) {
  rtseq::irqsave_guard<rtseq::signal_context>{};  // expect: ignoring temporary created by a constructor
  rtseq::signal_handler_scope{};                  // expect: ignoring temporary created by a constructor
  rtseq::threaded_context::handler_scope{};       // expect: ignoring temporary created by a constructor
  rtseq::virtual_cpu::task_scope{cpu};            // expect: ignoring temporary created by a constructor
  rtseq::deferred_guard{log};                     // expect: ignoring temporary created by a constructor
  rtseq::lockdep::off{};                          // expect: ignoring temporary created by a constructor
  cpu.interrupt_pending();            // expect: ignoring return value of function declared with 'nodiscard'
  rtseq::in_deferral();               // expect: ignoring return value of function declared with 'nodiscard'
  context::register_handler(10, {});  // expect: ignoring return value of function declared with
}
