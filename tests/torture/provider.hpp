// The library's atomics with a race point before every access and fence: a thread may be held up, or interrupted,
// between any two of them. What rtseq/detail/atomic.hpp asks of a provider; threads and futexes are the real ones.
#ifndef TORTURE_PROVIDER_HPP
#define TORTURE_PROVIDER_HPP

#include <atomic>
#include <cstdint>
#include <torture/race_point.hpp>

#if defined(__SANITIZE_THREAD__)
#define RTSEQ_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RTSEQ_TSAN 1
#endif
#endif
#if !defined(RTSEQ_TSAN)
#define RTSEQ_TSAN 0
#endif

namespace rtseq::detail {

// Only what the library calls. No conversions and no defaults: an order left out would not compile.
template <class T>
class atomic : private std::atomic<T> {
  using base = std::atomic<T>;
  using order = std::memory_order;

 public:
  using base::is_always_lock_free;

  constexpr atomic() noexcept : base{T{}} {}
  constexpr atomic(T value) noexcept : base{value} {}

  T load(order o) const noexcept { return before().base::load(o); }
  void store(T value, order o) noexcept { before().base::store(value, o); }
  T exchange(T value, order o) noexcept { return before().base::exchange(value, o); }
  T fetch_add(T value, order o) noexcept { return before().base::fetch_add(value, o); }
  T fetch_sub(T value, order o) noexcept { return before().base::fetch_sub(value, o); }
  T fetch_and(T value, order o) noexcept { return before().base::fetch_and(value, o); }
  T fetch_or(T value, order o) noexcept { return before().base::fetch_or(value, o); }
  bool compare_exchange_strong(T& expected, T desired, order success, order failure) noexcept {
    return before().base::compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, order success, order failure) noexcept {
    return before().base::compare_exchange_weak(expected, desired, success, failure);
  }

 private:
  const atomic& before() const noexcept {
    torture::race_point();
    return *this;
  }
  atomic& before() noexcept {
    torture::race_point();
    return *this;
  }
};

inline constexpr std::memory_order data_load_order =
    RTSEQ_TSAN ? std::memory_order_acquire : std::memory_order_relaxed;
inline constexpr std::memory_order data_store_order =
    RTSEQ_TSAN ? std::memory_order_release : std::memory_order_relaxed;

inline void data_fence(std::memory_order order) noexcept {
  torture::race_point();
#if RTSEQ_TSAN
  std::atomic_signal_fence(order);
#else
  std::atomic_thread_fence(order);
#endif
}
inline void signal_fence() noexcept {
  torture::race_point();
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

template <class Unit>
[[nodiscard]] inline Unit load_unit(const void* source) noexcept {
  typedef Unit __attribute__((may_alias)) aliasing;
  torture::race_point();
  return __atomic_load_n(static_cast<const aliasing*>(source), static_cast<int>(data_load_order));
}
template <class Unit>
inline void store_unit(void* dest, Unit value) noexcept {
  typedef Unit __attribute__((may_alias)) aliasing;
  torture::race_point();
  __atomic_store_n(static_cast<aliasing*>(dest), value, static_cast<int>(data_store_order));
}

}  // namespace rtseq::detail

// The real ones, over the atomics above. They look at the macro, so it is away for as long.
#pragma push_macro("RTSEQ_ATOMIC_PROVIDER")
#undef RTSEQ_ATOMIC_PROVIDER
#include <rtseq/detail/thread.hpp>
//
#include <rtseq/detail/futex.hpp>
#pragma pop_macro("RTSEQ_ATOMIC_PROVIDER")

#endif
