// A signal handler interrupts the writer on its own thread and waits for an even count.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>

#include <signal.h>

namespace {

struct counted {
  rtseq::seqlock<rtseq::deferred_signal_context> lock;
  pair_of_words data;
  int handled = 0;
  bool whole = false;
};
counted deferred;

TEST_F(scenario, S02_interrupt_livelock) {
  {
    naive::seqcount count;
    bool gave_up = false;
    const signal_handler handler([&] { gave_up = !count.read_begin(); });
    count.write_begin();
    ::raise(SIGUSR1);
    count.write_end();
    naive_fails(gave_up, "the handler spun on the odd count of the thread under it: gave up after " +
                             std::to_string(naive::budget) + " spins");
  }
  {
    rtseq::seqlock<rtseq::signal_context> lock;
    pair_of_words data;
    int handled = 0;
    bool whole = false;
    const signal_handler handler([&] {
      whole = lock.read([&] { return data.load(); }).is(2);
      ++handled;
    });
    int handled_inside = 0;
    {
      const rtseq::write_irqsave_guard section{lock};
      data.a = 2;
      ::raise(SIGUSR1);
      data.b = 2;
      handled_inside = handled;
    }
    rtseq_holds(handled_inside == 0 && handled == 1 && whole,
                "write_irqsave_guard: the signal was handled after the section, and read its value");
  }
  const auto handle = [](int, siginfo_t*, void*) {
    deferred.whole = deferred.lock.read([] { return deferred.data.load(); }).is(2);
    ++deferred.handled;
  };
  ASSERT_EQ(rtseq::deferred_signal_context::register_handler(SIGUSR2, handle), 0);
  int handled_inside = 0;
  {
    const rtseq::write_irqsave_guard section{deferred.lock};
    deferred.data.a = 2;
    ::raise(SIGUSR2);
    deferred.data.b = 2;
    handled_inside = deferred.handled;
  }
  EXPECT_EQ(rtseq::deferred_signal_context::unregister_handler(SIGUSR2), 0);
  rtseq_holds(handled_inside == 0 && deferred.handled == 1 && deferred.whole,
              "so with deferred signals, which block nothing");
  rtseq_holds(contains(report_of([] {
                         rtseq::seqlock<rtseq::signal_context> lock;
                         const signal_handler handler([&] { (void)lock.read_begin(); });
                         const rtseq::write_guard without_irqsave{lock};
                         ::raise(SIGUSR1);
                       }),
                       "the writer must use the _irqsave form"),
              "without irqsave the livelock is a report");
  LOCKDEP_FINDS(interrupt_unsafe, "before it happens", [] {
    rtseq::seqlock<rtseq::signal_context> lock;
    { const rtseq::write_guard without_irqsave{lock}; }
    const rtseq::signal_handler_scope handler;
    lock.read([] {});
  });
}

}  // namespace
