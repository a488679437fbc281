// Real-time functions of a user's: what never waits may be called there, what may wait is refused.
// needs: __has_cpp_attribute(clang::nonblocking)
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/per_byte_memcpy.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <cstring>

struct pose {
  double x, y, z;
};
rtseq::seqlock<> lock;
rtseq::seqcount<> count;
rtseq::seqcount_latch latch;
rtseq::relaxed<int> field;
rtseq::seqlocked<pose> value;
rtseq::seqlocked<pose, rtseq::task_context, rtseq::single_writer> own;
rtseq::latched<pose> copies;
rtseq::deferred_log report;
rtseq::pi_mutex mutex;
rtseq::spinlock spin;

template <class Context>
void masks() noexcept [[clang::nonblocking]] {
  Context::restore(Context::save_and_disable());
  (void)Context::in_interrupt();
  (void)Context::interrupts_enabled();
}

void audio_callback(pose& into) noexcept [[clang::nonblocking]] {
  into = copies.load();
  (void)copies.try_load(into);
  (void)value.try_load(into);
  own.store(into);
  (void)lock.try_read([] { return field.load(); }, 3);
  if (const auto token = lock.try_read_begin()) (void)lock.read_retry(*token);
  (void)count.read_retry(count.raw_read_begin());
  (void)latch.read_retry(latch.read_latch());
  count.write_begin();
  field = 1;
  count.write_end();
  rtseq::atomic_load_per_byte_memcpy(&into, &into, sizeof into, std::memory_order_acquire);
  report.write("late");
  if (spin.try_lock()) spin.unlock();
  rtseq::deferred_enter();
  rtseq::deferred_exit();
  masks<rtseq::task_context>();
  masks<rtseq::threaded_context>();
}

void too_much(pose& into) noexcept [[clang::nonblocking]] __attribute__((no_thread_safety_analysis)) {
  into = value.load();                              // expect: must not call non-'nonblocking' function
  value.store(into);                                // expect: must not call non-'nonblocking' function
  copies.store(into);                               // expect: must not call non-'nonblocking' function
  (void)lock.read_begin();                          // expect: must not call non-'nonblocking' function
  lock.write_lock();                                // expect: must not call non-'nonblocking' function
  mutex.lock();                                     // expect: must not call non-'nonblocking' function
  spin.lock();                                      // expect: must not call non-'nonblocking' function
  report.print("late");                             // expect: must not call non-'nonblocking' function
  (void)count.read_begin();                         // expect: must not call non-'nonblocking' function
  (void)rtseq::signal_context::save_and_disable();  // expect: must not call non-'nonblocking' function
}
