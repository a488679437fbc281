// Two writers and no lock: both load the count, both store it.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>

#include <atomic>
#include <thread>

namespace {

TEST_F(scenario, S06_two_writers) {
  naive::seqcount count;
  pair_of_words data;
  const unsigned seen_by_first = count.load(), seen_by_second = count.load();
  count.store(seen_by_first + 1);
  count.store(seen_by_second + 1);
  data.a = 2;         // the second is in the middle
  count.write_end();  // the first, whose data are no matter, ends
  const auto begun = count.read_begin();
  const pair_value read = data.load();
  naive_fails(begun && read.torn() && !count.read_retry(*begun),
              "both made the count 1; when the first ended at 2, the second's torn data validated");
  data.b = 2;
  count.write_end();
  naive_fails(!count.read_begin(), "when the second ended at 3, the count was odd for ever");

  rtseq::seqlock<> lock;
  bool second_got_in = false;
  {
    const rtseq::write_guard first{lock};
    std::thread([&] {
      if (lock.try_write_lock()) {
        second_got_in = true;
        lock.write_unlock();
      }
    }).join();
  }
  rtseq_holds(!second_got_in, "a seqlock has its writers' lock inside: the second waits, or try_ refuses it");
  constexpr int writes = 2'000;
  pair_of_words shared{0, 0};
  const auto write = [&] {
    for (int i = 0; i < writes; ++i) {
      const rtseq::write_guard section{lock};
      ++shared.a, ++shared.b;
    }
  };
  std::thread other(write);
  write();
  other.join();
  rtseq_holds(lock.try_read([&] { return shared.load(); }).value_or(pair_value{}).is(2 * writes),
              "no write was lost and the count ended even");
  LOCKDEP_FINDS(write_without_lock, "a count that knows its lock and is written without it", [] {
    rtseq::pi_mutex mutex;
    rtseq::seqcount counted{mutex};
    counted.write_begin();
    counted.write_end();
  });
  LOCKDEP_FINDS(two_writers, "two who write a bare count", [] {
    rtseq::seqcount<> bare;
    bare.write_begin();
    std::thread([&] {
      bare.write_begin();
      bare.write_end();
    }).join();
    bare.write_end();
  });
}

}  // namespace
