#include "payload.hpp"

#include <cstring>

namespace torture {
namespace {

constexpr std::uint64_t step = 0x9e3779b97f4a7c15;  // odd, no two places alike

constexpr std::byte small_byte(std::uint64_t version, std::size_t at) noexcept {
  return static_cast<std::byte>((version ^ (version >> 8 & 0xff) ^ (at * 0x5b)) & 0xff);
}

}  // namespace

void fill(std::byte* value, std::size_t size, std::uint64_t version) noexcept {
  const std::size_t width = version_width(size);
  if (width < sizeof version) {
    version &= (std::uint64_t{1} << (8 * width)) - 1;
    for (std::size_t i = 0; i < width; ++i) value[i] = static_cast<std::byte>(version >> (8 * i) & 0xff);
    for (std::size_t i = width; i < size; ++i) value[i] = small_byte(version, i);
    return;
  }
  const std::size_t words = size / sizeof version;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t word = version ^ (i * step);
    std::memcpy(value + i * sizeof word, &word, sizeof word);
  }
  const std::uint64_t rest = version ^ (words * step);
  std::memcpy(value + words * sizeof rest, &rest, size % sizeof rest);
}

reading inspect(const std::byte* value, std::size_t size) noexcept {
  const std::size_t width = version_width(size);
  std::uint64_t version = 0;
  if (width < sizeof version) {
    for (std::size_t i = 0; i < width; ++i) version |= std::to_integer<std::uint64_t>(value[i]) << (8 * i);
    bool whole = true;
    for (std::size_t i = width; i < size; ++i) whole &= value[i] == small_byte(version, i);
    return {whole, version};
  }
  std::memcpy(&version, value, sizeof version);
  const std::size_t words = size / sizeof version;
  std::uint64_t differences = 0;  // gathered, not tested one by one: the compiler makes vectors of it
  for (std::size_t i = 1; i < words; ++i) {
    std::uint64_t word;
    std::memcpy(&word, value + i * sizeof word, sizeof word);
    differences |= word ^ version ^ (i * step);
  }
  const std::uint64_t rest = version ^ (words * step);
  const bool whole =
      differences == 0 && std::memcmp(value + words * sizeof rest, &rest, size % sizeof rest) == 0;
  return {whole, version};
}

}  // namespace torture
