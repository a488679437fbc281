// What the library calls its atomics, seen by the model checker: the other side of rtseq/detail/atomic.hpp,
// thread.hpp and futex.hpp.
//
// Compare-exchanges do not fail spuriously, and a futex wait does not end without a reason.
#ifndef MODEL_PROVIDER_HPP
#define MODEL_PROVIDER_HPP

#include "checker.hpp"
#include "graph.hpp"

#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

// A per-thread variable: threads run one after the other, and each finds it zero.
#define RTSEQ_THREAD_LOCAL(type, name) \
  inline constinit type name{};        \
  inline const int name##_is_per_thread = ::model::detail::forget_at_thread_start(&name, sizeof(name))

// With RTSEQ_TSAN the form that ThreadSanitizer understands is checked instead, orders on the accesses: the
// programs NAME_model_tsan.
#if !defined(RTSEQ_TSAN)
#define RTSEQ_TSAN 0
#endif

namespace rtseq::detail {

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  using order = std::memory_order;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic{T{}} {}
  constexpr atomic(T value) noexcept : value_{value} {
    if (!std::is_constant_evaluated()) model::detail::constructed(this, sizeof(T), raw(value));
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(order o = order::seq_cst) const noexcept {
    return cooked(model::detail::load(this, sizeof(T), static_cast<int>(o)));
  }
  void store(T value, order o = order::seq_cst) noexcept {
    model::detail::store(this, sizeof(T), raw(value), static_cast<int>(o));
  }
  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  T exchange(T value, order o = order::seq_cst) noexcept { return modify(model::update::exchange, value, o); }
  T fetch_add(T value, order o = order::seq_cst) noexcept { return modify(model::update::add, value, o); }
  T fetch_sub(T value, order o = order::seq_cst) noexcept {
    return modify(model::update::subtract, value, o);
  }
  T fetch_and(T value, order o = order::seq_cst) noexcept { return modify(model::update::conjoin, value, o); }
  T fetch_or(T value, order o = order::seq_cst) noexcept { return modify(model::update::disjoin, value, o); }
  T fetch_xor(T value, order o = order::seq_cst) noexcept { return modify(model::update::differ, value, o); }

  bool compare_exchange_strong(T& expected, T desired, order success, order failure) noexcept {
    const std::uint64_t wanted = raw(expected);
    const std::uint64_t found = model::detail::read_modify_write(
        this, sizeof(T), static_cast<int>(model::update::if_equal), raw(desired), static_cast<int>(success),
        wanted, static_cast<int>(failure));
    expected = cooked(found);
    return found == wanted;
  }
  bool compare_exchange_strong(T& expected, T desired, order o = order::seq_cst) noexcept {
    const order on_failure = o == order::acq_rel ? order::acquire : o == order::release ? order::relaxed : o;
    return compare_exchange_strong(expected, desired, o, on_failure);
  }
  bool compare_exchange_weak(T& expected, T desired, order success, order failure) noexcept {
    return compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, order o = order::seq_cst) noexcept {
    return compare_exchange_strong(expected, desired, o);
  }
  T lock_or_mark(T owner) noexcept { return modify(model::update::lock_or_mark, owner, order::relaxed); }

 private:
  T modify(model::update operation, T value, order o) noexcept {
    return cooked(model::detail::read_modify_write(this, sizeof(T), static_cast<int>(operation), raw(value),
                                                   static_cast<int>(o)));
  }
  static std::uint64_t raw(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
  static T cooked(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }

  T value_;  // the initial one; what threads store lies in the checker's graph
};

inline constexpr std::memory_order data_load_order =
    RTSEQ_TSAN ? std::memory_order_acquire : std::memory_order_relaxed;
inline constexpr std::memory_order data_store_order =
    RTSEQ_TSAN ? std::memory_order_release : std::memory_order_relaxed;

inline void data_fence([[maybe_unused]] std::memory_order order) noexcept {
  if (!RTSEQ_TSAN) model::detail::fence(static_cast<int>(order));
}
inline void signal_fence() noexcept { model::detail::step(); }

template <class Unit>
[[nodiscard]] inline Unit load_unit(const void* source) noexcept {
  return static_cast<Unit>(model::detail::load(source, sizeof(Unit), static_cast<int>(data_load_order)));
}
template <class Unit>
inline void store_unit(void* dest, Unit value) noexcept {
  model::detail::store(dest, sizeof(Unit), value, static_cast<int>(data_store_order));
}

using thread_id = std::uint32_t;
inline thread_id this_thread_id() noexcept { return model::detail::thread_number() + 100; }

inline void cpu_relax() noexcept { model::detail::spin(); }
inline void look_away() noexcept { model::detail::spin(); }

class backoff {
 public:
  backoff() noexcept { model::detail::wait_begins(); }
  void pause() noexcept { model::detail::wait_for_change(); }
};

// The kernel's side. Its queue is one location beside each word: waiting and waking are ordered there, as by
// the lock of the kernel's hash bucket.
struct futex_queue {
  atomic<std::uint32_t> wakes{0};
};
inline futex_queue& queue_of(const void* word) noexcept {
  static constinit futex_queue queues[8];
  static const void* words[8] = {};
  for (unsigned i = 0;; ++i) {
    if (words[i] == nullptr) words[i] = word;
    if (words[i] == word) return queues[i];
  }
}

inline void futex_wait(const atomic<std::uintptr_t>& count, std::uintptr_t expected) noexcept {
  futex_queue& queue = queue_of(&count);
  const std::uint32_t wakes = queue.wakes.fetch_add(0, std::memory_order_acq_rel);
  if (static_cast<std::uint32_t>(count.load(std::memory_order_relaxed)) !=
      static_cast<std::uint32_t>(expected))
    return;
  backoff sleep;
  while (queue.wakes.load(std::memory_order_acquire) == wakes) sleep.pause();
}
inline void futex_wake_all(const atomic<std::uintptr_t>& count) noexcept {
  (void)queue_of(&count).wakes.fetch_add(1, std::memory_order_acq_rel);
}

// The kernel's part of a priority-inheriting lock. Relaxed: the library's own orders are to be enough. A waiter
// marks the word, and takes the lock when it sees it free; the kernel hands it over instead. A deadline is over at
// once.
inline constexpr std::uint32_t futex_owner = 0x3fff'ffff;
[[nodiscard]] inline int futex_lock_pi(atomic<std::uint32_t>& word,
                                       const timespec* until = nullptr) noexcept {
  for (;;) {
    const std::uint32_t owner = word.lock_or_mark(this_thread_id()) & futex_owner;
    if (owner == 0) return 0;
    if (owner == this_thread_id()) return EDEADLK;
    if (until != nullptr) return ETIMEDOUT;
    backoff sleep;
    while ((word.load(std::memory_order_relaxed) & futex_owner) != 0) sleep.pause();
  }
}
[[nodiscard]] inline int futex_unlock_pi(atomic<std::uint32_t>& word) noexcept {
  return (word.exchange(0, std::memory_order_relaxed) & futex_owner) == this_thread_id() ? 0 : EPERM;
}

}  // namespace rtseq::detail

#endif
