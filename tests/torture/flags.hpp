// The torture's command line.
#ifndef TORTURE_FLAGS_HPP
#define TORTURE_FLAGS_HPP

#include "run_cell.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace torture {

struct flags {
  double seconds = 40;
  std::optional<std::uint64_t> seed;
  std::uint64_t reads = 0;  // goes on until as many are checked
  std::string filter;
  bool list = false;
  bool self_test = false;
  settings how;

  // How many times as long as wanted it may take, until every cell has been tried, until enough has been read.
  static constexpr double overtime = 1.5;
  static constexpr double patience = 5;
};

// Null: `into` is filled in. Else the one line to print: an error, or the help if `help_wanted`.
std::optional<std::string> parse(int argc, const char* const* argv, flags& into, bool& help_wanted);

}  // namespace torture

#endif
