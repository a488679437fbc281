// A thread in its own write section reads, and waits for itself.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/context/signal.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <signal.h>

#include <mutex>

namespace {

constexpr char own_section[] = "inside the caller's own write section";

// Clang would not compile it without the exemption.
template <class Lock>
std::string report_of_self_read() {
  return report_of([]() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    rtseq::seqlock<rtseq::task_context, Lock> lock;
    const rtseq::write_guard section{lock};
    (void)lock.read_begin();
  });
}

TEST_F(scenario, S08_self_read) {
  naive::seqcount count;
  count.write_begin();
  naive_fails(!count.read_begin(), "the reader waited for its own thread's write: gave up after " +
                                       std::to_string(naive::budget) + " spins");

  rtseq_holds(contains(report_of_self_read<rtseq::pi_mutex>(), own_section) &&
                  contains(report_of_self_read<rtseq::spinlock>(), own_section) &&
                  contains(report_of_self_read<std::mutex>(), own_section),
              "a seqlock knows that the writer is the caller and says so (self_deadlock), with any lock");
  rtseq_holds(contains(report_of([] {
                         rtseq::pi_mutex mutex;
                         rtseq::seqcount counted{mutex};
                         rtseq::lock_traits<rtseq::pi_mutex>::lock(mutex);
                         counted.write_begin();
                         (void)counted.read_begin();
                       }),
                       own_section),
              "so does a count that knows its lock");
  rtseq_holds(contains(report_of([] {
                         rtseq::seqlock<rtseq::signal_context> lock;
                         const signal_handler handler([&] { (void)lock.read_begin(); });
                         const rtseq::write_guard section{lock};
                         ::raise(SIGUSR1);
                       }),
                       own_section),
              "also in a signal handler on that thread");
  rtseq::seqlock<> lock;
  const rtseq::write_guard section{lock};
  rtseq_holds(!lock.try_read_begin() && !lock.try_read([] {}), "the try_ forms return empty");
}

}  // namespace
