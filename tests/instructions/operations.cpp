// The hot operations, one function each, for callgrind to count: what is counted is the function with all it calls.
//
// None is contended, nobody waits, and a name that changes is a new line in counts.txt.
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/rcu.hpp>
#include <rtseq/rcu_pointer.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

namespace {

constexpr int rounds = 1000;

template <std::size_t Bytes>
struct payload {
  std::uint64_t words[Bytes / 8];
};
template <std::size_t Bytes>
payload<Bytes> buffer;
bool answer;

rtseq::seqcount<> count;
rtseq::seqcount_latch latch;
rtseq::relaxed<std::uint64_t> field;
rtseq::spinlock spinning;
rtseq::pi_mutex mutex;
rtseq::basic_deferred_log<16> records{[](void*, const rtseq::log_record&) {}};
template <class Context>
rtseq::seqlock<Context> lock;
template <std::size_t Bytes>
rtseq::seqlocked<payload<Bytes>> value;
template <std::size_t Bytes>
rtseq::seqlocked<payload<Bytes>, rtseq::task_context, rtseq::single_writer> unlocked_value;
template <std::size_t Bytes>
rtseq::latched<payload<Bytes>> two_copies;

struct node {
  std::uint64_t number = 7;
};
node published_node;
rtseq::rcu_pointer<node> pointer{&published_node};

template <class Context>
void write_guarded() {
  const rtseq::write_guard guard{lock<Context>};
}
template <class Context>
void write_irqsave_guarded() {
  const rtseq::write_irqsave_guard guard{lock<Context>};
}
template <class Context>
void save_and_restore() {
  const rtseq::irqsave_guard<Context> guard;
}
template <class Operation>
void repeat(Operation operation) {
  for (int i = 0; i < rounds; ++i) operation();
}

}  // namespace

#define OPERATION extern "C" [[gnu::noinline]] void
#define REPEAT(name) repeat([] { name(); })

OPERATION op_seqcount_read() {
  const auto token = count.raw_read_begin();
  answer = count.read_retry(token);
}
OPERATION op_seqcount_write() { count.write_begin(), count.write_end(); }
OPERATION op_seqcount_latch_read() {
  const auto token = latch.read_latch();
  answer = latch.read_retry(token);
}
OPERATION op_seqlock_read_begin_retry() {
  const auto token = lock<rtseq::task_context>.read_begin();
  answer = lock<rtseq::task_context>.read_retry(token);
}
OPERATION op_seqlock_write_guard_task() { write_guarded<rtseq::task_context>(); }
OPERATION op_seqlock_read_excl_guard_task() { const rtseq::read_excl_guard guard{lock<rtseq::task_context>}; }
OPERATION op_seqlock_irqsave_task() { write_irqsave_guarded<rtseq::task_context>(); }
OPERATION op_seqlock_irqsave_signal() { write_irqsave_guarded<rtseq::signal_context>(); }
OPERATION op_seqlock_irqsave_deferred_signal() { write_irqsave_guarded<rtseq::deferred_signal_context>(); }
OPERATION op_seqlock_irqsave_threaded() { write_irqsave_guarded<rtseq::threaded_context>(); }
OPERATION op_seqlock_irqsave_virtual_cpu() { write_irqsave_guarded<rtseq::virtual_cpu_context>(); }
OPERATION op_save_restore_deferred_signal() { save_and_restore<rtseq::deferred_signal_context>(); }
OPERATION op_seqlocked_load_8() { buffer<8> = value<8>.load(); }
OPERATION op_seqlocked_load_64() { buffer<64> = value<64>.load(); }
OPERATION op_seqlocked_load_256() { buffer<256> = value<256>.load(); }
OPERATION op_seqlocked_try_load_64() { answer = value<64>.try_load(buffer<64>); }
OPERATION op_seqlocked_store_8() { value<8>.store(buffer<8>); }
OPERATION op_seqlocked_store_64() { value<64>.store(buffer<64>); }
OPERATION op_seqlocked_store_256() { value<256>.store(buffer<256>); }
OPERATION op_seqlocked_store_64_single_writer() { unlocked_value<64>.store(buffer<64>); }
OPERATION op_latched_load_64() { buffer<64> = two_copies<64>.load(); }
OPERATION op_latched_store_64() { two_copies<64>.store(buffer<64>); }
OPERATION op_spinlock() { spinning.lock(), spinning.unlock(); }
OPERATION op_pi_mutex() { mutex.lock(), mutex.unlock(); }
OPERATION op_relaxed() { field = field + 1; }
OPERATION op_rcu_read_section() {
  const rtseq::rcu_reader<> reader;
  buffer<8>.words[0] = pointer.load()->number;
}
OPERATION op_deferred_log_write() { records.write("node 3 is offline"); }
OPERATION op_deferred_log_flush() { records.flush(); }

int main() {
  mutex.lock(), mutex.unlock();  // what a thread does once, done: its id is known, RCU knows it
  { const rtseq::rcu_reader<> reader; }
  REPEAT(op_seqcount_read), REPEAT(op_seqcount_write), REPEAT(op_seqcount_latch_read);
  REPEAT(op_seqlock_read_begin_retry), REPEAT(op_seqlock_write_guard_task);
  REPEAT(op_seqlock_read_excl_guard_task), REPEAT(op_seqlock_irqsave_task), REPEAT(op_seqlock_irqsave_signal);
  REPEAT(op_seqlock_irqsave_deferred_signal), REPEAT(op_seqlock_irqsave_threaded);
  REPEAT(op_seqlock_irqsave_virtual_cpu), REPEAT(op_save_restore_deferred_signal);
  REPEAT(op_seqlocked_load_8), REPEAT(op_seqlocked_load_64), REPEAT(op_seqlocked_load_256);
  REPEAT(op_seqlocked_try_load_64), REPEAT(op_seqlocked_store_8), REPEAT(op_seqlocked_store_64);
  REPEAT(op_seqlocked_store_256), REPEAT(op_seqlocked_store_64_single_writer);
  REPEAT(op_latched_load_64), REPEAT(op_latched_store_64), REPEAT(op_spinlock), REPEAT(op_pi_mutex);
  REPEAT(op_relaxed), REPEAT(op_rcu_read_section);
  // In turn, so that there is room for each record and something to flush.
  repeat([] { op_deferred_log_write(), op_deferred_log_flush(); });
}
