#include "roles.hpp"

#include "interrupted_copy.hpp"

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

namespace rtseq::rt {
namespace {

// Two fields that are equal between writes.
struct two_fields {
  rtseq::relaxed<std::uint64_t> a;
  rtseq::relaxed<std::uint64_t> b;

  void change(const std::function<void()>& in_between) {
    ++a;
    in_between();
    ++b;
  }
  std::pair<std::uint64_t, std::uint64_t> load() const { return {a, b}; }
};

// What the C library's mutex does with PTHREAD_PRIO_INHERIT: a lock that others bring along.
class pthread_pi_mutex {
 public:
  static constexpr bool sleeps = true;
  static constexpr bool boosts_owner = true;

  pthread_pi_mutex() noexcept {
    pthread_mutexattr_t how;
    ::pthread_mutexattr_init(&how);
    ::pthread_mutexattr_setprotocol(&how, PTHREAD_PRIO_INHERIT);
    ::pthread_mutex_init(&mutex_, &how);
    ::pthread_mutexattr_destroy(&how);
  }
  ~pthread_pi_mutex() { ::pthread_mutex_destroy(&mutex_); }
  pthread_pi_mutex(const pthread_pi_mutex&) = delete;
  pthread_pi_mutex& operator=(const pthread_pi_mutex&) = delete;

  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  bool try_lock() noexcept { return ::pthread_mutex_trylock(&mutex_) == 0; }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_;
};

template <class Seqlock>
pair_of_roles seqlock_roles() {
  struct shared {
    Seqlock lock;
    two_fields fields;
  };
  const auto it = std::make_shared<shared>();
  return {[it](const auto& in_mid_write) {
            const rtseq::write_irqsave_guard section{it->lock};
            it->fields.change(in_mid_write);
          },
          [it](const watchdog&) {
            const auto [a, b] = it->lock.read([&] { return it->fields.load(); });
            return a == b;
          }};
}

// As above, but who comes to the preempted writer does something else with the lock than to read: `Then`, which says
// whether what it saw of the fields was right.
template <auto Then>
pair_of_roles other_roles() {
  struct shared {
    rtseq::seqlock<> lock;
    two_fields fields;
  };
  const auto it = std::make_shared<shared>();
  return {[it](const auto& in_mid_write) {
            const rtseq::write_guard section{it->lock};
            it->fields.change(in_mid_write);
          },
          [it](const watchdog&) { return Then(it->lock, it->fields); }};
}

bool reads_or_locks(rtseq::seqlock<>& lock, two_fields& fields) {
  const auto [a, b] = lock.read_or_lock([&] { return fields.load(); });
  return a == b;
}
bool excludes(rtseq::seqlock<>& lock, two_fields& fields) {
  const rtseq::read_excl_guard section{lock};
  const auto [a, b] = fields.load();
  return a == b;
}
bool writes(rtseq::seqlock<>& lock, two_fields& fields) {
  const rtseq::write_guard section{lock};
  const auto [a, b] = fields.load();
  fields.change([] {});
  return a == b;
}

bool tries_to_read(rtseq::seqlock<>& lock, two_fields& fields) {
  const auto read = lock.try_read([&] { return fields.load(); }, 3);
  return !read || read->first == read->second;
}
bool tries_to_write(rtseq::seqlock<>& lock, two_fields& fields) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
  if (!lock.try_write_lock()) return true;
  const auto [a, b] = fields.load();
  fields.change([] {});
  lock.write_unlock();
  return a == b;
}

template <std::int64_t Nanoseconds>
pair_of_roles timed_roles() {
  struct shared {
    rtseq::seqlock<> lock;
    two_fields fields;
  };
  const auto it = std::make_shared<shared>();
  return {[it](const auto& in_mid_write) {
            const rtseq::write_guard section{it->lock};
            it->fields.change(in_mid_write);
          },
          [it](const watchdog&) {
            const std::chrono::nanoseconds time{Nanoseconds};
            const auto read = it->lock.try_read_for([&] { return it->fields.load(); }, time);
            return read ? read->first == read->second : Nanoseconds == short_time;
          }};
}

template <class Lock>
pair_of_roles seqcount_roles() {
  struct shared {
    Lock lock;
    rtseq::seqcount<Lock> count{lock};
    two_fields fields;
  };
  const auto it = std::make_shared<shared>();
  return {[it](const auto& in_mid_write) RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
            it->lock.lock();
            it->count.write_begin();
            it->fields.change(in_mid_write);
            it->count.write_end();
            it->lock.unlock();
          },
          [it](const watchdog&) {
            for (;;) {
              const auto token = it->count.read_begin();
              const auto [a, b] = it->fields.load();
              if (!it->count.read_retry(token)) return a == b;
            }
          }};
}

template <class Value>
pair_of_roles value_roles() {
  const auto it = std::make_shared<interrupted_copy<Value>>();
  return {[it](const auto& in_mid_write) { it->store(in_mid_write); },
          [it](const watchdog&) { return it->load().whole(); }};
}

// The same with `Then`, which is called with the value.
template <class Value, auto Then>
pair_of_roles other_value_roles() {
  const auto it = std::make_shared<interrupted_copy<Value>>();
  return {[it](const auto& in_mid_write) { it->store(in_mid_write); },
          [it](const watchdog&) { return Then(it->value()); }};
}

const two_pages another;
template <class Value>
bool stores(Value& value) {
  value.store(another);
  return true;
}
template <class Value>
bool updates(Value& value) {
  value.update([](two_pages& it) { it = another; });
  return true;
}
bool loads_with_version(rtseq::seqlocked<two_pages>& value) { return value.load_versioned().first.whole(); }
bool loads_in_a_second(rtseq::seqlocked<two_pages>& value) {
  two_pages into;
  return value.try_load_for(into, std::chrono::seconds{1}) && into.whole();
}
bool tries_to_load(rtseq::seqlocked<two_pages>& value) {
  two_pages into;
  return !value.try_load(into) || into.whole();
}
bool tries_to_store(rtseq::latched<two_pages>& value) {
  (void)value.try_store(another);
  return true;
}

// A reader of one's own: it looks at a bare count and, while that is odd, does what `Wait` does.
template <auto Wait>
pair_of_roles naive_roles() {
  struct shared {
    rtseq::seqcount<> count;
    two_fields fields;
  };
  const auto it = std::make_shared<shared>();
  return {[it](const auto& in_mid_write) {
            it->count.write_begin();
            it->fields.change(in_mid_write);
            it->count.write_end();
          },
          [it](const watchdog& dog) {
            for (;; Wait()) {
              if (dog.barked()) return false;
              const auto token = it->count.try_read_begin();
              if (!token) continue;
              const auto [a, b] = it->fields.load();
              if (!it->count.read_retry(*token)) return a == b;
            }
          }};
}

// No sequence lock at all.
template <class Mutex>
pair_of_roles mutex_roles() {
  struct shared {
    Mutex mutex;
    two_fields fields;
  };
  const auto it = std::make_shared<shared>();
  return {[it](const auto& in_mid_write) {
            const std::lock_guard section{it->mutex};
            it->fields.change(in_mid_write);
          },
          [it](const watchdog&) {
            const std::lock_guard section{it->mutex};
            const auto [a, b] = it->fields.load();
            return a == b;
          }};
}

class RTSEQ_CAPABILITY("mutex") in_a_second {
 public:
  void lock() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    if (!mutex_.try_lock_until(rtseq::detail::deadline::after(std::chrono::seconds{1}))) std::abort();
  }
  void unlock() RTSEQ_NO_THREAD_SAFETY_ANALYSIS { mutex_.unlock(); }

 private:
  rtseq::pi_mutex mutex_;
};

}  // namespace

const std::vector<kind>& all_kinds() {
  using enum expectation;
  using rtseq::seqlock, rtseq::task_context;
  using seqlocked = rtseq::seqlocked<two_pages>;
  using latched = rtseq::latched<two_pages>;
  static const std::vector<kind> all = [] {
    std::vector<kind> kinds = {
        {"seqlock", bounded, true, false, seqlock_roles<seqlock<>>},
        {"seqlock, signal_context", bounded, true, false, seqlock_roles<seqlock<rtseq::signal_context>>},
        {"seqlock, threaded_context", bounded, false, false, seqlock_roles<seqlock<rtseq::threaded_context>>},
        {"seqlock, a pthread PI mutex", bounded, false, false,
         seqlock_roles<seqlock<task_context, pthread_pi_mutex>>},
        {"seqlock, try_read_for 1 s", bounded, true, false, timed_roles<1'000'000'000>},
        {"seqlock, try_read_for 20 us", times_out, true, false, timed_roles<short_time>},
        {"seqlock, read_or_lock", bounded, true, false, other_roles<reads_or_locks>},
        {"seqlock, read_lock_excl", bounded, true, false, other_roles<excludes>},
        {"seqlock, write_lock", bounded, true, false, other_roles<writes>},
        {"seqlock, try_read", never_waits, true, false, other_roles<tries_to_read>},
        {"seqlock, try_write_lock", never_waits, true, false, other_roles<tries_to_write>},
        {"seqlock, deferred_signal_context", bounded, true, false,
         seqlock_roles<seqlock<rtseq::deferred_signal_context>>, true},
        {"pi_mutex", bounded, true, false, mutex_roles<rtseq::pi_mutex>, true},
        {"pi_mutex, try_lock_until 1 s", bounded, true, false, mutex_roles<in_a_second>, true},
        {"seqcount of a pi_mutex", bounded, true, false, seqcount_roles<rtseq::pi_mutex>},
        {"seqlocked, 8 KiB", bounded, true, true, value_roles<seqlocked>},
        {"seqlocked, 8 KiB, store", bounded, true, true, other_value_roles<seqlocked, stores<seqlocked>>},
        {"seqlocked, 8 KiB, update", bounded, true, true, other_value_roles<seqlocked, updates<seqlocked>>,
         true},
        {"seqlocked, 8 KiB, load_versioned", bounded, true, true,
         other_value_roles<seqlocked, loads_with_version>, true},
        {"seqlocked, 8 KiB, try_load_for 1 s", bounded, true, true,
         other_value_roles<seqlocked, loads_in_a_second>, true},
        {"latched, 8 KiB, update", bounded, true, true, other_value_roles<latched, updates<latched>>, true},
        {"seqlocked, 8 KiB, try_load", never_waits, true, true, other_value_roles<seqlocked, tries_to_load>},
        {"latched, 8 KiB, store", bounded, true, true, other_value_roles<latched, stores<latched>>},
        {"latched, 8 KiB, try_store", never_waits, true, true, other_value_roles<latched, tries_to_store>},
        {"latched, 8 KiB", never_waits, true, true, value_roles<latched>},
        {"seqlock, spinlock", inverts, false, false, seqlock_roles<seqlock<task_context, rtseq::spinlock>>},
        {"std::mutex", inverts, false, false, mutex_roles<std::mutex>},
        {"naive reader: spins", livelocks, false, false, naive_roles<[] {}>},
        {"naive reader: sched_yield", livelocks, false, false, naive_roles<[] { ::sched_yield(); }>},
    };
#if defined(RTSEQ_RT_ZONELIST)
    add_zonelist_kinds(kinds);
#endif
    return kinds;
  }();
  return all;
}

}  // namespace rtseq::rt
