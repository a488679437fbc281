// Copies between protected bytes and private ones in portable C++: race-free by the language's own rules.
//
// The shared side is accessed by the widest naturally aligned units that fit, up to a machine word. How an
// object is split depends on its address and size only, so that loads and stores of the same object meet in
// the same units: accesses of different sizes to the same bytes are outside the memory model.
// The private side is plain memory.
#ifndef RTSEQ_DETAIL_COPY_PORTABLE_HPP
#define RTSEQ_DETAIL_COPY_PORTABLE_HPP

#include <rtseq/detail/atomic.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rtseq::detail::portable {

using word = std::uintptr_t;

// Calls `access(offset, Unit{})` for each unit of the `n` shared bytes at `shared`, front to back.
// `Alignment`, a power of two, is what the caller knows of the address; it saves the steps up to a word.
template <std::size_t Alignment, class Access>
[[gnu::always_inline]] inline void for_each_unit(const void* shared, std::size_t n, Access access) {
  std::size_t at = 0;
  const auto step = [&](auto unit) {
    access(at, unit);
    at += sizeof unit;
  };
  if constexpr (Alignment < sizeof(word)) {
    const auto address = reinterpret_cast<std::uintptr_t>(shared);
    const auto misaligned = [&](std::size_t unit) { return ((address + at) & unit) != 0 && n - at >= unit; };
    if (misaligned(1)) step(std::uint8_t{});
    if (misaligned(2)) step(std::uint16_t{});
    if constexpr (sizeof(word) > 4) {
      if (misaligned(4)) step(std::uint32_t{});
    }
  }
  while (n - at >= sizeof(word)) step(word{});
  if constexpr (sizeof(word) > 4) {
    if (n - at >= 4) step(std::uint32_t{});
  }
  if (n - at >= 2) step(std::uint16_t{});
  if (n - at >= 1) step(std::uint8_t{});
}

// From `n` shared bytes at `source` to private ones at `dest`.
template <std::size_t Alignment = 1>
[[gnu::always_inline]] inline void load_bytes(void* dest, const void* source, std::size_t n) noexcept {
  for_each_unit<Alignment>(source, n, [=](std::size_t at, auto unit) {
    // relaxed: the caller's fences or count order it. Pairs with store_bytes' store, so that no unit is torn.
    unit = load_unit<decltype(unit)>(static_cast<const std::byte*>(source) + at);
    std::memcpy(static_cast<std::byte*>(dest) + at, &unit, sizeof unit);
  });
}

// From `n` private bytes at `source` to shared ones at `dest`.
template <std::size_t Alignment = 1>
[[gnu::always_inline]] inline void store_bytes(void* dest, const void* source, std::size_t n) noexcept {
  for_each_unit<Alignment>(dest, n, [=](std::size_t at, auto unit) {
    std::memcpy(&unit, static_cast<const std::byte*>(source) + at, sizeof unit);
    // relaxed: as in load_bytes.
    store_unit(static_cast<std::byte*>(dest) + at, unit);
  });
}

// The same for N bytes; the store after `begin`.
template <std::size_t N, std::size_t Alignment>
[[gnu::always_inline]] inline void load_object(void* dest, const void* source) noexcept {
  load_bytes<Alignment>(dest, source, N);
}
template <std::size_t N, std::size_t Alignment, class Begin>
[[gnu::always_inline]] inline void store_object(void* dest, const void* source, Begin begin) noexcept {
  begin();
  store_bytes<Alignment>(dest, source, N);
}

}  // namespace rtseq::detail::portable

#endif
