#include "sysfs_node.hpp"

#include "number_list.hpp"
#include "text_file.hpp"
#include "zoneinfo.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <limits>

namespace zonelist {
namespace {

constexpr std::uint64_t kib_per_page = 4;
constexpr int max_cpus = 1 << 20;

absl::StatusOr<std::vector<int>> read_distances(const std::string& directory, std::size_t online_nodes) {
  constexpr int max_distance = std::numeric_limits<int>::max();
  const std::string path = absl::StrCat(directory, "/distance");
  const std::string expected =
      absl::StrCat("one row of ", online_nodes, " distances, one to each online node");
  const auto text = read_text_file(path, expected, attribute_limit);
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  const absl::string_view row = absl::StripAsciiWhitespace(*text);
  if (row.find('\n') != absl::string_view::npos) return bad_input(path, expected, "several rows");

  std::vector<int> distances;
  for (const absl::string_view word : absl::StrSplit(row, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    const auto distance = parse_number(word, max_distance);
    if (!distance) return bad_input(path, expected, absl::StrCat("'", printable(std::string(word)), "'"));
    distances.push_back(static_cast<int>(*distance));
  }
  if (distances.size() != online_nodes) return bad_input(path, expected, absl::StrCat(distances.size()));
  return distances;
}

// From cpulist, or from cpumap where a kernel has only that. A node that has neither has no CPUs.
absl::StatusOr<bool> has_cpus(const std::string& directory) {
  constexpr char expected_cpus[] = "a list of CPUs such as 0-3,8";
  const std::string list_path = absl::StrCat(directory, "/cpulist");
  if (const auto text = read_text_file(list_path, expected_cpus, attribute_limit); text.ok()) {
    const number_list cpus = parse_number_list(absl::StripAsciiWhitespace(*text), max_cpus);
    if (!cpus.error.empty()) return bad_input(list_path, expected_cpus, cpus.error);
    return !cpus.numbers.empty();
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }

  constexpr char expected_map[] = "a bitmap of CPUs such as 00000000,0000000f";
  const std::string map_path = absl::StrCat(directory, "/cpumap");
  const auto text = read_text_file(map_path, expected_map, attribute_limit);
  if (absl::IsNotFound(text.status())) return false;
  if (!text.ok()) return text.status();
  const auto any = any_bit_set(absl::StripAsciiWhitespace(*text));
  if (!any) return bad_input(map_path, expected_map, absl::StrCat("'", printable(*text), "'"));
  return *any;
}

// MemTotal in pages of 4 KiB. NotFound if there is no meminfo.
absl::StatusOr<std::uint64_t> read_mem_total(const std::string& directory, int id) {
  const std::string path = absl::StrCat(directory, "/meminfo");
  const std::string expected = absl::StrCat("a line \"Node ", id, " MemTotal: N kB\"");
  const auto text = read_text_file(path, expected, attribute_limit);
  if (!text.ok()) return text.status();
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() < 3 || words[0] != "Node" || words[2] != "MemTotal:") continue;
    const auto kib = words.size() == 5 ? parse_number(words[3], max_pages * kib_per_page) : std::nullopt;
    if (!kib || words[1] != absl::StrCat(id) || words[4] != "kB") {
      return bad_input(path, expected, absl::StrCat("'", printable(std::string(line)), "'"));
    }
    return *kib / kib_per_page;
  }
  return bad_input(path, expected, "none");
}

// What a node's memory is known from, best first: has_memory, its MemTotal, the zones that it is said to
// have.
absl::Status read_memory(const std::string& directory, std::optional<bool> has_memory,
                         const std::optional<std::vector<zone>>& zones, node& n) {
  const auto pages = read_mem_total(directory, n.id);
  if (!pages.ok() && !absl::IsNotFound(pages.status())) return pages.status();
  if (has_memory) {
    n.has_memory = *has_memory;
  } else if (pages.ok()) {
    n.has_memory = *pages > 0;
  } else if (zones) {
    for (const zone& z : *zones) n.has_memory |= z.pages > 0;
  } else {
    return absl::InvalidArgumentError(pages.status().message());
  }
  if (zones) {
    n.zones = *zones;
  } else if (n.has_memory) {
    n.zones = {{zone_kind::normal, pages.ok() ? *pages : 0}};
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status read_node(const std::string& directory, const node_facts& known, node& n) {
  auto distances = read_distances(directory, known.online_nodes);
  if (!distances.ok()) return distances.status();
  n.distances = *std::move(distances);
  const absl::StatusOr<bool> cpus = known.has_cpu ? *known.has_cpu : has_cpus(directory);
  if (!cpus.ok()) return cpus.status();
  n.has_cpu = *cpus;
  return read_memory(directory, known.has_memory, known.zones, n);
}

}  // namespace zonelist
