// The mistakes that docs/lockdep.md walks through, one at a time, and their cures. None of them deadlocks here: one
// thread does one thing after the other. lockdep reports them all the same.
//
//   misuse NAME        two-steps, one-step, printing, printing-deferred, livelock, livelock-irqsave
#include <pthread.h>

#include <cstdio>
#include <mutex>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/violation.hpp>
#include <string_view>
#include <thread>

namespace {

// ---- The zonelist's lock as it is on PREEMPT_RT: handlers are threads, and the lock sleeps.
rtseq::seqlock<rtseq::threaded_context> zonelists{rtseq::lockdep::name{"zonelists"}};
rtseq::relaxed<int> nodes;

void rebuild_in_two_steps() {
  const rtseq::irqsave_guard<rtseq::threaded_context> interrupts_off;
  const rtseq::write_guard section{zonelists};
  nodes = nodes + 1;
}
void rebuild_in_one_step() {
  const rtseq::write_irqsave_guard section{zonelists};
  nodes = nodes + 1;
}

// ---- A console with a lock, and an allocation that reads the zonelists while it holds it.
rtseq::lockdep::checked<std::mutex> console{rtseq::lockdep::name{"console"}};

void print_to_console(void*, const rtseq::log_record&) { const rtseq::lockdep::guard held{console}; }
rtseq::basic_deferred_log<16> messages(print_to_console);

void allocate_while_printing() {
  const rtseq::lockdep::guard held{console};
  (void)zonelists.read([] { return nodes.load(); });
}
void rebuild_and_print() {
  const rtseq::write_irqsave_guard section{zonelists};
  nodes = nodes + 1;
  print_to_console(nullptr, {});
}
void rebuild_and_print_deferred() {
  const rtseq::deferred_guard deferral{messages};
  const rtseq::write_irqsave_guard section{zonelists};
  nodes = nodes + 1;
  messages.print("a node is online");
}

// ---- Data that a signal handler reads.
rtseq::seqlock<rtseq::signal_context> clock_lock{rtseq::lockdep::name{"clock"}};
rtseq::relaxed<int> ticks;

void handle_tick() {
  const rtseq::signal_handler_scope in_handler;
  (void)clock_lock.read([] { return ticks.load(); });
}
void adjust_clock() {
  const rtseq::write_guard wrong_suffix{clock_lock};
  ticks = ticks + 1;
}
void adjust_clock_with_irqsave() {
  const rtseq::write_irqsave_guard section{clock_lock};
  ticks = ticks + 1;
}

template <class Work>
void on_thread(const char* name, Work work) {
  std::thread([&] {
    pthread_setname_np(pthread_self(), name);
    work();
  }).join();
}

struct story {
  std::string_view name;
  void (*tell)();
};
constexpr story stories[] = {
    {"two-steps", [] { on_thread("hotplug", rebuild_in_two_steps); }},
    {"one-step", [] { on_thread("hotplug", rebuild_in_one_step); }},
    {"printing",
     [] {
       on_thread("allocator", allocate_while_printing);
       on_thread("hotplug", rebuild_and_print);
     }},
    {"printing-deferred",
     [] {
       on_thread("allocator", allocate_while_printing);
       on_thread("hotplug", rebuild_and_print_deferred);
     }},
    {"livelock",
     [] {
       on_thread("task", adjust_clock);
       on_thread("ticking", handle_tick);
     }},
    {"livelock-irqsave",
     [] {
       on_thread("task", adjust_clock_with_irqsave);
       on_thread("ticking", handle_tick);
     }},
};

}  // namespace

int main(int argc, char** argv) {
  for (const story& s : stories) {
    if (argc != 2 || s.name != argv[1]) continue;
    rtseq::lockdep::set_handler(rtseq::lockdep::print_and_continue);
    rtseq::set_violation_handler([](const rtseq::violation_report&) noexcept {});  // lockdep has said it
    s.tell();
    return 0;
  }
  std::fputs(
      "misuse: NAME: expected two-steps, one-step, printing, printing-deferred, livelock or "
      "livelock-irqsave\n",
      stderr);
  return 2;
}
