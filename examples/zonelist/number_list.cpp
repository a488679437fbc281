#include "number_list.hpp"

#include "text_file.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace zonelist {

std::optional<std::uint64_t> parse_number(absl::string_view text, std::uint64_t max) {
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number > max) return std::nullopt;
  return number;
}

number_list parse_number_list(absl::string_view text, int max) {
  number_list list;
  if (text.empty()) return list;
  const auto fail = [](const std::string& error) { return number_list{{}, error}; };

  // `max` bounds every range, and each number may be named once, so the work is bounded whatever the text.
  std::vector<bool> seen(static_cast<std::size_t>(max) + 1);
  for (const absl::string_view range : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(range, absl::MaxSplits('-', 1));
    const auto first = parse_number(ends.front(), static_cast<std::uint64_t>(max));
    const auto last = parse_number(ends.back(), static_cast<std::uint64_t>(max));
    if (!first || !last || *first > *last) return fail(absl::StrCat("'", printable(std::string(range)), "'"));
    for (std::uint64_t number = *first; number <= *last; ++number) {
      if (seen[number]) return fail(absl::StrCat(number, " twice"));
      seen[number] = true;
      list.numbers.push_back(static_cast<int>(number));
    }
  }
  std::sort(list.numbers.begin(), list.numbers.end());
  return list;
}

std::optional<bool> any_bit_set(absl::string_view text) {
  bool any = false;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    if (word.empty()) return std::nullopt;
    for (const char digit : word) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(digit))) return std::nullopt;
      any |= digit != '0';
    }
  }
  return any;
}

}  // namespace zonelist
