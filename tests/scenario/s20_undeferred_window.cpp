// Something prints while the count is odd and deferral has not begun.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>

namespace {

struct console {
  rtseq::seqlock<> lock;
  int lines = 0, lines_while_odd = 0;

  static void print(void* self, const rtseq::log_record&) {
    console& c = *static_cast<console*>(self);
    ++c.lines;
    c.lines_while_odd += !c.lock.try_read_begin();
  }
};

TEST_F(scenario, S20_undeferred_window) {
  naive::seqcount count;
  int depth = 0, printed_while_odd = 0;
  const auto print = [&] {
    if (depth == 0) printed_while_odd += !count.read_begin(1);
  };
  count.write_begin();
  print();  // a warning of what write_begin calls
  ++depth;
  print();
  --depth;
  print();
  count.write_end();
  naive_fails(printed_while_odd == 2,
              "of three lines in a section, the one before deferral began and the one after it ended were "
              "printed while the count was odd");

  console scoped, linux_order;
  rtseq::deferred_log log(console::print, &scoped), other_log(console::print, &linux_order);
  {
    const rtseq::deferred_guard deferral(log);
    log.print("before");
    const rtseq::write_guard section{scoped.lock};
    log.print("first");
    log.print("last");
  }
  rtseq_holds(scoped.lines == 3 && scoped.lines_while_odd == 0,
              "deferred_guard goes around the section: all lines came out after it");
  {
    const rtseq::write_guard section{linux_order.lock};
    rtseq::deferred_enter();  // Linux's order: under the lock, and left before it is released
    other_log.print("inside");
    rtseq::deferred_exit();
  }
  other_log.flush();
  rtseq_holds(linux_order.lines == 1 && linux_order.lines_while_odd == 0,
              "write_lock prints nothing, nor do deferred_enter and deferred_exit, so they may stand inside "
              "the section");
  LOCKDEP_FINDS(print_in_write_section, "what others print there undeferred", [&] {
    const rtseq::write_guard section{scoped.lock};
    log.print("odd");
  });
  LOCKDEP_FINDS(print_in_write_section, "a deferred_guard there, which flushes at its end", [&] {
    const rtseq::write_guard section{scoped.lock};
    const rtseq::deferred_guard inside(log);
    log.print("kept, but flushed while odd");
  });
}

}  // namespace
