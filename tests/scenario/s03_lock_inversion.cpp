// One CPU holds the console's lock and waits for an even count; the other has made it odd and prints.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqlock.hpp>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

struct console {
  std::mutex lock;
  rtseq::seqlock<> shared;
  int lines = 0;
  bool odd_when_printed = false;

  static void print(void* self, const rtseq::log_record&) {
    console& c = *static_cast<console*>(self);
    const std::scoped_lock held(c.lock);
    c.odd_when_printed |= !c.shared.try_read_begin();
    ++c.lines;
  }
};

TEST_F(scenario, S03_lock_inversion) {
  {
    naive::seqcount count;
    naive::spinlock console_lock;
    count.write_begin();         // CPU 1
    (void)console_lock.lock(1);  // CPU 0
    bool either_got_on = false;
    for (int i = 0; i < naive::budget; ++i) {
      either_got_on |= console_lock.lock(1);             // CPU 1 prints inside its section
      either_got_on |= count.read_begin(1).has_value();  // CPU 0 reads while it holds the lock
    }
    naive_fails(!either_got_on,
                "the reader held the lock that the writer, printing, waited for, and waited for the writer: "
                "neither moved in " +
                    std::to_string(naive::budget) + " tries each");
  }
  console c;
  rtseq::deferred_log log(console::print, &c);
  pair_of_words data;
  std::atomic<bool> odd{false}, reading{false};
  std::thread writer;
  bool whole = false;
  {
    const std::scoped_lock held(c.lock);  // CPU 0
    writer = std::thread([&] {            // CPU 1
      const rtseq::deferred_guard deferral(log);
      const rtseq::write_guard section{c.shared};
      odd = true;
      while (!reading) std::this_thread::yield();
      log.print("node 3 is offline");
      data.store(2);
    });
    while (!odd) std::this_thread::yield();
    reading = true;
    whole = c.shared.read([&] { return data.load(); }).is(2);
  }
  writer.join();
  rtseq_holds(whole && c.lines == 1 && !c.odd_when_printed,
              "deferred_log: the writer's text was kept, the reader got through with the lock held, and the "
              "text came out after the section");
  LOCKDEP_FINDS(lock_order,
                "that somebody prints there without it, and somebody reads with the console's lock held", [] {
                  rtseq::lockdep::checked<std::mutex> console_lock;
                  rtseq::seqlock<> shared;
                  {
                    const std::scoped_lock held(console_lock);
                    shared.read([] {});
                  }
                  const rtseq::write_guard section{shared};
                  const std::scoped_lock printing(console_lock);
                });
}

}  // namespace
