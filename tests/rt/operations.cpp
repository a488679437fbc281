#include "operations.hpp"

#include "promises.hpp"

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
#include <rtseq/per_byte_memcpy.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>
#include <rtseq/violation.hpp>
#if defined(RTSEQ_RT_RCU)
#include <rtseq/rcu.hpp>
#endif

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>
#include <utility>

namespace rtseq::rt {
namespace {

using calls = std::vector<call>;
const calls none;
const calls its_id{call::gettid};
const std::function<void()> not_without_the_kernel;

template <std::size_t Bytes>
struct bytes {
  std::array<unsigned char, Bytes> all{};
};
constexpr std::chrono::seconds a_second{1};
std::chrono::steady_clock::time_point in_a_second() { return std::chrono::steady_clock::now() + a_second; }

// Adds what one type, or one header, has.
class adder {
 public:
  adder(std::vector<operation>& list, std::string of, std::string header, std::string when = "")
      : list_{list}, of_{std::move(of)}, header_{std::move(header)}, when_{std::move(when)} {}

  operation& operator()(const char* function, const promise& promised, const calls& asks,
                        std::function<void()> run, const std::string& when = "") {
    const char* const comma = when_.empty() || when.empty() ? "" : ", ";
    list_.push_back({of_, function, header_, &promised, when_ + comma + when, asks, std::move(run)});
    return list_.back();
  }

 private:
  std::vector<operation>& list_;
  const std::string of_, header_, when_;
};

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

// What waiting is promised to be, by what the writers' lock can do.
template <class Lock>
struct promises_over {
  static constexpr bool lends = rtseq::lock_traits<Lock>::boosts_owner;
  static constexpr bool excludes = rtseq::excluding_lock<Lock>;
  static constexpr const promise& begin = lends ? promises::begins : promises::polls;
  static constexpr const promise& read = lends ? promises::reads : promises::polls;
  static constexpr const promise& timed_read = lends ? promises::reads_timed : promises::polls_timed;
  static constexpr const promise& bounded_read = lends ? promises::reads_or_locks : promises::spins;
  static constexpr const promise& lock =
      lends ? promises::locks : (excludes ? promises::spins : promises::writes_alone);
  // single_writer asks for no id to see that somebody else writes.
  static const calls& behind(const calls& asks) { return excludes ? asks : none; }
  static const char* name() {
    if (std::is_same_v<Lock, rtseq::spinlock>) return "spinlock";
    return std::is_same_v<Lock, rtseq::single_writer> ? "single_writer" : "pi_mutex";
  }
  static std::string name(const std::string& type) { return lends ? type : type + " over " + name(); }
};

template <class Context, class Lock>
void add_seqlock(std::vector<operation>& list, const std::string& context) {
  using over = promises_over<Lock>;
  static rtseq::seqlock<Context, Lock> lock;
  static rtseq::relaxed<int> field;
  static const auto read = [] { return field.load(); };
  const auto behind_a_writer = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.write_lock(); };
  adder add{list, "seqlock", "seqlock.hpp", context + ", " + over::name()};
  adder add_over{list, over::name("seqlock"), "seqlock.hpp", context};

  add_over("read_begin", over::begin, none, [] { (void)lock.read_begin(); });
  add_over("read", over::read, none, [] { (void)lock.read(read); });
  add_over("try_read_for", over::timed_read, none, [] { (void)lock.try_read_for(read, a_second); });
  add_over("try_read_until", over::timed_read, none, [] { (void)lock.try_read_until(read, in_a_second()); });
  const auto try_read = [] { (void)lock.try_read(read, 10); };
  add("try_read", promises::one_pass, none, try_read);
  add("try_read", promises::one_pass, none, try_read, "behind a writer").meanwhile = behind_a_writer;

  const calls locked = irqsave<Context>(its_id);
  const auto write = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    lock.write_lock();
    lock.write_unlock();
  };
  const auto write_irqsave = [] { const rtseq::write_irqsave_guard section{lock}; };
  const auto try_write = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (lock.try_write_lock()) lock.write_unlock();
  };
  if constexpr (over::excludes) {
    const auto exclude = [] { const rtseq::read_excl_guard section{lock}; };
    const auto exclude_irqsave = [] { const rtseq::read_excl_irqsave_guard section{lock}; };
    add_over("read_or_lock", over::bounded_read, none, [] { (void)lock.read_or_lock(read); });
    add_over(
        "read_or_lock", over::bounded_read, locked, [] { (void)lock.read_or_lock(read, 0); }, "at once");
    add_over("read_lock_excl", over::lock, its_id, exclude);
    add_over("read_lock_excl_irqsave", over::lock, locked, exclude_irqsave);
    add("read_unlock_excl", promises::unlocks, its_id, exclude);
    add("read_unlock_excl_irqrestore", promises::unlocks, locked, exclude_irqsave);
    add("wait_changed", promises::sleeps, its_id, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
      const auto before = lock.read_begin();
      lock.write_lock();
      lock.write_unlock();
      lock.wait_changed(before);
    });
  }
  add_over("write_lock", over::lock, its_id, write);
  add_over("write_lock_irqsave", over::lock, locked, write_irqsave);
  add("try_write_lock", promises::tries_lock, its_id, try_write);
  add("try_write_lock", promises::tries_lock, over::behind(its_id), try_write, "behind a writer").meanwhile =
      behind_a_writer;
  add("write_unlock", promises::unlocks, its_id, write);
  add("write_unlock_irqrestore", promises::unlocks, locked, write_irqsave);

  const auto try_begin = [] { (void)lock.try_read_begin(); };
  add("try_read_begin", promises::constant, none, try_begin);
  add("try_read_begin", promises::constant, none, try_begin, "behind a writer").meanwhile = behind_a_writer;
  add("read_retry", promises::constant, none, [] { (void)lock.read_retry(lock.read_begin()); });
  add("changed_since", promises::constant, none, [] { (void)lock.changed_since(lock.read_begin()); });
}

template <class Context, class Lock, std::size_t Bytes>
void add_seqlocked(std::vector<operation>& list, const std::string& context) {
  using over = promises_over<Lock>;
  static rtseq::seqlocked<bytes<Bytes>, Context, Lock> it;
  static bytes<Bytes> value;
  const calls locked = irqsave<Context>(its_id);
  const std::string when = context + ", " + std::to_string(Bytes) + " bytes";
  adder add{list, "seqlocked", "seqlocked.hpp", when + ", " + over::name()};
  adder add_over{list, over::name("seqlocked"), "seqlocked.hpp", when};
  add_over("load", over::read, none, [] { value = it.load(); });
  add_over("load_versioned", over::read, none, [] { value = it.load_versioned().first; });
  add_over("try_load_for", over::timed_read, none, [] { (void)it.try_load_for(value, a_second); });
  add_over("try_load_until", over::timed_read, none, [] { (void)it.try_load_until(value, in_a_second()); });
  add("try_load", promises::one_pass, none, [] { (void)it.try_load(value); });
  add_over("store", over::lock, locked, [] { it.store(value); });
  add_over("update", over::lock, locked, [] { it.update([](auto& copy) { ++copy.all[0]; }); });
  add("changed_since", promises::constant, none, [] { (void)it.changed_since(it.load_versioned().second); });
  if constexpr (over::excludes) {
    add("wait_changed", promises::sleeps, locked, [] {
      const auto before = it.load_versioned().second;
      it.store(value);
      it.wait_changed(before);
    });
  }
}

template <class Context, class Lock, std::size_t Bytes>
void add_latched(std::vector<operation>& list, const std::string& context) {
  using over = promises_over<Lock>;
  static rtseq::latched<bytes<Bytes>, Context, Lock> it;
  static bytes<Bytes> value;
  const calls locked = irqsave<Context>(its_id);
  const auto behind_a_writer = [] { stall([](const auto& stop) { it.update([&](auto&) { stop(); }); }); };
  adder add{list, "latched", "latched.hpp", context + ", " + std::to_string(Bytes) + " bytes"};
  adder add_over{list, over::name("latched"), "latched.hpp",
                 context + ", " + std::to_string(Bytes) + " bytes"};
  const auto add_both = [&](const char* function, const promise& promised, const calls& asks,
                            const calls& asks_behind, auto run) {
    add(function, promised, asks, run);
    add(function, promised, asks_behind, run, "behind a writer").meanwhile = behind_a_writer;
  };
  add_both("load", promises::latch_load, none, none, [] { value = it.load(); });
  add_both("try_load", promises::one_pass, none, none, [] { (void)it.try_load(value); });
  add_both("try_store", promises::tries_lock, locked, irqsave<Context>(over::behind(its_id)),
           [] { (void)it.try_store(value); });
  add_over("store", over::lock, locked, [] { it.store(value); });
  add_over("update", over::lock, locked, [] { it.update([](auto& copy) { ++copy.all[0]; }); });
}

template <class Context, class Lock = typename Context::lock_type>
void add_values(std::vector<operation>& list, const std::string& context) {
  add_latched<Context, Lock, 8>(list, context);
  add_latched<Context, Lock, 4096>(list, context);
  add_seqlocked<Context, Lock, 8>(list, context);
  add_seqlocked<Context, Lock, 4096>(list, context);
  add_seqlock<Context, Lock>(list, context);
}

template <class Lock>
void add_lock(std::vector<operation>& list, const std::string& name, const promise& lock_promise,
              const promise& unlock_promise) {
  static Lock lock;
  const auto lock_it = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    lock.lock();
    lock.unlock();
  };
  const auto try_it = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (lock.try_lock()) lock.unlock();
  };
  adder add{list, name, "lock/" + name + ".hpp"};
  add("lock", lock_promise, its_id, lock_it);
  add("unlock", unlock_promise, its_id, lock_it);
  add("try_lock", promises::constant, its_id, try_it);
  add("try_lock", promises::constant, promises_over<Lock>::behind(its_id), try_it, "behind another")
      .meanwhile = []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.lock(); };
  add("held_by_this_thread", promises::constant, its_id, [] { (void)lock.held_by_this_thread(); });
  if constexpr (requires { lock.try_lock_until(in_a_second()); }) {
    add("try_lock_until", promises::locks_timed, its_id, []() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
      if (lock.try_lock_until(in_a_second())) lock.unlock();
    });
  }
}

template <class Count>
void add_count(std::vector<operation>& list, const std::string& of, Count& count, const promise& begin) {
  adder{list, of, "seqcount.hpp"}("read_begin", begin, none, [&] { (void)count.read_begin(); });
  adder add{list, "seqcount", "seqcount.hpp", of};
  add("try_read_begin", promises::constant, none, [&] { (void)count.try_read_begin(); });
  add("raw_read_begin", promises::constant, none, [&] { (void)count.raw_read_begin(); });
  add("read_retry", promises::constant, none, [&] { (void)count.read_retry(count.raw_read_begin()); });
  add("changed_since", promises::constant, none, [&] { (void)count.changed_since(count.raw_read_begin()); });
  add("write_invalidate", promises::constant, none, [&] { count.write_invalidate(); });
  add("write_barrier", promises::constant, none, [&] { count.write_barrier(); });
  for (const char* function : {"write_begin", "write_end"}) {
    add(function, promises::constant, none, [&] {
      count.write_begin();
      count.write_end();
    });
  }
}

void add_counts(std::vector<operation>& list) {
  static rtseq::pi_mutex lock;
  static rtseq::seqcount<rtseq::pi_mutex> with_lock{lock};
  static rtseq::seqcount<> bare;
  add_count(list, "seqcount<pi_mutex>", with_lock, promises::begins);
  add_count(list, "seqcount<>", bare, promises::polls);

  static rtseq::seqcount_latch latch;
  adder add{list, "seqcount_latch", "seqcount_latch.hpp"};
  add("read_latch", promises::constant, none, [] { (void)latch.read_latch(); });
  add("index", promises::constant, none, [] { (void)latch.index(latch.read_latch()); });
  add("read_retry", promises::constant, none, [] { (void)latch.read_retry(latch.read_latch()); });
  for (const char* function : {"write_latch_begin", "write_latch", "write_latch_end"}) {
    add(function, promises::constant, none, [] {
      latch.write_latch_begin();
      latch.write_latch();
      latch.write_latch_end();
    });
  }
}

void add_memory(std::vector<operation>& list) {
  static bytes<4096> shared;
  static bytes<4096> own;
  const auto size = [] { return static_cast<std::size_t>(::getppid() != 0 ? sizeof own : 0); }();
  adder add{list, "", "per_byte_memcpy.hpp"};
  add("atomic_load_per_byte_memcpy", promises::one_pass, none,
      [size] { rtseq::atomic_load_per_byte_memcpy(&own, &shared, size, std::memory_order_acquire); });
  add("atomic_store_per_byte_memcpy", promises::one_pass, none,
      [size] { rtseq::atomic_store_per_byte_memcpy(&shared, &own, size, std::memory_order_release); });
  static rtseq::relaxed<double> field;
  adder add_field{list, "relaxed", "relaxed.hpp"};
  add_field("load", promises::constant, none, [] { (void)field.load(); });
  add_field("store", promises::constant, none, [] { field.store(1); });
}

template <class Context>
void add_context(std::vector<operation>& list, const std::string& name, const std::string& header,
                 const promise& save, const promise& restore, const promise& ask = promises::constant,
                 const std::function<void()>& before = {}) {
  const bool asks = &ask != &promises::constant;
  adder add{list, name, header};
  const auto mask = [] { Context::restore(Context::save_and_disable()); };
  add("save_and_disable", save, irqsave<Context>(none), mask).before = before;
  add("restore", restore, irqsave<Context>(none), mask).before = before;
  add("in_interrupt", promises::constant, none, [] { (void)Context::in_interrupt(); }).before = before;
  add("interrupts_enabled", ask, asks ? calls{call::sigmask} : none, [] {
    (void)Context::interrupts_enabled();
  }).before = before;
  if constexpr (requires { typename Context::handler_scope; }) {
    const char* const scope = asks ? "signal_handler_scope" : "handler_scope";
    add(scope, promises::constant, none, [] { const typename Context::handler_scope handler; });
  }
}

void add_contexts(std::vector<operation>& list) {
  using promises::constant;
  add_context<rtseq::signal_context>(list, "signal_context", "context/signal.hpp", promises::masks,
                                     promises::masks, promises::masks);
  adder{list, "all_signals", "context/signal.hpp"}("set", constant, none,
                                                   [] { (void)rtseq::all_signals::set(); });

  const std::string deferred = "context/deferred_signal.hpp";
  add_context<rtseq::deferred_signal_context>(list, "deferred_signal_context", deferred, constant,
                                              promises::unmasks_deferred);
  adder add_deferred{list, "deferred_signal_context", deferred};
  add_deferred("register_handler", promises::sets_up, {}, not_without_the_kernel);
  add_deferred("unregister_handler", promises::sets_up, {}, not_without_the_kernel);

  static rtseq::virtual_cpu cpu;
  const auto become_its_task = [] { static const thread_local rtseq::virtual_cpu::task_scope task{cpu}; };
  const std::string of_cpus = "context/virtual_cpu.hpp";
  add_context<rtseq::virtual_cpu_context>(list, "virtual_cpu_context", of_cpus, promises::masks_cpu,
                                          promises::unmasks_cpu, constant, become_its_task);
  adder add{list, "virtual_cpu", of_cpus};
  add("interrupt", promises::interrupts, none, [] { cpu.interrupt([] {}); });
  add("preemption_point", promises::masks_cpu, none, [] { cpu.preemption_point(); }).before = become_its_task;
  add("interrupt_pending", constant, none, [] { (void)cpu.interrupt_pending(); });
  add("task_scope", constant, none, [] { const rtseq::virtual_cpu::task_scope task{cpu}; });

  add_context<rtseq::threaded_context>(list, "threaded_context", "context/threaded.hpp", constant, constant);
  add_context<rtseq::task_context>(list, "task_context", "context.hpp", constant, constant);
}

void add_log(std::vector<operation>& list) {
  static rtseq::deferred_log log{[](void*, const rtseq::log_record&) {}};
  const auto deferral = [] {
    rtseq::deferred_enter();
    rtseq::deferred_exit();
  };
  adder add{list, "deferred_log", "deferred_log.hpp"};
  add("write", promises::logs, its_id, [] { log.write("something happened"); });
  add("print", promises::prints, its_id, [] { log.print("something happened"); });
  add("flush", promises::prints, its_id, [] { log.flush(); });
  add("dropped", promises::constant, none, [] { (void)log.dropped(); });
  adder add_free{list, "", "deferred_log.hpp"};
  add_free("in_deferral", promises::constant, none, [] { (void)rtseq::in_deferral(); });
  add_free("deferred_enter", promises::constant, none, deferral);
  add_free("deferred_exit", promises::constant, none, deferral);
  adder{list, "", "log_sink.hpp"}("log_to_stderr", promises::writes_out, {}, not_without_the_kernel);
  adder{list, "", "violation.hpp"}("set_violation_handler", promises::constant, none,
                                   [] { rtseq::set_violation_handler(nullptr); });
}

#if defined(RTSEQ_RT_RCU)
template <class Flavour>
void add_flavour(std::vector<operation>& list, const std::string& flavour) {
  const auto read = [] { const rtseq::rcu_reader<Flavour> reader; };
  const auto registered = [] { static const thread_local rtseq::rcu_thread<Flavour> registration; };
  adder add{list, "rcu_domain", "rcu.hpp", flavour};
  for (const char* function : {"lock", "try_lock", "unlock"})
    add(function, promises::reads_pointers, none, read).before = registered;
}

void add_rcu(std::vector<operation>& list) {
  add_flavour<rtseq::rcu_bp>(list, "rcu_bp");
  add_flavour<rtseq::rcu_memb>(list, "rcu_memb");
  add_flavour<rtseq::rcu_mb>(list, "rcu_mb");
  add_flavour<rtseq::rcu_qsbr>(list, "rcu_qsbr");
  const auto registered = [] { static const thread_local rtseq::rcu_thread<rtseq::rcu_qsbr> registration; };
  adder add{list, "", "rcu.hpp"};
  add("rcu_quiescent_state", promises::reads_pointers, none, [] { rtseq::rcu_quiescent_state(); }).before =
      registered;
  add("rcu_offline", promises::reads_pointers, none, [] { const rtseq::rcu_offline<> offline; }).before =
      registered;
  add("rcu_default_domain", promises::constant, none, [] { (void)rtseq::rcu_default_domain(); });
  add("rcu_retire", promises::retires, {}, not_without_the_kernel);
  adder{list, "rcu_obj_base", "rcu.hpp"}("retire", promises::retires, {}, not_without_the_kernel);
  add("rcu_synchronize", promises::waits_for_readers, {}, not_without_the_kernel);
  add("rcu_barrier", promises::waits_for_readers, {}, not_without_the_kernel);
  add("rcu_thread", promises::sets_up, {}, not_without_the_kernel);

  static rtseq::rcu_pointer<const int> pointer;
  static const int value = 1;
  adder add_pointer{list, "rcu_pointer", "rcu_pointer.hpp"};
  add_pointer("load", promises::constant, none, [] { (void)pointer.load(); });
  add_pointer("store", promises::constant, none, [] { pointer.store(&value); });
  add_pointer("exchange", promises::constant, none, [] { (void)pointer.exchange(&value); });
  add_pointer("compare_exchange", promises::constant, none, [] {
    const int* expected = nullptr;
    (void)pointer.compare_exchange(expected, &value);
  });
}
#endif

}  // namespace

std::vector<operation> all_operations() {
  std::vector<operation> list;
  add_values<rtseq::task_context>(list, "task_context");
  add_values<rtseq::signal_context>(list, "signal_context");
  add_values<rtseq::deferred_signal_context>(list, "deferred_signal_context");
  add_values<rtseq::threaded_context>(list, "threaded_context");
  add_values<rtseq::virtual_cpu_context>(list, "virtual_cpu_context");
  add_values<rtseq::task_context, rtseq::spinlock>(list, "task_context");
  add_values<rtseq::task_context, rtseq::single_writer>(list, "task_context");
  add_values<rtseq::signal_context, rtseq::single_writer>(list, "signal_context");
  add_counts(list);
  add_lock<rtseq::pi_mutex>(list, "pi_mutex", promises::locks, promises::unlocks);
  add_lock<rtseq::spinlock>(list, "spinlock", promises::spins, promises::constant);
  add_lock<rtseq::single_writer>(list, "single_writer", promises::constant, promises::constant);
  add_memory(list);
  add_contexts(list);
  add_log(list);
#if defined(RTSEQ_RT_RCU)
  add_rcu(list);
#endif
  return list;
}

}  // namespace rtseq::rt
