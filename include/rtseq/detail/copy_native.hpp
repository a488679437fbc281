// Copy kernels that are race-free and yet cost what a plain copy costs.
//
// The language's rules end where the compiler's view ends. The shared side is accessed by instructions in
// inline assembly, which a compiler takes as they are: it neither merges, splits nor repeats them, and the
// hardware promises for each byte no less than the standard asks of a relaxed access. The private side is plain
// C++ where a small value can stay in registers, else assembly too. Tails overlap what came before them; nothing
// outside of the n bytes is touched.
//
// What compilers keep in place: each piece of assembly is volatile and names the shared bytes as its operand, so
// none moves across the atomic accesses and fences around it. What processors keep in place: on x86 loads stay in
// order, and stores; on AArch64 the fences order these accesses like any others.
//
// One architecture's file provides load_shared, store_shared, its widest vector, moves wider than that and copy_large.
#ifndef RTSEQ_DETAIL_COPY_NATIVE_HPP
#define RTSEQ_DETAIL_COPY_NATIVE_HPP

#include <rtseq/detail/copy_units.hpp>
#if defined(__x86_64__)
#include <rtseq/detail/copy_x86_64.hpp>
#elif defined(__aarch64__)
#include <rtseq/detail/copy_aarch64.hpp>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rtseq::detail::native {

// Which side is the shared one.
struct from_shared {
  template <class Unit>
  [[gnu::always_inline]] static void move(std::byte* dest, const std::byte* source) noexcept {
    const Unit value = load_shared<Unit>(source);
    std::memcpy(dest, &value, sizeof value);
  }
};
struct to_shared {
  template <class Unit>
  [[gnu::always_inline]] static void move(std::byte* dest, const std::byte* source) noexcept {
    Unit value;
    std::memcpy(&value, source, sizeof value);
    store_shared(dest, value);
  }
};

// The first and the last sizeof(Unit) of `n` bytes, which are at most twice as many.
template <class Side, class Unit>
[[gnu::always_inline]] inline void copy_ends(std::byte* dest, const std::byte* source,
                                             std::size_t n) noexcept {
  Side::template move<Unit>(dest, source);
  if (n != sizeof(Unit)) Side::template move<Unit>(dest + (n - sizeof(Unit)), source + (n - sizeof(Unit)));
}

// Fewer than 16 bytes.
template <class Side>
[[gnu::always_inline]] inline void copy_short(std::byte* dest, const std::byte* source,
                                              std::size_t n) noexcept {
  if (n >= 8) {
    copy_ends<Side, std::uint64_t>(dest, source, n);
  } else if (n >= 4) {
    copy_ends<Side, std::uint32_t>(dest, source, n);
  } else if (n >= 2) {
    copy_ends<Side, std::uint16_t>(dest, source, n);
  } else if (n == 1) {
    Side::template move<std::uint8_t>(dest, source);
  }
}

// From `At` to the end of `n` bytes, at least 16 in all, by the smallest unit that reaches back far enough.
template <class Side, std::size_t Unit = 8>
[[gnu::always_inline]] inline void copy_tail(std::byte* dest, const std::byte* source, std::size_t n,
                                             std::size_t at) noexcept {
  if (n == at) return;
  if constexpr (Unit < widest) {
    if (n - at > Unit) return copy_tail<Side, Unit * 2>(dest, source, n, at);
  }
  if constexpr (Unit == 8) {
    Side::template move<std::uint64_t>(dest + (n - 8), source + (n - 8));
  } else {
    Side::template move<vector<Unit>>(dest + (n - Unit), source + (n - Unit));
  }
}

// At most `straight_line_limit` bytes; straight-line code if `n` is a constant.
inline constexpr std::size_t straight_line_limit = 256;
template <class Side, std::size_t Unit = widest, std::size_t At = 0>
[[gnu::always_inline]] inline void copy_straight(std::byte* dest, const std::byte* source,
                                                 std::size_t n) noexcept {
  if constexpr (At == 0 && Unit > 16) {
    if (n < Unit) return copy_straight<Side, Unit / 2>(dest, source, n);
  }
  if constexpr (At == 0) {
    if (n < 16) return copy_short<Side>(dest, source, n);
  }
  if constexpr (At < straight_line_limit) {
    if (n - At >= Unit) {
      Side::template move<vector<Unit>>(dest + At, source + At);
      return copy_straight<Side, Unit, At + Unit>(dest, source, n);
    }
  }
  copy_tail<Side>(dest, source, n, At);
}

// Sizes known only at run time.
template <class Side>
[[gnu::noinline]] void copy_unknown(std::byte* dest, const std::byte* source, std::size_t n) noexcept {
  if (n < 16) return copy_short<Side>(dest, source, n);
  std::size_t at = 0;
  for (; n - at > 16; at += 16) Side::template move<vector<16>>(dest + at, source + at);
  Side::template move<vector<16>>(dest + (n - 16), source + (n - 16));
}

template <class Side>
[[gnu::always_inline]] inline void copy(std::byte* dest, const std::byte* source, std::size_t n) noexcept {
  if (__builtin_constant_p(n) && n <= straight_line_limit) {
    copy_straight<Side>(dest, source, n);
  } else if (n >= large) {
    copy_large(dest, source, n);
  } else {
    copy_unknown<Side>(dest, source, n);
  }
}

// The widest unit with which to go on at byte `at` of `n`; the last one reaches back over bytes that were moved before.
constexpr std::size_t unit_at(std::size_t at, std::size_t n) noexcept {
  const std::size_t most = n < widest ? std::bit_floor(n) : widest;
  return n - at < most ? std::bit_ceil(n - at) : most;
}
template <std::size_t N>
struct unit_type {
  using type = vector<N>;
};
template <>
struct unit_type<1> {
  using type = std::uint8_t;
};
template <>
struct unit_type<2> {
  using type = std::uint16_t;
};
template <>
struct unit_type<4> {
  using type = std::uint32_t;
};
template <>
struct unit_type<8> {
  using type = std::uint64_t;
};

// N bytes to shared ones: all are read, into registers; then `begin`; then all are written.
template <std::size_t N, std::size_t At = 0, class Begin>
[[gnu::always_inline]] inline void store_late(std::byte* dest, const std::byte* source,
                                              Begin begin) noexcept {
  if constexpr (At == N) {
    begin();
  } else {
    constexpr std::size_t size = unit_at(At, N);
    constexpr std::size_t at = At + size <= N ? At : N - size;
    typename unit_type<size>::type value;
    std::memcpy(&value, source + at, size);
    be_in_register(value);
    store_late<N, at + size>(dest, source, begin);
    store_shared(dest + at, value);
  }
}

template <std::size_t>
[[gnu::always_inline]] inline void load_bytes(void* dest, const void* source, std::size_t n) noexcept {
  copy<from_shared>(static_cast<std::byte*>(dest), static_cast<const std::byte*>(source), n);
}
template <std::size_t>
[[gnu::always_inline]] inline void store_bytes(void* dest, const void* source, std::size_t n) noexcept {
  copy<to_shared>(static_cast<std::byte*>(dest), static_cast<const std::byte*>(source), n);
}

// At least 32 bytes in moves that the compiler has no type for: both sides in assembly, straight-line code. The last one
// overlaps the one before.
template <std::size_t N, std::size_t At = 0>
[[gnu::always_inline]] inline void copy_wider(std::byte* dest, const std::byte* source) noexcept {
  if constexpr (N - At >= 32) {
    move_wider<At>(dest, source);
    copy_wider<N, At + 32>(dest, source);
  } else {
    if constexpr (N != At) move_wider<0>(dest + (N - 32), source + (N - 32));
    leave_wider_moves();
  }
}

template <std::size_t N, std::size_t Alignment>
[[gnu::always_inline]] inline void load_object(void* dest, const void* source) noexcept {
  if constexpr (N >= wider_from && N <= straight_line_limit) {
    if (has_wider_moves()) [[likely]]
      return copy_wider<N>(static_cast<std::byte*>(dest), static_cast<const std::byte*>(source));
  }
  load_bytes<Alignment>(dest, source, N);
}

template <std::size_t N, std::size_t Alignment, class Begin>
[[gnu::always_inline]] inline void store_object(void* dest, const void* source, Begin begin) noexcept {
  if constexpr (N <= straight_line_limit) {
    store_late<N>(static_cast<std::byte*>(dest), static_cast<const std::byte*>(source), begin);
  } else {
    begin();
    store_bytes<Alignment>(dest, source, N);
  }
}

}  // namespace rtseq::detail::native

#endif
