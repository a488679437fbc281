// The flags of one subcommand: --name=value, --name value; --name and --noname for those that are on or off.
//
// What is wrong is one line that names the flag and what was expected. (absl::ParseCommandLine would print
// several, exit with 1, and give every subcommand every flag.)
#ifndef ZONELIST_COMMAND_LINE_HPP
#define ZONELIST_COMMAND_LINE_HPP

#include <absl/status/status.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace zonelist {

class command_line {
 public:
  // Each adds a flag whose value goes to `value`, which is untouched without the flag. `help`: one line.
  void add_switch(const std::string& name, bool& value, const std::string& help);
  void add_integer(const std::string& name, int min, int max, std::optional<int>& value,
                   const std::string& help);
  void add_seconds(const std::string& name, double max, double& value, const std::string& help);
  void add_path(const std::string& name, const std::string& what, std::string& value,
                const std::string& help);
  void add_choice(const std::string& name, const std::vector<std::string>& choices, std::string& value,
                  const std::string& help);

  // InvalidArgument: one line for a person. Nothing but flags is expected.
  absl::Status parse(const std::vector<std::string>& arguments) const;

  // One line a flag.
  std::string help() const;

 private:
  struct flag {
    std::string shape;     // "=N"; empty: on or off
    std::string expected;  // "a number from 1 to 16"
    std::string help;
    std::function<bool(const std::string& value)> set;  // false: not what was expected
  };
  absl::Status parse_one(const std::string& argument, const std::string* next, bool& took_next) const;

  std::map<std::string, flag> flags_;
  std::vector<std::string> order_;
};

}  // namespace zonelist

#endif
