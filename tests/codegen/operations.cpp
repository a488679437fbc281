// Every operation that lockdep has a hook in. Compiled as it is, and from headers without the hooks: the same code.
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
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <chrono>
#include <cstdint>

using namespace rtseq;

struct pose {
  double x, y, heading;
};

template <class Context, class Lock>
struct operations {
  seqlock<Context, Lock> lock;
  seqlocked<pose, Context, Lock> value;
  latched<pose, Context, Lock> two_copies;
  Lock mutex;
  seqcount<Lock> counted{mutex};

  std::uint64_t all(std::uint64_t n) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    std::uint64_t sum = lock.read([&] { return n; });
    sum += lock.try_read([&] { return n; }).value_or(1);
    sum += lock.try_read_for([&] { return n; }, std::chrono::seconds{1}).value_or(1);
    const auto begun = lock.read_begin();
    sum += lock.read_retry(begun) + lock.changed_since(begun) + lock.try_read_begin().has_value();
    { const write_guard section{lock}; }
    { const write_irqsave_guard section{lock}; }
    { const irqsave_guard<Context> off; }
    if (lock.try_write_lock()) lock.write_unlock();
    if constexpr (excluding_lock<Lock>) {
      sum += lock.read_or_lock([&] { return n; });
      lock.wait_changed(begun);
      const read_excl_guard section{lock};
    }
    value.store({1, 2, 3});
    value.update([](pose& p) { p.x += 1; });
    sum += static_cast<std::uint64_t>(value.load().x + value.load_versioned().first.y);
    two_copies.store({1, 2, 3});
    two_copies.update([](pose& p) { p.x += 1; });
    sum += two_copies.try_store({1, 2, 3}) + static_cast<std::uint64_t>(two_copies.load().x);
    lock_traits<Lock>::lock(mutex);
    counted.write_begin();
    counted.write_end();
    counted.write_invalidate();
    counted.write_barrier();
    lock_traits<Lock>::unlock(mutex);
    const auto token = counted.read_begin();
    return sum + counted.read_retry(token) + counted.changed_since(token);
  }
};

template struct operations<task_context, pi_mutex>;
template struct operations<task_context, spinlock>;
template struct operations<task_context, single_writer>;
template struct operations<task_context, std::mutex>;
template struct operations<signal_context, pi_mutex>;
template struct operations<deferred_signal_context, pi_mutex>;
template struct operations<threaded_context, pi_mutex>;
template struct operations<virtual_cpu_context, spinlock>;

void bare(seqcount<>& count, seqcount_latch& latch, basic_deferred_log<16>& log) {
  count.write_begin();
  count.write_end();
  const auto token = count.read_begin();
  (void)count.read_retry(token);
  latch.write_latch_begin();
  latch.write_latch();
  latch.write_latch_end();
  const deferred_guard deferral(log);
  const signal_handler_scope handler;
  log.print("text");
}

// Objects with names, and without.
#if defined(WITH_NAMES)
#define NAMED \
  lockdep::name { "the name of a class" }
#define AND_NAMED , NAMED
#else
#define NAMED
#define AND_NAMED
#endif
constinit seqlock<signal_context> lock_object{NAMED};
constinit seqlocked<int> value_object{NAMED};
constinit seqlocked<int> initial_object{3 AND_NAMED};
constinit latched<int> latched_object{NAMED};
constinit latched<int> latched_initial{3 AND_NAMED};
constinit pi_mutex mutex_object{NAMED};
constinit spinlock spinlock_object{NAMED};
constinit lockdep::checked<std::mutex> adapted_object{NAMED};
constinit seqcount<> count_object{NAMED};
constinit seqcount<pi_mutex> counted_object{mutex_object AND_NAMED};
constinit seqcount_latch latch_object{NAMED};
int on_the_stack(int n) {
  seqlocked<int> value{n AND_NAMED};
  value.update([](int& v) { ++v; });
  return value.load();
}

// Sizes, in the object code where they can be compared.
extern const std::size_t sizes[];
const std::size_t sizes[] = {sizeof(pi_mutex),
                             sizeof(spinlock),
                             sizeof(single_writer),
                             sizeof(seqcount<>),
                             sizeof(seqcount<pi_mutex>),
                             sizeof(seqcount<std::mutex>),
                             sizeof(seqcount_latch),
                             sizeof(seqlock<>),
                             sizeof(seqlock<task_context, std::mutex>),
                             sizeof(seqlocked<pose>),
                             sizeof(latched<pose>),
                             sizeof(write_irqsave_guard<seqlock<signal_context>>)};
