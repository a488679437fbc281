// The seam through which every atomic access, fence and wait of the library goes.
//
// By default these are std::atomic and the compiler's builtins. A program that defines
// RTSEQ_ATOMIC_PROVIDER as the name of a header gets that header's instead: a model checker runs the
// shipped headers this way. A provider defines, in rtseq::detail, everything that this file, `thread.hpp`
// and `futex.hpp` define.
//
// ThreadSanitizer does not model stand-alone fences. Under it the order moves from the fence to the data
// accesses beside it (acquire loads, release stores), which is sufficient on its own.
#ifndef RTSEQ_DETAIL_ATOMIC_HPP
#define RTSEQ_DETAIL_ATOMIC_HPP

#if defined(RTSEQ_ATOMIC_PROVIDER)
#include RTSEQ_ATOMIC_PROVIDER
#else

#include <atomic>
#include <cstdint>

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

template <class T>
using atomic = std::atomic<T>;

// The orders of accesses to protected data. They are relaxed: the fences in `sequence.hpp` order them.
inline constexpr std::memory_order data_load_order =
    RTSEQ_TSAN ? std::memory_order_acquire : std::memory_order_relaxed;
inline constexpr std::memory_order data_store_order =
    RTSEQ_TSAN ? std::memory_order_release : std::memory_order_relaxed;

// A fence between a count and the data that it guards.
inline void data_fence(std::memory_order order) noexcept {
#if RTSEQ_TSAN
  std::atomic_signal_fence(order);
#else
  std::atomic_thread_fence(order);
#endif
}

// Orders a thread against the signal handlers that run on top of it; no instruction.
inline void signal_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

// One race-free access to a naturally aligned unit of raw bytes.
// Precondition: `source` or `dest` is aligned to sizeof(Unit).
template <class Unit>
[[nodiscard]] inline Unit load_unit(const void* source) noexcept {
  typedef Unit __attribute__((may_alias)) aliasing;
  return __atomic_load_n(static_cast<const aliasing*>(source), static_cast<int>(data_load_order));
}
template <class Unit>
inline void store_unit(void* dest, Unit value) noexcept {
  typedef Unit __attribute__((may_alias)) aliasing;
  __atomic_store_n(static_cast<aliasing*>(dest), value, static_cast<int>(data_store_order));
}

}  // namespace rtseq::detail

#endif
#endif
