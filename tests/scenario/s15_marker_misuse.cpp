// The kernel's even/odd marker of read_seqbegin_or_lock in the wrong hands.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/seqlock.hpp>

namespace {

// begin_or_lock: an even marker begins lock-free, an odd one takes the lock.
struct naive_seqlock {
  naive::seqcount count;
  naive::spinlock lock;

  void begin_or_lock(unsigned& marker) {
    if ((marker & 1) == 0) {
      marker = count.read_begin().value_or(0);
    } else {
      (void)lock.lock();
    }
  }
  bool need_retry(unsigned marker) const { return (marker & 1) == 0 && count.read_retry(marker); }
  void done(unsigned marker) {
    if ((marker & 1) != 0) lock.unlock();
  }
  bool try_write() {
    if (!lock.lock(1)) return false;
    count.write_begin();
    count.write_end();
    lock.unlock();
    return true;
  }
};

TEST_F(scenario, S15_marker_misuse) {
  naive_seqlock always_even, leaking;
  constexpr int patience = 1'000;
  int passes = 0;
  unsigned marker = 0;
  do {
    always_even.begin_or_lock(marker);  // the marker should have become 1 after the first pass
    always_even.try_write();
  } while (++passes < patience && always_even.need_retry(marker));
  naive_fails(passes == patience,
              "the marker stayed even, so the lock was never taken: 1000 passes, no value");
  marker = 1;
  leaking.begin_or_lock(marker);
  naive_fails(!leaking.need_retry(marker) && !leaking.try_write(),
              "done() was left out: the lock leaked, and no writer got in any more");

  rtseq::seqlock<> lock;
  int free_passes = 0;
  bool lock_was_held = false;
  lock.read_or_lock(
      [&] {
        if (lock.try_write_lock()) {
          lock.write_unlock();
          ++free_passes;
        } else {
          lock_was_held = true;
        }
      },
      2);
  const bool free_again = lock.try_write_lock();
  if (free_again) lock.write_unlock();
  rtseq_holds(free_passes == 2 && lock_was_held && free_again,
              "no marker: read_or_lock(section, 2) made 2 passes, locked for the third, and unlocked");
}

}  // namespace
