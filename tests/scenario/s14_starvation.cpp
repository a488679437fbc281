// Writers without a pause: a lock-free reader never validates.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/seqlock.hpp>

namespace {

TEST_F(scenario, S14_starvation) {
  naive::seqcount count;
  constexpr int patience = 1'000;
  int passes = 0;
  for (auto begun = count.read_begin(); passes < patience; begun = count.read_begin()) {
    count.write_begin();  // one more write comes between, every time
    count.write_end();
    if (++passes, !count.read_retry(begun.value_or(0))) break;
  }
  naive_fails(passes == patience, "a write came between in each of 1000 passes: no value");

  rtseq::seqlock<> lock;
  pair_of_words data;
  int free_passes = 0, locked_passes = 0;
  const auto section = [&] {
    if (lock.try_write_lock()) {  // refused once the reader has the lock
      data.store(data.a + 1);
      lock.write_unlock();
      ++free_passes;
    } else {
      ++locked_passes;
    }
    return data.load();
  };
  const bool empty = !lock.try_read(section, 5);
  rtseq_holds(empty && free_passes == 5 && locked_passes == 0,
              "try_read: empty after the 5 passes it was given");
  free_passes = 0;
  const pair_value read = lock.read_or_lock(section, 3);
  rtseq_holds(free_passes == 3 && locked_passes == 1 && read.is(data.a),
              "read_or_lock: 3 passes, then one with the lock, which keeps writers out: always finishes");
}

}  // namespace
