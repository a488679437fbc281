// The kernel's textual sets: "0-3,8,10-11" (cpulist syntax) and "00000000,0000000f" (cpumap syntax).
#ifndef ZONELIST_NUMBER_LIST_HPP
#define ZONELIST_NUMBER_LIST_HPP

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zonelist {

// A whole number in decimal digits and nothing else: no sign, no space. Empty if it is not one or above
// `max`.
std::optional<std::uint64_t> parse_number(absl::string_view text, std::uint64_t max);

struct number_list {
  std::vector<int> numbers;  // ascending
  std::string error;         // what the text has instead, for a message; empty: the list is good
};

// A list of ranges of numbers up to `max`. The empty text is the empty set; a number named twice is an error.
number_list parse_number_list(absl::string_view text, int max);

// Is any bit set in a comma-separated bitmap of hexadecimal words? Empty if it is not one.
std::optional<bool> any_bit_set(absl::string_view text);

}  // namespace zonelist

#endif
