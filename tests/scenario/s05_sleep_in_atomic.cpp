// Interrupts are held off first and a lock that sleeps is taken second; or a handler waits by the writer's lock.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqlock.hpp>

#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

using rtseq::violation;
using cpu_context = rtseq::virtual_cpu_context;

// A handler thread of this CPU has the lock and needs one more interrupt to give it back; the task has held
// interrupts off and waits for the lock.
bool naive_two_steps_deadlock() {
  rtseq::virtual_cpu cpu;
  naive::spinlock lock;  // stands for a lock that sleeps: waiting for it would never end either
  std::atomic<bool> masked{false};
  (void)lock.lock();
  std::thread handler([&] {
    while (!masked) std::this_thread::yield();
    cpu.interrupt([&] { lock.unlock(); });
  });
  bool got_it = false;
  {
    const rtseq::virtual_cpu::task_scope task(cpu);
    const rtseq::irqsave_guard<cpu_context> two_steps_first;
    masked = true;
    while (!cpu.interrupt_pending()) std::this_thread::yield();
    got_it = lock.lock();
  }
  handler.join();
  return !got_it && lock.lock();
}

bool naive_handler_waits_by_lock() {
  naive::spinlock writers;
  bool got_it = true;
  const signal_handler handler([&] { got_it = writers.lock(); });
  (void)writers.lock();
  ::raise(SIGUSR1);
  return !got_it;
}

template <class Seqlock>
int reports_of_two_steps(Seqlock& lock) {
  const reports collected;
  const rtseq::irqsave_guard<typename Seqlock::context_type> first;
  const rtseq::write_guard second{lock};
  return reports::last() == violation::sleep_in_atomic ? reports::count() : 0;
}
template <class Seqlock>
int reports_of_one_step(Seqlock& lock) {
  const reports collected;
  const rtseq::write_irqsave_guard section{lock};
  return reports::count();
}

TEST_F(scenario, S05_sleep_in_atomic) {
  naive_fails(naive_two_steps_deadlock(),
              "interrupts off, then the lock: its owner needed an interrupt to give it back, and the task "
              "waited in vain for " +
                  std::to_string(naive::budget) + " tries");
  naive_fails(naive_handler_waits_by_lock(), "a handler waited by the lock of the thread under it, in vain");

  rtseq::seqlock<rtseq::threaded_context> threaded;
  rtseq::seqlock<cpu_context> spinning;
  rtseq::seqlock<cpu_context, rtseq::pi_mutex> sleeping;
  {
    const rtseq::write_irqsave_guard section{threaded};
    rtseq_holds(rtseq::threaded_context::interrupts_enabled(),
                "one step: where handlers are threads write_lock_irqsave masks nothing, so it may sleep");
  }
  rtseq_holds(reports_of_one_step(threaded) == 0 && reports_of_one_step(spinning) == 0,
              "it breaks no rule in any context with its own lock");
  rtseq_holds(reports_of_two_steps(threaded) == 1,
              "two steps are reported (sleep_in_atomic), also when nobody holds the lock");
  rtseq_holds(reports_of_one_step(sleeping) == 1, "so is a sleeping lock in a context that masks");
  rtseq_holds(contains(report_of([] {
                         rtseq::seqlock<> lock;
                         const signal_handler handler([&] { (void)lock.read_begin(); });
                         const rtseq::write_guard section{lock};
                         ::raise(SIGUSR1);
                       }),
                       "inside the caller's own write section"),
              "a handler on top of the writer is reported instead of sleeping on its own thread's lock");
  LOCKDEP_FINDS(sleep_in_atomic, "any other lock that sleeps, with interrupts off", [] {
    rtseq::lockdep::checked<std::mutex> other;
    const rtseq::irqsave_guard<rtseq::threaded_context> first;
    const std::scoped_lock second(other);
  });
}

}  // namespace
