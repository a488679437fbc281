// The four futex calls that the library makes. Linux only; all are async-signal-safe and keep errno.
#ifndef RTSEQ_DETAIL_FUTEX_HPP
#define RTSEQ_DETAIL_FUTEX_HPP

#include <rtseq/detail/atomic.hpp>

#if !defined(RTSEQ_ATOMIC_PROVIDER)

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bit>
#include <climits>
#include <cstdint>

namespace rtseq::detail {

// 0, or the errno of a failed call. Out of line: a path that comes here waits or wakes anyway.
[[gnu::cold, gnu::noinline]] inline int futex_call(const void* futex, int operation, std::uint32_t value,
                                                   const timespec* until = nullptr) noexcept {
#if !defined(SYS_futex)
  constexpr long number = SYS_futex_time64;  // 32-bit targets that never had a 32-bit time
#elif defined(SYS_futex_time64)
  constexpr long number = sizeof(timespec::tv_sec) > sizeof(long) ? SYS_futex_time64 : SYS_futex;
#else
  constexpr long number = SYS_futex;
#endif
  const int saved = errno;
  const long result = ::syscall(number, futex, operation, value, until, nullptr, 0);
  const int error = result < 0 ? errno : 0;
  errno = saved;
  return error;
}

// The kernel compares 32 bits: the low half of a wider count.
inline const void* futex_word(const atomic<std::uintptr_t>& count) noexcept {
  constexpr bool high_half_first =
      sizeof(std::uintptr_t) > sizeof(std::uint32_t) && std::endian::native == std::endian::big;
  return reinterpret_cast<const char*>(&count) + (high_half_first ? sizeof(std::uint32_t) : 0);
}

// Sleeps while the low 32 bits of `count` are those of `expected`. May return early for no reason.
inline void futex_wait(const atomic<std::uintptr_t>& count, std::uintptr_t expected) noexcept {
  futex_call(futex_word(count), FUTEX_WAIT_PRIVATE, static_cast<std::uint32_t>(expected));
}
inline void futex_wake_all(const atomic<std::uintptr_t>& count) noexcept {
  futex_call(futex_word(count), FUTEX_WAKE_PRIVATE, INT_MAX);
}

// 0, or an errno: EDEADLK (the caller owns it), EAGAIN (its owner is exiting), ESRCH (its owner is gone); with
// `until`, of the monotonic clock: ETIMEDOUT, ENOSYS (Linux before 5.14).
[[nodiscard]] inline int futex_lock_pi(atomic<std::uint32_t>& futex,
                                       const timespec* until = nullptr) noexcept {
  return futex_call(&futex, until == nullptr ? FUTEX_LOCK_PI_PRIVATE : FUTEX_LOCK_PI2_PRIVATE, 0, until);
}
[[nodiscard]] inline int futex_unlock_pi(atomic<std::uint32_t>& futex) noexcept {
  return futex_call(&futex, FUTEX_UNLOCK_PI_PRIVATE, 0);
}

}  // namespace rtseq::detail

#endif
#endif
