#include "flags.hpp"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/string_view.h>

#include <cmath>
#include <functional>
#include <vector>

namespace torture {
namespace {

struct flag {
  const char* name;
  const char* shape;  // empty: no value
  const char* expected;
  const char* help;
  std::function<bool(absl::string_view)> set;
};

template <class T>
std::function<bool(absl::string_view)> whole(T& into, std::uint64_t min, std::uint64_t max) {
  return [&into, min, max](absl::string_view text) {
    std::uint64_t number = 0;
    if (!absl::SimpleAtoi(text, &number) || number < min || number > max) return false;
    into = static_cast<T>(number);
    return true;
  };
}
std::function<bool(absl::string_view)> seconds(double& into) {
  return [&into](absl::string_view text) {
    double number = 0;
    if (!absl::SimpleAtod(text, &number) || !std::isfinite(number) || number <= 0 || number > 1e6)
      return false;
    into = number;
    return true;
  };
}

std::vector<flag> all_flags(flags& into, std::uint64_t& signal_hz) {
  return {
      {"seconds", "=S", "a number of seconds above 0", "how long in all (40)", seconds(into.seconds)},
      {"seed", "=N", "a whole number", "of everything that is drawn; printed by each run",
       [&into](absl::string_view text) {
         std::uint64_t number = 0;
         if (!absl::SimpleAtoi(text, &number)) return false;
         into.seed = number;
         return true;
       }},
      {"filter", "=TEXT", "a part of a cell's name", "only the cells whose name contains it",
       [&into](absl::string_view text) { return into.filter = std::string(text), !text.empty(); }},
      {"reads", "=N", "a whole number",
       "go on until N reads have been checked, and fail if it takes 5 times as long",
       whole(into.reads, 0, ~std::uint64_t{0})},
      {"readers", "=N", "a number from 1 to 64", "reader threads (2)", whole(into.how.readers, 1, 64)},
      {"writers", "=N", "a number from 0 to 8", "writer threads (2)", whole(into.how.writers, 0, 8)},
      {"hz", "=N", "a number from 0 to 20000", "signals a second to each thread (10000)",
       whole(signal_hz, 0, 20'000)},
      {"stuck", "=S", "a number of seconds above 0",
       "a thread that is in an operation for so long hangs (30)", seconds(into.how.stuck_s)},
      {"list", "", "", "only print the cells", [&into](absl::string_view) { return into.list = true; }},
      {"self-test", "", "", "only show that broken types are found",
       [&into](absl::string_view) { return into.self_test = true; }},
  };
}

}  // namespace

std::optional<std::string> parse(int argc, const char* const* argv, flags& into, bool& help_wanted) {
  std::uint64_t signal_hz = 10'000;
  const std::vector<flag> known = all_flags(into, signal_hz);
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (argument == "--help") {
      std::string text =
          "usage: torture [FLAG]…\nTortures every type of rtseq over every context and lock.\n";
      for (const flag& f : known) {
        const std::string name = absl::StrCat("  --", f.name, f.shape);
        absl::StrAppend(&text, name, std::string(18 - std::min<std::size_t>(name.size(), 17), ' '), f.help,
                        "\n");
      }
      help_wanted = true;
      return text;
    }
    const flag* found = nullptr;
    absl::string_view value;
    bool has_value = false;
    if (absl::StartsWith(argument, "--")) {
      const std::size_t equals = argument.find('=');
      has_value = equals != absl::string_view::npos;
      if (has_value) value = argument.substr(equals + 1);
      for (const flag& f : known) {
        if (argument.substr(2, has_value ? equals - 2 : equals) == f.name) found = &f;
      }
    }
    if (found == nullptr) {
      const auto name = [](std::string* out, const flag& f) { absl::StrAppend(out, "--", f.name); };
      return absl::StrCat("'", argument, "' is not a flag; expected one of ",
                          absl::StrJoin(known, ", ", name));
    }
    const bool takes_value = found->shape[0] != '\0';
    if (takes_value && !has_value && i + 1 < argc) {
      value = argv[++i];
      has_value = true;
    }
    if (takes_value != has_value) {
      return absl::StrCat("--", found->name,
                          takes_value ? absl::StrCat(" needs ", found->expected) : " takes no value");
    }
    if (!found->set(value))
      return absl::StrCat("--", found->name, ": '", value, "' is not ", found->expected);
  }
  into.how.signal_period_ns = signal_hz == 0 ? 0 : static_cast<long>(1'000'000'000 / signal_hz);
  return std::nullopt;
}

}  // namespace torture
