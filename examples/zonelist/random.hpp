// A small generator of random numbers that any context may use: one word of state, no allocation, replayable.
#ifndef ZONELIST_RANDOM_HPP
#define ZONELIST_RANDOM_HPP

#include <cstddef>
#include <cstdint>

namespace zonelist {

// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators" (splitmix64).
class random_source {
 public:
  constexpr explicit random_source(std::uint64_t seed) noexcept : state_{seed} {}

  constexpr std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to limit - 1. The bias of a limit that is no power of two does not matter here.
  constexpr std::size_t below(std::size_t limit) noexcept { return static_cast<std::size_t>(next() % limit); }

 private:
  std::uint64_t state_;
};

}  // namespace zonelist

#endif
