// What Clang's -Wthread-safety says of wrong locking, with every type of lock.
#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqlock.hpp>

rtseq::seqlock<> zones;
rtseq::pi_mutex mutex;
rtseq::spinlock spinning;
rtseq::single_writer writer;
rtseq::lockdep::checked<std::mutex> console;
int total __attribute__((guarded_by(zones)));

void unlocked() { ++total; }  // expect: writing variable 'total' requires holding seqlock 'zones' exclusively
void right() {
  const rtseq::write_guard section{zones};
  ++total;
}
void right_with_irqsave() {
  const rtseq::write_irqsave_guard section{zones};
  ++total;
}
int reads_excluding_writers() {
  const rtseq::read_excl_guard section{zones};
  return total;
}

void left_locked() {
  zones.write_lock();
}  // expect: (mutex|seqlock) 'zones' is still held at the end of function
void not_held() { zones.write_unlock(); }  // expect: releasing (mutex|seqlock) 'zones' that was not held
void twice() {
  zones.write_lock();
  zones.write_lock();  // expect: acquiring (mutex|seqlock) 'zones' that is already held
  zones.write_unlock();
}
void tried_and_used() {
  (void)zones.try_write_lock();
  zones.write_unlock();  // expect: releasing (mutex|seqlock) 'zones' that was not held
}
void under_a_guard() {
  const rtseq::write_guard section{zones};
  const rtseq::write_irqsave_guard again{zones};  // expect: acquiring seqlock 'zones' that is already held
}
void read_in_the_own_section() {  // S8
  const rtseq::write_guard section{zones};
  (void)
      zones.read_begin();  // expect: cannot call function 'read_begin' while (mutex|seqlock) 'zones' is held
  zones.read([] {});       // expect: cannot call function 'read' while (mutex|seqlock) 'zones' is held
}
void one_way_only(bool found) {
  zones.read_lock_excl();
  if (found) return;
  zones.read_unlock_excl();
}  // expect: (mutex|seqlock) 'zones' is not held on every path through here

void mutex_left() { mutex.lock(); }  // expect: mutex 'mutex' is still held at the end of function
void spinlock_left() {
  spinning.lock();
}  // expect: (mutex|spinlock) 'spinning' is still held at the end of function
void writer_left() {
  writer.lock();
}  // expect: (mutex|single writer) 'writer' is still held at the end of function
void adapter_left() { console.lock(); }  // expect: mutex 'console' is still held at the end of function
