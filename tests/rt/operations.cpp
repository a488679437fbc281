#include "operations.hpp"

#include "adder.hpp"
#include "promises.hpp"

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
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

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>
#include <utility>

namespace rtseq::rt {
namespace {

template <std::size_t Bytes>
struct bytes {
  std::array<unsigned char, Bytes> all{};
};
constexpr std::chrono::seconds a_second{1};
std::chrono::steady_clock::time_point in_a_second() { return std::chrono::steady_clock::now() + a_second; }

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
  add_what_is_beside(list);
  return list;
}

}  // namespace rtseq::rt
