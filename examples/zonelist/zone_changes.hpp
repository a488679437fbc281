// What has to change for a machine to become another: which zones come, and which go.
#ifndef ZONELIST_ZONE_CHANGES_HPP
#define ZONELIST_ZONE_CHANGES_HPP

#include "topology.hpp"
#include "zone_directory.hpp"

#include <absl/container/inlined_vector.h>
#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace zonelist {

// A line for the log: made beforehand, for nothing is allocated while the count is odd, and in one piece with what it is
// part of.
class log_line {
 public:
  explicit log_line(std::string_view text) : text_(text.begin(), text.end()) {}
  std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  absl::InlinedVector<char, 48> text_;
};

struct zone_change {
  std::uint16_t zone = 0;
  std::uint64_t pages = 0;  // that come; 0: the zone goes
  log_line message;
};

// From the zones that are there to those of `now`. A zone that stays is no change, whatever its pages.
// InvalidArgument: `now` has a node or zone that the directory does not know, or has one twice.
absl::StatusOr<std::vector<zone_change>> zone_changes(const zone_directory& directory, const topology& now,
                                                      absl::FunctionRef<bool(std::uint16_t zone)> is_there);

}  // namespace zonelist

#endif
