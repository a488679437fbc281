// Protected values that show what happened to them: every byte follows from the version.
//
// A version is a sequence number above a lane (who wrote it). It fills the first 8 bytes, of smaller values 2 or 1;
// all other bytes repeat it, each place in its own way, so a value made of two versions, or of bytes in the wrong
// place, is not whole.
#ifndef TORTURE_PAYLOAD_HPP
#define TORTURE_PAYLOAD_HPP

#include <cstddef>
#include <cstdint>

namespace torture {

inline constexpr std::size_t max_size = 4096;
inline constexpr unsigned lane_bits = 3;
inline constexpr unsigned lanes = 1u << lane_bits;

constexpr std::uint64_t make_version(std::uint64_t number, unsigned lane) noexcept {
  return number << lane_bits | lane;
}

// Bytes of a value of `size` bytes that hold its version.
constexpr std::size_t version_width(std::size_t size) noexcept { return size >= 8 ? 8 : size >= 4 ? 2 : 1; }

void fill(std::byte* value, std::size_t size, std::uint64_t version) noexcept;

struct reading {
  bool whole;
  std::uint64_t version;  // its low version_width(size) bytes
};
[[nodiscard]] reading inspect(const std::byte* value, std::size_t size) noexcept;

// A value type of `Size` bytes.
template <std::size_t Size, std::size_t Alignment>
struct payload {
  static_assert(Size % Alignment == 0);
  alignas(Alignment) std::byte bytes[Size];
};

}  // namespace torture

#endif
