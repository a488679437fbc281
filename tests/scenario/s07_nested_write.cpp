// A write section inside a write section of the same thread: the inner begin makes the count even.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/lock/traits.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

namespace {

void write_twice(rtseq::seqlock<>& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  lock.write_lock();
  lock.write_lock();
}
bool try_lock_twice(rtseq::seqlock<>& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  lock.write_lock();
  const bool nested = lock.try_write_lock();
  lock.write_unlock();
  return nested;
}

TEST_F(scenario, S07_nested_write) {
  naive::seqcount count;
  pair_of_words data;
  count.write_begin();
  data.a = 2;
  count.write_begin();  // in a function that the section calls
  const auto begun = count.read_begin();
  naive_fails(begun && data.load().torn() && !count.read_retry(*begun),
              "the inner begin made the count even, and the outer's torn data validated");

  rtseq::seqlock<> lock;
  rtseq_holds(
      contains(report_of([&] { write_twice(lock); }), "locked again by its owner") && !try_lock_twice(lock),
      "a nested write_lock is reported (self_deadlock), a nested try_write_lock refused");
  rtseq_holds(contains(report_of([] {
                         rtseq::seqlocked<pair_value> value;
                         value.update([&](pair_value&) { value.store({1, 1}); });
                       }),
                       "locked again by its owner"),
              "so is a store inside an update; Clang's -Wthread-safety sees it at compile time");
  LOCKDEP_FINDS(recursive_write, "for a bare seqcount", [] {
    rtseq::seqcount<> bare;
    bare.write_begin();
    bare.write_begin();
    bare.write_end();
  });
}

}  // namespace
