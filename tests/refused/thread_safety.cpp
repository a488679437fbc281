// What Clang's -Wthread-safety says of wrong locking, with every type of lock and every guard.
#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqlock.hpp>

#include <chrono>
#include <shared_mutex>

rtseq::seqlock<> zones;
rtseq::pi_mutex mutex;
rtseq::spinlock spinning;
rtseq::single_writer writer;
rtseq::lockdep::checked<std::mutex> console;
rtseq::lockdep::checked<std::shared_timed_mutex> table;
int total __attribute__((guarded_by(zones)));
int rows __attribute__((guarded_by(table)));

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
void under_every_guard() {
  {
    const rtseq::write_irqsave_guard section{zones};
    zones.write_lock();  // expect: acquiring (mutex|seqlock) 'zones' that is already held
  }
  {
    const rtseq::read_excl_guard section{zones};
    zones.read_or_lock([] {});  // expect: cannot call function 'read_or_lock' while (mutex|seqlock) 'zones'
  }
  {
    const rtseq::read_excl_irqsave_guard section{zones};
    const rtseq::read_excl_guard again{zones};  // expect: acquiring seqlock 'zones' that is already held
  }
  const rtseq::lockdep::guard held{console};
  console.lock();  // expect: acquiring mutex 'console' that is already held
}
void irqsave_left() {
  (void)zones.write_lock_irqsave();
}  // expect: (mutex|seqlock) 'zones' is still held at the end of function
void excl_irqsave_left() {
  (void)zones.read_lock_excl_irqsave();
}  // expect: (mutex|seqlock) 'zones' is still held at the end of function
void restored_twice() {
  const auto flags = zones.write_lock_irqsave();
  zones.write_unlock_irqrestore(flags);
  zones.write_unlock_irqrestore(flags);  // expect: releasing (mutex|seqlock) 'zones' that was not held
}
void waits_in_the_own_section(rtseq::read_token token) {
  const rtseq::write_guard section{zones};
  zones.wait_changed(token);  // expect: cannot call function 'wait_changed' while (mutex|seqlock) 'zones'
}

int reads_shared() {
  const rtseq::lockdep::shared_guard reader{table};
  return rows;
}
void writes_shared() {
  const rtseq::lockdep::shared_guard reader{table};
  ++rows;  // expect: writing variable 'rows' requires holding mutex 'table' exclusively
}
int reads_unlocked() {
  return rows;  // expect: reading variable 'rows' requires holding mutex 'table'
}
void shared_left() { table.lock_shared(); }  // expect: mutex 'table' is still held at the end of function
void shared_released_unheld() {
  table.unlock_shared();  // expect: releasing mutex 'table' that was not held
}
void timed_used_untested() {
  (void)table.try_lock_for(std::chrono::seconds{1});
  ++rows;  // expect: writing variable 'rows' requires holding mutex 'table' exclusively
}
void timed_tested() {
  if (!table.try_lock_for(std::chrono::seconds{1})) return;
  ++rows;
  table.unlock();
}
void one_way_only(bool found) {
  zones.read_lock_excl();
  if (found) return;
  zones.read_unlock_excl();
}  // expect: (mutex|seqlock) 'zones' is not held on every path through here

void tried_without_a_look() {
  (void)mutex.try_lock();
  mutex.unlock();  // expect: releasing mutex 'mutex' that was not held
  (void)spinning.try_lock();
  spinning.unlock();  // expect: releasing (mutex|spinlock) 'spinning' that was not held
  (void)writer.try_lock();
  writer.unlock();  // expect: releasing (mutex|single writer) 'writer' that was not held
  (void)console.try_lock();
  console.unlock();  // expect: releasing mutex 'console' that was not held
}
void mutex_left() { mutex.lock(); }  // expect: mutex 'mutex' is still held at the end of function
void spinlock_left() {
  spinning.lock();
}  // expect: (mutex|spinlock) 'spinning' is still held at the end of function
void writer_left() {
  writer.lock();
}  // expect: (mutex|single writer) 'writer' is still held at the end of function
void adapter_left() { console.lock(); }  // expect: mutex 'console' is still held at the end of function
