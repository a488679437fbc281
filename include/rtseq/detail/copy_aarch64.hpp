// AArch64's part of copy_native.hpp: q registers, in pairs from 32 bytes up.
#ifndef RTSEQ_DETAIL_COPY_AARCH64_HPP
#define RTSEQ_DETAIL_COPY_AARCH64_HPP

#include <rtseq/detail/copy_units.hpp>

#include <cstddef>

#if defined(__aarch64__)

namespace rtseq::detail::native {

inline constexpr std::size_t widest = 16;

template <class Unit>
[[nodiscard, gnu::always_inline]] inline Unit load_shared(const void* from) noexcept {
  using bytes = operand<sizeof(Unit)>;
  static_assert(sizeof(bytes) == sizeof(Unit));  // completes the type, as Clang wants it
  const auto& source = *static_cast<const bytes*>(from);
  Unit value;
  if constexpr (sizeof(Unit) == 1) {
    __asm__ __volatile__("ldrb %w0, %1" : "=r"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) == 2) {
    __asm__ __volatile__("ldrh %w0, %1" : "=r"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) == 4) {
    __asm__ __volatile__("ldr %w0, %1" : "=r"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) == 8) {
    __asm__ __volatile__("ldr %x0, %1" : "=r"(value) : "m"(source));
  } else {
    __asm__ __volatile__("ldr %q0, %1" : "=w"(value) : "m"(source));
  }
  return value;
}

template <class Unit>
[[gnu::always_inline]] inline void store_shared(void* to, Unit value) noexcept {
  using bytes = operand<sizeof(Unit)>;
  static_assert(sizeof(bytes) == sizeof(Unit));
  auto& dest = *static_cast<bytes*>(to);
  if constexpr (sizeof(Unit) == 1) {
    __asm__ __volatile__("strb %w1, %0" : "=m"(dest) : "r"(value));
  } else if constexpr (sizeof(Unit) == 2) {
    __asm__ __volatile__("strh %w1, %0" : "=m"(dest) : "r"(value));
  } else if constexpr (sizeof(Unit) == 4) {
    __asm__ __volatile__("str %w1, %0" : "=m"(dest) : "r"(value));
  } else if constexpr (sizeof(Unit) == 8) {
    __asm__ __volatile__("str %x1, %0" : "=m"(dest) : "r"(value));
  } else {
    __asm__ __volatile__("str %q1, %0" : "=m"(dest) : "w"(value));
  }
}

// Here, at the latest, `value` has been read from wherever it was.
template <class Unit>
[[gnu::always_inline]] inline void be_in_register(Unit& value) noexcept {
  if constexpr (sizeof(Unit) <= 8) {
    __asm__ __volatile__("" : "+r"(value));
  } else {
    __asm__ __volatile__("" : "+w"(value));
  }
}

// 32 bytes at a time, by pairs: no type of the compiler's is one.
inline constexpr std::size_t wider_from = 32;
[[nodiscard, gnu::always_inline]] inline bool has_wider_moves() noexcept { return true; }
template <std::size_t At>
[[gnu::always_inline]] inline void move_wider(std::byte* dest, const std::byte* source) noexcept {
  using bytes = operand<32>;
  static_assert(sizeof(bytes) == 32);  // completes the type, as Clang wants it
  __asm__ __volatile__("ldp q0, q1, %1\n\tstp q0, q1, %0"
                       : "=Q"(*reinterpret_cast<bytes*>(dest + At))
                       : "Q"(*reinterpret_cast<const bytes*>(source + At))
                       : "v0", "v1");
}
[[gnu::always_inline]] inline void leave_wider_moves() noexcept {}

// From here on copy_large.
inline constexpr std::size_t large = 64;

// 64 bytes at a time; the last 64 overlap the ones before. Both sides in assembly.
[[gnu::noinline]] inline void copy_large(std::byte* dest, const std::byte* source, std::size_t n) noexcept {
  const std::byte* const last_source = source + (n - 64);
  std::byte* const last_dest = dest + (n - 64);
  __asm__ __volatile__(
      "1:\n\t"
      "ldp q0, q1, [%[s]]\n\t"
      "ldp q2, q3, [%[s], #32]\n\t"
      "stp q0, q1, [%[d]]\n\t"
      "stp q2, q3, [%[d], #32]\n\t"
      "add %[s], %[s], #64\n\t"
      "add %[d], %[d], #64\n\t"
      "cmp %[s], %[last_s]\n\t"
      "b.lo 1b\n\t"
      "ldp q0, q1, [%[last_s]]\n\t"
      "ldp q2, q3, [%[last_s], #32]\n\t"
      "stp q0, q1, [%[last_d]]\n\t"
      "stp q2, q3, [%[last_d], #32]"
      : [s] "+r"(source), [d] "+r"(dest)
      : [last_s] "r"(last_source), [last_d] "r"(last_dest)
      : "memory", "cc", "v0", "v1", "v2", "v3");
}

}  // namespace rtseq::detail::native

#endif
#endif
