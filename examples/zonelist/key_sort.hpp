// Sorts words by their high bits, in linear time: a radix sort that skips the digits in which no two differ.
// Distances are few and small and loads smaller, so most digits of a score are skipped.
#ifndef ZONELIST_KEY_SORT_HPP
#define ZONELIST_KEY_SORT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace zonelist {

class key_sort {
 public:
  // Sorts by the bits from `low_bit` up; keys that have these in common stay in the order they are in.
  void operator()(std::vector<std::uint64_t>& keys, unsigned low_bit) {
    std::uint64_t differing = 0;
    for (const std::uint64_t key : keys) differing |= key ^ keys.front();
    sorted_.resize(keys.size());
    for (unsigned shift = low_bit; shift < 64; shift += digit_bits) {
      if (digit(differing, shift) == 0) continue;
      sort_by_digit(keys, shift);
      keys.swap(sorted_);
    }
  }

 private:
  static constexpr unsigned digit_bits = 8;
  static constexpr std::size_t digits = std::size_t{1} << digit_bits;
  static std::size_t digit(std::uint64_t key, unsigned shift) { return (key >> shift) & (digits - 1); }

  void sort_by_digit(const std::vector<std::uint64_t>& keys, unsigned shift) {
    std::array<std::uint32_t, digits>
        place{};  // first how many keys have a digit, then where the next one goes
    for (const std::uint64_t key : keys) ++place[digit(key, shift)];
    std::uint32_t next = 0;
    for (std::uint32_t& p : place) {
      const std::uint32_t count = p;
      p = next;
      next += count;
    }
    for (const std::uint64_t key : keys) sorted_[place[digit(key, shift)]++] = key;
  }

  std::vector<std::uint64_t> sorted_;
};

}  // namespace zonelist

#endif
