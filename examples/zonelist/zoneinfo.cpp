#include "zoneinfo.hpp"

#include "number_list.hpp"
#include "text_file.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <optional>

namespace zonelist {
namespace {

constexpr char expected_line[] = "\"Node N, zone NAME\" lines, each with a \"present PAGES\" line";

std::string quoted(absl::string_view text) { return absl::StrCat("'", printable(std::string(text)), "'"); }

// A zone whose "present" line has not been seen yet has no pages.
struct zone_section {
  int node = 0;
  zone_kind kind{};
  std::optional<std::uint64_t> present;
};

// "Node 0, zone    DMA32"
absl::StatusOr<zone_section> parse_header(absl::string_view line, const std::string& file) {
  std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() != 4 || words[2] != "zone" || !absl::ConsumeSuffix(&words[1], ",")) {
    return bad_input(file, expected_line, quoted(line));
  }
  const auto node = parse_number(words[1], max_nodes - 1);
  if (!node) {
    return bad_input(file, absl::StrCat("a node from 0 to ", max_nodes - 1), quoted(line));
  }
  const auto kind = zone_kind_named(std::string(words[3]));
  if (!kind) return bad_input(file, "zone DMA, DMA32, Normal, HighMem, Movable or Device", quoted(line));
  return zone_section{static_cast<int>(*node), *kind, std::nullopt};
}

}  // namespace

absl::StatusOr<absl::btree_map<int, std::vector<zone>>> parse_zoneinfo(const std::string& text,
                                                                       const std::string& file) {
  absl::btree_map<int, std::vector<zone>> zones_of;
  std::optional<zone_section> current;

  const auto finish = [&]() -> absl::Status {
    if (!current) return absl::OkStatus();
    const std::string name = absl::StrCat("node ", current->node, ", zone ", name_of(current->kind));
    if (!current->present) return bad_input(file, "a \"present PAGES\" line", absl::StrCat("none in ", name));
    std::vector<zone>& zones = zones_of[current->node];
    const auto same_kind = [&](const zone& z) { return z.kind == current->kind; };
    if (std::any_of(zones.begin(), zones.end(), same_kind)) {
      return bad_input(file, "each zone once", absl::StrCat(name, " twice"));
    }
    zones.push_back({current->kind, *current->present});
    return absl::OkStatus();
  };

  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, "Node ")) {
      if (const absl::Status status = finish(); !status.ok()) return status;
      const auto header = parse_header(line, file);
      if (!header.ok()) return header.status();
      current = *header;
    } else if (absl::string_view rest = absl::StripLeadingAsciiWhitespace(line);
               current && absl::ConsumePrefix(&rest, "present ")) {
      const auto pages = parse_number(absl::StripAsciiWhitespace(rest), max_pages);
      if (!pages) return bad_input(file, absl::StrCat("a number of pages up to ", max_pages), quoted(line));
      if (current->present) return bad_input(file, "one \"present PAGES\" line a zone", quoted(line));
      current->present = *pages;
    }
  }
  if (const absl::Status status = finish(); !status.ok()) return status;
  if (zones_of.empty()) return bad_input(file, expected_line, "none");
  for (auto& [id, zones] : zones_of) {
    std::sort(zones.begin(), zones.end(), [](const zone& a, const zone& b) { return a.kind < b.kind; });
  }
  return zones_of;
}

}  // namespace zonelist
