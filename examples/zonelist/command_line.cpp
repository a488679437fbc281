#include "command_line.hpp"

#include "number_list.hpp"
#include "text_file.hpp"

#include <absl/algorithm/container.h>
#include <absl/flags/marshalling.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <cmath>
#include <cstddef>

namespace zonelist {

void command_line::add_switch(const std::string& name, bool& value, const std::string& help) {
  const auto set = [&value](const std::string& text) {
    std::string error;
    return absl::ParseFlag(text, &value, &error);
  };
  flags_[name] = {"", "true or false", help, set};
  order_.push_back(name);
}

void command_line::add_integer(const std::string& name, int min, int max, std::optional<int>& value,
                               const std::string& help) {
  const auto set = [&value, min, max](const std::string& text) {
    const auto number = parse_number(text, static_cast<std::uint64_t>(max));
    if (!number || static_cast<int>(*number) < min) return false;
    value = static_cast<int>(*number);
    return true;
  };
  flags_[name] = {"=N", absl::StrCat("a whole number from ", min, " to ", max), help, set};
  order_.push_back(name);
}

void command_line::add_seconds(const std::string& name, double max, double& value, const std::string& help) {
  const auto set = [&value, max](const std::string& text) {
    double seconds = 0;
    if (!absl::SimpleAtod(text, &seconds) || !std::isfinite(seconds) || seconds <= 0 || seconds > max)
      return false;
    value = seconds;
    return true;
  };
  flags_[name] = {"=S", absl::StrFormat("a number of seconds above 0, at most %.0f", max), help, set};
  order_.push_back(name);
}

void command_line::add_path(const std::string& name, const std::string& what, std::string& value,
                            const std::string& help) {
  const auto set = [&value](const std::string& text) {
    value = text;
    return !text.empty();
  };
  flags_[name] = {absl::StrCat("=", what), absl::StrCat("a path (", what, ")"), help, set};
  order_.push_back(name);
}

void command_line::add_choice(const std::string& name, const std::vector<std::string>& choices,
                              std::string& value, const std::string& help) {
  const auto set = [&value, choices](const std::string& text) {
    value = text;
    return absl::c_linear_search(choices, text);
  };
  flags_[name] = {"=NAME", absl::StrCat("one of ", absl::StrJoin(choices, ", ")), help, set};
  order_.push_back(name);
}

absl::Status command_line::parse(const std::vector<std::string>& arguments) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    bool took_next = false;
    const std::string* const next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    if (const absl::Status status = parse_one(arguments[i], next, took_next); !status.ok()) return status;
    i += took_next ? 1 : 0;
  }
  return absl::OkStatus();
}

absl::Status command_line::parse_one(const std::string& argument, const std::string* next,
                                     bool& took_next) const {
  const auto unexpected = [&] {
    std::vector<std::string> names;
    for (const std::string& name : order_) names.push_back(absl::StrCat("--", name));
    return absl::InvalidArgumentError(absl::StrCat(printable(argument), ": expected ",
                                                   names.empty() ? "no arguments" : "one of ",
                                                   absl::StrJoin(names, ", ")));
  };
  if (!absl::StartsWith(argument, "--")) return unexpected();

  const std::size_t equals = argument.find('=');
  std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
  std::optional<std::string> value;
  if (equals != std::string::npos) value = argument.substr(equals + 1);

  auto found = flags_.find(name);
  if (found == flags_.end() && absl::StartsWith(name, "no") && !value) {  // --nojson
    found = flags_.find(name.substr(2));
    if (found != flags_.end() && !found->second.shape.empty()) found = flags_.end();
    value = "false";
  }
  if (found == flags_.end()) return unexpected();
  const flag& f = found->second;

  if (!value && f.shape.empty()) value = "true";
  if (!value && next != nullptr) {
    value = *next;
    took_next = true;
  }
  if (value && f.set(*value)) return absl::OkStatus();
  return bad_input(absl::StrCat("--", found->first), f.expected,
                   value ? absl::StrCat("'", printable(*value), "'") : "nothing");
}

std::string command_line::help() const {
  std::string text;
  for (const std::string& name : order_) {
    const flag& f = flags_.at(name);
    absl::StrAppendFormat(&text, "  %-18s %s\n", absl::StrCat("--", name, f.shape), f.help);
  }
  return text;
}

}  // namespace zonelist
