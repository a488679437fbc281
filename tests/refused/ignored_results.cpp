// Results that may not be ignored.
#include <rtseq/context/signal.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

void ignores(rtseq::seqlock<rtseq::signal_context>& lock, rtseq::seqcount<>& count,
             rtseq::seqlocked<int>& value, rtseq::latched<int>& latched, rtseq::read_token token, int& into)
    __attribute__((no_thread_safety_analysis)) {
  lock.read_begin();          // expect: ignoring return value of function declared with 'nodiscard' attribute
  count.read_begin();         // expect: ignoring return value of function declared with 'nodiscard' attribute
  count.read_retry(token);    // expect: ignoring return value of function declared with 'nodiscard' attribute
  lock.try_read([] {});       // expect: ignoring return value of function declared with 'nodiscard' attribute
  lock.try_write_lock();      // expect: ignoring return value of function declared with 'nodiscard' attribute
  lock.write_lock_irqsave();  // expect: ignoring return value of function declared with 'nodiscard' attribute
  value.load();               // expect: ignoring return value of function declared with 'nodiscard' attribute
  value.try_load(into);       // expect: ignoring return value of function declared with 'nodiscard' attribute
  latched.try_store(1);       // expect: ignoring return value of function declared with 'nodiscard' attribute
  rtseq::write_guard{lock};   // expect: ignoring temporary created by a constructor declared with 'nodiscard'
}
