// Plain write_lock, where a signal handler reads.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/context/signal.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <signal.h>

namespace {

TEST_F(scenario, S17_wrong_suffix) {
  {
    naive::seqcount count;
    naive::spinlock lock;
    int livelocks = 0;
    const signal_handler handler([&] { livelocks += !count.read_begin(); });
    ::raise(SIGUSR1);  // a thousand times nothing happens
    const int quiet = livelocks;
    (void)lock.lock();
    count.write_begin();
    ::raise(SIGUSR1);  // until the signal comes here
    count.write_end();
    lock.unlock();
    naive_fails(quiet == 0 && livelocks == 1,
                "the lock was taken without masking the handler, which then spun on the thread under it");
  }
  rtseq_holds(contains(report_of([] {
                         rtseq::seqlock<rtseq::signal_context> lock;
                         const signal_handler handler([&] { (void)lock.read([] { return 0; }); });
                         const rtseq::write_guard wrong_suffix{lock};
                         ::raise(SIGUSR1);
                       }),
                       "the writer must use the _irqsave form"),
              "when it happens it is reported, with the form to use");
  LOCKDEP_FINDS(interrupt_unsafe, "from usage alone, before it happens", [] {
    rtseq::seqlock<rtseq::signal_context> lock;
    {
      const rtseq::signal_handler_scope handler_with_nobody_under_it;
      lock.read([] {});
    }
    const rtseq::write_guard wrong_suffix{lock};
  });
  rtseq::seqlocked<pair_value, rtseq::signal_context> value{pair_value{1, 1}};
  bool handled = false, whole = false;
  const signal_handler handler([&] {
    handled = true;
    whole = value.load().is(2);
  });
  bool handled_inside = true;
  value.update([&](pair_value& v) {
    ::raise(SIGUSR1);
    handled_inside = handled;
    v = {2, 2};
  });
  rtseq_holds(!handled_inside && handled && whole,
              "the value types have no suffix: every store holds handlers off");
}

}  // namespace
