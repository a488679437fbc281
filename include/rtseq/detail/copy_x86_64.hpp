// x86-64's part of copy_native.hpp: SSE2 at least, AVX or AVX-512 where the translation unit is compiled for them; from
// 64 bytes up with AVX where the machine has it, and large copies with the widest moves that it has (decision 0015).
// What the machine has was found out before main(), by the compiler's own runtime.
#ifndef RTSEQ_DETAIL_COPY_X86_64_HPP
#define RTSEQ_DETAIL_COPY_X86_64_HPP

#include <rtseq/detail/copy_units.hpp>

#include <cstddef>

#if defined(__x86_64__)

namespace rtseq::detail::native {

#if defined(__AVX__)
template <>
struct vector_type<32> {
  typedef unsigned char type __attribute__((vector_size(32)));
};
#endif
#if defined(__AVX512F__)
template <>
struct vector_type<64> {
  typedef unsigned char type __attribute__((vector_size(64)));
};
inline constexpr std::size_t widest = 64;
#elif defined(__AVX__)
inline constexpr std::size_t widest = 32;
#else
inline constexpr std::size_t widest = 16;
#endif

// {AT&T|Intel}: either syntax, whichever the unit is compiled with (-masm=intel).
#define RTSEQ_MOVE(move) move " {%1, %0|%0, %1}"
// A legacy move in code that is compiled for AVX would stall.
#if defined(__AVX__)
#define RTSEQ_MOVE_VECTOR RTSEQ_MOVE("vmovdqu")
#else
#define RTSEQ_MOVE_VECTOR RTSEQ_MOVE("movdqu")
#endif

template <class Unit>
[[nodiscard, gnu::always_inline]] inline Unit load_shared(const void* from) noexcept {
  using bytes = operand<sizeof(Unit)>;
  static_assert(sizeof(bytes) == sizeof(Unit));  // completes the type, as Clang wants it
  const auto& source = *static_cast<const bytes*>(from);
  Unit value;
  if constexpr (sizeof(Unit) == 1) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{b|}") : "=q"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) == 2) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{w|}") : "=r"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) == 4) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{l|}") : "=r"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) == 8) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{q|}") : "=r"(value) : "m"(source));
  } else if constexpr (sizeof(Unit) <= 32) {
    __asm__ __volatile__(RTSEQ_MOVE_VECTOR : "=x"(value) : "m"(source));
  } else {
    __asm__ __volatile__(RTSEQ_MOVE("vmovdqu64") : "=v"(value) : "m"(source));
  }
  return value;
}

template <class Unit>
[[gnu::always_inline]] inline void store_shared(void* to, Unit value) noexcept {
  using bytes = operand<sizeof(Unit)>;
  static_assert(sizeof(bytes) == sizeof(Unit));
  auto& dest = *static_cast<bytes*>(to);
  if constexpr (sizeof(Unit) == 1) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{b|}") : "=m"(dest) : "q"(value));
  } else if constexpr (sizeof(Unit) == 2) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{w|}") : "=m"(dest) : "r"(value));
  } else if constexpr (sizeof(Unit) == 4) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{l|}") : "=m"(dest) : "r"(value));
  } else if constexpr (sizeof(Unit) == 8) {
    __asm__ __volatile__(RTSEQ_MOVE("mov{q|}") : "=m"(dest) : "r"(value));
  } else if constexpr (sizeof(Unit) <= 32) {
    __asm__ __volatile__(RTSEQ_MOVE_VECTOR : "=m"(dest) : "x"(value));
  } else {
    __asm__ __volatile__(RTSEQ_MOVE("vmovdqu64") : "=m"(dest) : "v"(value));
  }
}
#undef RTSEQ_MOVE_VECTOR
#undef RTSEQ_MOVE

// Here, at the latest, `value` has been read from wherever it was.
template <class Unit>
[[gnu::always_inline]] inline void be_in_register(Unit& value) noexcept {
  if constexpr (sizeof(Unit) <= 8) {
    __asm__ __volatile__("" : "+q"(value));
  } else {
    __asm__ __volatile__("" : "+v"(value));
  }
}

// vzeroupper clears the upper halves of all the registers that the compiler may have values in.
#define RTSEQ_VECTOR_REGISTERS                                                                               \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
      "xmm13", "xmm14", "xmm15"

// 32 bytes at a time by AVX, in code that is not compiled for it. Below two moves it does not pay.
inline constexpr std::size_t wider_from = 64;
[[nodiscard, gnu::always_inline]] inline bool has_wider_moves() noexcept {
#if defined(__AVX__)
  return false;
#else
  return __builtin_cpu_supports("avx");
#endif
}
template <std::size_t At>
[[gnu::always_inline]] inline void move_wider(std::byte* dest, const std::byte* source) noexcept {
  using bytes = operand<32>;
  static_assert(sizeof(bytes) == 32);  // completes the type, as Clang wants it
  __asm__ __volatile__(
      "vmovdqu {%c[at](%[source]), %%ymm0|ymm0, [%[source]+%c[at]]}\n\t"
      "vmovdqu {%%ymm0, %c[at](%[dest])|[%[dest]+%c[at]], ymm0}"
      : "=m"(*reinterpret_cast<bytes*>(dest + At))
      : "m"(*reinterpret_cast<const bytes*>(source + At)), [dest] "r"(dest), [source] "r"(source),
        [at] "i"(At)
      : "xmm0");
}
[[gnu::always_inline]] inline void leave_wider_moves() noexcept {
  __asm__ __volatile__("vzeroupper" : : : RTSEQ_VECTOR_REGISTERS);
}

// From here on copy_large.
inline constexpr std::size_t large = 256;

// Four moves of a width at a time; the last four overlap the ones before. At least four widths. (Clang takes 1b for a
// number in Intel's syntax.)
#define RTSEQ_LOAD_ONE(move, reg, i, s, width) \
  move " {" #i "*" width "(" s "), %%" reg #i "|" reg #i ", [" s "+" #i "*" width "]}\n\t"
#define RTSEQ_STORE_ONE(move, reg, i, d, width) \
  move " {%%" reg #i ", " #i "*" width "(" d ")|[" d "+" #i "*" width "], " reg #i "}\n\t"
#define RTSEQ_MOVE_FOUR(move, reg, s, d, width) \
  RTSEQ_LOAD_ONE(move, reg, 0, s, width)        \
  RTSEQ_LOAD_ONE(move, reg, 1, s, width)        \
  RTSEQ_LOAD_ONE(move, reg, 2, s, width)        \
  RTSEQ_LOAD_ONE(move, reg, 3, s, width)        \
  RTSEQ_STORE_ONE(move, reg, 0, d, width)       \
  RTSEQ_STORE_ONE(move, reg, 1, d, width)       \
  RTSEQ_STORE_ONE(move, reg, 2, d, width) RTSEQ_STORE_ONE(move, reg, 3, d, width)
#define RTSEQ_COPY_WIDE(name, move, reg, width, leave)                                                     \
  inline void name(std::byte* dest, const std::byte* source, std::size_t n) noexcept {                     \
    const std::byte* const last_source = source + (n - 4 * width);                                         \
    std::byte* const last_dest = dest + (n - 4 * width);                                                   \
    __asm__ __volatile__("2:\n\t" RTSEQ_MOVE_FOUR(move, reg, "%[s]", "%[d]",                               \
                                                  #width) "add {$4*" #width ", %[s]|%[s], 4*" #width       \
                                                          "}\n\t"                                          \
                                                          "add {$4*" #width ", %[d]|%[d], 4*" #width       \
                                                          "}\n\t"                                          \
                                                          "cmp {%[last_s], %[s]|%[s], %[last_s]}\n\t"      \
                                                          "jb 2b\n\t" RTSEQ_MOVE_FOUR(                     \
                                                              move, reg, "%[last_s]", "%[last_d]", #width) \
                                                              leave                                        \
                         : [s] "+r"(source), [d] "+r"(dest)                                                \
                         : [last_s] "r"(last_source), [last_d] "r"(last_dest)                              \
                         : "memory", "cc", RTSEQ_VECTOR_REGISTERS);                                        \
  }
RTSEQ_COPY_WIDE(copy_sse2, "movdqu", "xmm", 16, "")
RTSEQ_COPY_WIDE(copy_avx, "vmovdqu", "ymm", 32, "vzeroupper")
RTSEQ_COPY_WIDE(copy_avx512, "vmovdqu64", "zmm", 64, "vzeroupper")
#undef RTSEQ_COPY_WIDE
#undef RTSEQ_VECTOR_REGISTERS
#undef RTSEQ_MOVE_FOUR
#undef RTSEQ_STORE_ONE
#undef RTSEQ_LOAD_ONE

// The processor's own copy loop. Beyond the first-level cache it beats vectors by a third, as it need not read what
// it overwrites; below it they win from a few bytes on.
inline void copy_string(std::byte* dest, const std::byte* source, std::size_t n) noexcept {
  __asm__ __volatile__("rep movsb" : "+D"(dest), "+S"(source), "+c"(n) : : "memory");
}
inline constexpr std::size_t beyond_first_cache = std::size_t{40} * 1024;

// Both sides in assembly. Machines with AVX2 are those whose string moves are fast.
[[gnu::noinline]] inline void copy_large(std::byte* dest, const std::byte* source, std::size_t n) noexcept {
  if (n >= beyond_first_cache && __builtin_cpu_supports("avx2")) {
    copy_string(dest, source, n);
  } else if (__builtin_cpu_supports("avx512f")) {
    copy_avx512(dest, source, n);
  } else if (__builtin_cpu_supports("avx")) {
    copy_avx(dest, source, n);
  } else {
    copy_sse2(dest, source, n);
  }
}

}  // namespace rtseq::detail::native

#endif
#endif
