#include "operations.hpp"

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/per_byte_memcpy.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>
#if defined(RTSEQ_RT_RCU)
#include <rtseq/rcu.hpp>
#endif

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

namespace rtseq::rt {
namespace {

using calls = std::vector<call>;
const calls none;
const calls its_id{call::gettid};

template <std::size_t Bytes>
struct bytes {
  std::array<unsigned char, Bytes> all{};
};
constexpr std::chrono::seconds a_second{1};

// A thread that does `work` until the process ends; returns when work has called its argument.
void stall(std::function<void(const std::function<void()>&)> work) {
  static std::atomic<bool> stalled;
  stalled = false;
  std::thread([work = std::move(work)] {
    work([] {
      stalled = true;
      for (;;) ::pause();
    });
  }).detach();
  while (!stalled) {}
}

// What `Context`'s one-step forms ask the kernel, around what the lock asks.
template <class Context>
calls irqsave(calls inner) {
  if (std::is_same_v<Context, rtseq::signal_context>) {
    inner.insert(inner.begin(), call::sigmask);
    inner.push_back(call::sigmask);
  }
  return inner;
}

template <class Context>
void add_seqlock(std::vector<operation>& list, const std::string& context) {
  static rtseq::seqlock<Context> lock;
  static rtseq::relaxed<int> field;
  static const auto read = [] { return field.load(); };
  const auto add = [&](const char* function, const char* promise, const calls& asks, auto run) {
    list.push_back({"seqlock<" + context + ">::" + function, "seqlock.hpp", function, promise, asks, run});
  };
  const auto add_behind_a_writer = [&](const char* function, const char* promise, const calls& asks,
                                       auto run) {
    list.push_back({"seqlock<" + context + ">::" + function + ", behind a writer", "seqlock.hpp", function,
                    promise, asks, run, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.write_lock(); }});
  };
  add("read_begin", "Lock-free", none, [] { (void)lock.read_begin(); });
  add("try_read_begin", "Wait-free", none, [] { (void)lock.try_read_begin(); });
  add("read_retry", "Wait-free", none, [] { (void)lock.read_retry(lock.read_begin()); });
  add("read", "Lock-free", none, [] { (void)lock.read(read); });
  add("try_read", "Wait-free", none, [] { (void)lock.try_read(read); });
  add("try_read_for", "Blocking", none, [] { (void)lock.try_read_for(read, a_second); });
  add("read_or_lock", "Blocking", none, [] { (void)lock.read_or_lock(read); });
  add("changed_since", "Wait-free", none, [] { (void)lock.changed_since(lock.read_begin()); });
  add("write_lock", "the others wait", its_id, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    lock.write_lock();
    lock.write_unlock();
  });
  add("try_write_lock", "Never waits", its_id, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (lock.try_write_lock()) lock.write_unlock();
  });
  add("write_lock_irqsave", "Holds interrupts off", irqsave<Context>(its_id),
      [] { const rtseq::write_irqsave_guard section{lock}; });
  add("read_lock_excl", "Excludes writers", its_id, [] { const rtseq::read_excl_guard section{lock}; });
  add_behind_a_writer("try_read_begin", "Wait-free", none, [] { (void)lock.try_read_begin(); });
  add_behind_a_writer("try_read", "Wait-free", none, [] { (void)lock.try_read(read, 10); });
  add_behind_a_writer("try_write_lock", "Never waits", its_id, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (lock.try_write_lock()) lock.write_unlock();
  });
}

template <class Context, std::size_t Bytes>
void add_values(std::vector<operation>& list, const std::string& context) {
  const std::string type = "<" + std::to_string(Bytes) + " bytes, " + context + ">::";
  static rtseq::seqlocked<bytes<Bytes>, Context> seqlocked;
  static rtseq::latched<bytes<Bytes>, Context> latched;
  static bytes<Bytes> value;
  const auto change = [](auto& copy) { ++copy.all[0]; };
  const auto add = [&](const char* function, const char* promise, const calls& asks, auto run) {
    list.push_back({"seqlocked" + type + function, "seqlocked.hpp", function, promise, asks, run});
  };
  const calls locked = irqsave<Context>(its_id);
  add("load", "Lock-free", none, [] { value = seqlocked.load(); });
  add("try_load", "Wait-free", none, [] { (void)seqlocked.try_load(value); });
  add("try_load_for", "Blocking", none, [] { (void)seqlocked.try_load_for(value, a_second); });
  add("load_versioned", "Waits as load does", none, [] { value = seqlocked.load_versioned().first; });
  add("changed_since", "Wait-free", none,
      [] { (void)seqlocked.changed_since(seqlocked.load_versioned().second); });
  add("store", "Blocking", locked, [] { seqlocked.store(value); });
  add("update", "Blocking", locked, [change] { seqlocked.update(change); });

  const auto add_latched = [&](const char* function, const char* promise, const calls& asks, auto run) {
    list.push_back({"latched" + type + function, "latched.hpp", function, promise, asks, run});
    if (std::string(promise) == "Blocking") return;
    list.push_back({"latched" + type + function + ", behind a writer", "latched.hpp", function, promise, asks,
                    run, [] { stall([](const auto& stop) { latched.update([&](auto&) { stop(); }); }); }});
  };
  add_latched("load", "Lock-free, never waits", none, [] { value = latched.load(); });
  add_latched("try_load", "Wait-free", none, [] { (void)latched.try_load(value); });
  add_latched("try_store", "Waits for no writer", locked, [] { (void)latched.try_store(value); });
  add_latched("store", "Blocking", locked, [] { latched.store(value); });
  add_latched("update", "Blocking", locked, [change] { latched.update(change); });
}

template <class Context>
void add_context(std::vector<operation>& list, const std::string& context, const std::string& header,
                 const char* saves, const char* restores) {
  list.push_back({context + "::save_and_disable", header, "save_and_disable", saves, irqsave<Context>(none),
                  [] { Context::restore(Context::save_and_disable()); }});
  list.push_back({context + "::restore", header, "restore", restores, irqsave<Context>(none),
                  [] { Context::restore(Context::save_and_disable()); }});
  list.push_back({context + "::in_interrupt", header, "in_interrupt", "Wait-free", none,
                  [] { (void)Context::in_interrupt(); }});
}

template <class Context>
void add_everything_of(std::vector<operation>& list, const std::string& context) {
  add_seqlock<Context>(list, context);
  add_values<Context, 8>(list, context);
  add_values<Context, 4096>(list, context);
}

template <class Lock>
void add_lock(std::vector<operation>& list, const std::string& name) {
  static Lock lock;
  const std::string header = "lock/" + name + ".hpp";
  list.push_back({name + "::lock", header, "lock", "Blocking", its_id, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
                    lock.lock();
                    lock.unlock();
                  }});
  const auto try_it = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (lock.try_lock()) lock.unlock();
  };
  list.push_back({name + "::try_lock", header, "try_lock", "Wait-free", its_id, try_it});
  list.push_back({name + "::try_lock, behind another", header, "try_lock", "Wait-free", its_id, try_it,
                  []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.lock(); }});
  list.push_back({name + "::held_by_this_thread", header, "held_by_this_thread", "Wait-free", its_id,
                  [] { (void)lock.held_by_this_thread(); }});
}

void add_counts(std::vector<operation>& list) {
  static rtseq::seqcount<> count;
  static rtseq::pi_mutex lock;
  static rtseq::seqcount<rtseq::pi_mutex> with_lock{lock};
  const auto add = [&](const char* function, const char* promise, auto run, auto run_with_lock) {
    list.push_back({std::string("seqcount<>::") + function, "seqcount.hpp", function, promise, none, run});
    list.push_back({std::string("seqcount<pi_mutex>::") + function, "seqcount.hpp", function, promise, none,
                    run_with_lock});
  };
  const auto both = [&](const char* function, const char* promise, auto run) {
    add(
        function, promise, [run] { run(count); }, [run] { run(with_lock); });
  };
  both("read_begin", "Lock-free", [](auto& c) { (void)c.read_begin(); });
  both("try_read_begin", "Wait-free", [](auto& c) { (void)c.try_read_begin(); });
  both("raw_read_begin", "Wait-free", [](auto& c) { (void)c.raw_read_begin(); });
  both("read_retry", "Wait-free", [](auto& c) { (void)c.read_retry(c.raw_read_begin()); });
  both("changed_since", "Wait-free", [](auto& c) { (void)c.changed_since(c.raw_read_begin()); });
  both("write_invalidate", "Wait-free", [](auto& c) { c.write_invalidate(); });
  both("write_barrier", "Wait-free", [](auto& c) { c.write_barrier(); });
  const auto section = [](auto& c) {
    c.write_begin();
    c.write_end();
  };
  both("write_begin", "Wait-free", section);
  both("write_end", "Wait-free", section);

  static rtseq::seqcount_latch latch;
  const auto add_latch = [&](const char* function, auto run) {
    list.push_back(
        {std::string("seqcount_latch::") + function, "seqcount_latch.hpp", function, "wait-free", none, run});
  };
  add_latch("read_latch", [] { (void)latch.read_latch(); });
  add_latch("index", [] { (void)latch.index(latch.read_latch()); });
  add_latch("read_retry", [] { (void)latch.read_retry(latch.read_latch()); });
  const auto write = [] {
    latch.write_latch_begin();
    latch.write_latch();
    latch.write_latch_end();
  };
  for (const char* function : {"write_latch_begin", "write_latch", "write_latch_end"})
    add_latch(function, write);
}

void add_memory(std::vector<operation>& list) {
  static bytes<4096> shared;
  static bytes<4096> own;
  const auto size = [] { return static_cast<std::size_t>(::getppid() != 0 ? sizeof own : 0); }();
  list.push_back(
      {"atomic_load_per_byte_memcpy", "per_byte_memcpy.hpp", "atomic_load_per_byte_memcpy", "Wait-free", none,
       [size] { rtseq::atomic_load_per_byte_memcpy(&own, &shared, size, std::memory_order_acquire); }});
  list.push_back({"atomic_store_per_byte_memcpy", "per_byte_memcpy.hpp", "atomic_store_per_byte_memcpy",
                  "Wait-free", none, [size] {
                    rtseq::atomic_store_per_byte_memcpy(&shared, &own, size, std::memory_order_release);
                  }});
  static rtseq::relaxed<double> field;
  list.push_back({"relaxed::load", "relaxed.hpp", "load", "Wait-free", none, [] { (void)field.load(); }});
  list.push_back({"relaxed::store", "relaxed.hpp", "store", "Wait-free", none, [] { field.store(1); }});
}

void add_log(std::vector<operation>& list) {
  static rtseq::deferred_log log;
  const auto add = [&](const char* function, const char* promise, const calls& asks, auto run) {
    list.push_back(
        {std::string("deferred_log::") + function, "deferred_log.hpp", function, promise, asks, run});
  };
  add("write", "Lock-free", its_id, [] { log.write("something happened"); });
  add("dropped", "Wait-free", none, [] { (void)log.dropped(); });
  add("in_deferral", "Wait-free", none, [] { (void)rtseq::in_deferral(); });
  const auto deferral = [] {
    rtseq::deferred_enter();
    rtseq::deferred_exit();
  };
  add("deferred_enter", "Wait-free", none, deferral);
  add("deferred_exit", "Wait-free", none, deferral);
}

#if defined(RTSEQ_RT_RCU)
template <class Flavour>
void add_rcu(std::vector<operation>& list, const std::string& flavour) {
  static rtseq::rcu_pointer<const int> pointer;
  static const int value = 1;
  list.push_back({"rcu_domain<" + flavour + ">::lock, unlock",
                  "rcu.hpp",
                  "lock",
                  "Wait-free",
                  none,
                  [] {
                    const rtseq::rcu_reader<Flavour> reader;
                    (void)pointer.load();
                  },
                  {},
                  [] { static const thread_local rtseq::rcu_thread<Flavour> registered; }});
  list.push_back({"rcu_pointer::exchange, " + flavour, "rcu_pointer.hpp", "exchange", "Wait-free", none,
                  [] { (void)pointer.exchange(&value); }});
}
#endif

}  // namespace

std::vector<operation> all_operations() {
  std::vector<operation> list;
  add_memory(list);
  add_counts(list);
  add_lock<rtseq::pi_mutex>(list, "pi_mutex");
  add_lock<rtseq::spinlock>(list, "spinlock");
  add_context<rtseq::signal_context>(list, "signal_context", "context/signal.hpp", "One system call",
                                     "One system call");
  add_context<rtseq::deferred_signal_context>(list, "deferred_signal_context", "context/deferred_signal.hpp",
                                              "Wait-free", "Wait-free");
  add_context<rtseq::threaded_context>(list, "threaded_context", "context/threaded.hpp", "Wait-free",
                                       "Wait-free");
  add_context<rtseq::virtual_cpu_context>(list, "virtual_cpu_context", "context/virtual_cpu.hpp", "wait-free",
                                          "lock-free");
  add_everything_of<rtseq::task_context>(list, "task_context");
  add_everything_of<rtseq::signal_context>(list, "signal_context");
  add_everything_of<rtseq::deferred_signal_context>(list, "deferred_signal_context");
  add_everything_of<rtseq::threaded_context>(list, "threaded_context");
  add_everything_of<rtseq::virtual_cpu_context>(list, "virtual_cpu_context");
  add_log(list);
#if defined(RTSEQ_RT_RCU)
  add_rcu<rtseq::rcu_memb>(list, "rcu_memb");
  add_rcu<rtseq::rcu_mb>(list, "rcu_mb");
#endif
  return list;
}

}  // namespace rtseq::rt
