// One entry of a published list: a zone reference, or the end of the list, in one lock-free word.
//
// A reader can therefore meet an entry of another list than the one it began with, but never half an entry,
// and what it follows is always a zone (S21 in two stores would let it walk past the end). Each entry carries
// the generation of the rebuild that wrote it, and the end a checksum of the list: so a reader that believes
// it has one list can prove it.
#ifndef ZONELIST_LIST_WORD_HPP
#define ZONELIST_LIST_WORD_HPP

#include <cstdint>

namespace zonelist {

// | generation : 32 | 1 : 1 | 0 : 15 | zone index : 16 |      a zone
// | generation : 32 | 0 : 1 | checksum : 31 |                 the end; the word 0 is an empty list's
class list_word {
 public:
  constexpr list_word() noexcept = default;
  constexpr explicit list_word(std::uint64_t bits) noexcept : bits_{bits} {}

  static constexpr list_word zone(std::uint32_t generation, std::uint16_t index) noexcept {
    return list_word{std::uint64_t{generation} << 32 | zone_flag | index};
  }
  static constexpr list_word end(std::uint32_t generation, std::uint32_t checksum) noexcept {
    return list_word{std::uint64_t{generation} << 32 | (checksum & ~zone_flag)};
  }

  constexpr std::uint64_t bits() const noexcept { return bits_; }
  constexpr bool is_end() const noexcept { return (bits_ & zone_flag) == 0; }
  constexpr std::uint32_t generation() const noexcept { return static_cast<std::uint32_t>(bits_ >> 32); }
  constexpr std::uint16_t zone_index() const noexcept { return static_cast<std::uint16_t>(bits_); }
  // Of an end: the low 31 bits of the checksum that it was made with.
  constexpr std::uint32_t checksum() const noexcept { return static_cast<std::uint32_t>(bits_); }

 private:
  static constexpr std::uint32_t zone_flag = std::uint32_t{1} << 31;
  std::uint64_t bits_ = 0;
};

// What a list's end says of the zones before it (FNV-1a over whole indices, in order).
class list_checksum {
 public:
  constexpr void add(std::uint16_t zone_index) noexcept { value_ = (value_ ^ zone_index) * 16777619U; }
  constexpr std::uint32_t value() const noexcept { return value_ & 0x7fff'ffffU; }

 private:
  std::uint32_t value_ = 2166136261U;
};

}  // namespace zonelist

#endif
