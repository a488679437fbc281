// read_topology(): the directory /sys/devices/system/node, as kernels have laid it out over twenty years.
#include "number_list.hpp"
#include "text_file.hpp"
#include "topology.hpp"
#include "zoneinfo.hpp"

#include <absl/cleanup/cleanup.h>
#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace zonelist {
namespace {

constexpr std::size_t attribute_limit = std::size_t{1} << 20;
constexpr std::size_t zoneinfo_limit = std::size_t{1} << 28;  // a zone lists every CPU
constexpr std::uint64_t kib_per_page = 4;
constexpr int max_cpus = 1 << 20;
constexpr char expected_directory[] = "a directory laid out like /sys/devices/system/node";
constexpr char expected_node_list[] = "a list of nodes from 0 to 1023 such as 0-3,8";

using node_ids = absl::btree_set<int>;

// Where each node's files are.
using node_directories = absl::btree_map<int, std::string>;

absl::StatusOr<node_directories> find_node_directories(const std::string& sysfs) {
  DIR* const directory = ::opendir(sysfs.c_str());
  if (directory == nullptr) return bad_input(sysfs, expected_directory, std::strerror(errno));
  const absl::Cleanup close_directory = [directory] { ::closedir(directory); };

  absl::btree_set<std::string> names;  // sorted, so that of several errors always the same one is reported
  const auto next_entry = [directory] {
    errno = 0;
    return ::readdir(directory);
  };
  while (const dirent* const entry = next_entry()) names.insert(entry->d_name);
  if (errno != 0) return bad_input(sysfs, expected_directory, std::strerror(errno));

  node_directories directories;
  for (const std::string& name : names) {
    absl::string_view digits = name;
    if (!absl::ConsumePrefix(&digits, "node") || digits.empty()) continue;
    if (digits.find_first_not_of("0123456789") != absl::string_view::npos) continue;
    const std::string path = absl::StrCat(sysfs, "/", name);
    const auto id = parse_number(digits, max_nodes - 1);
    if (!id) return bad_input(path, "a node from 0 to 1023", name);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return bad_input(path, "a node's directory", std::strerror(errno));
    if (!S_ISDIR(info.st_mode)) return bad_input(path, "a node's directory", "a file");
    const auto [other, is_new] = directories.emplace(static_cast<int>(*id), path);
    if (!is_new) return bad_input(path, "one directory a node", absl::StrCat("node ", *id, " twice"));
  }
  if (directories.empty()) return bad_input(sysfs, expected_directory, "no nodes (node0, node1, ...)");
  return directories;
}

// A set of nodes such as `online`. NotFound if this kernel has no such file.
absl::StatusOr<node_ids> read_node_list(const std::string& path) {
  const auto text = read_text_file(path, expected_node_list, attribute_limit);
  if (!text.ok()) return text.status();
  const number_list list = parse_number_list(absl::StripAsciiWhitespace(*text), max_nodes - 1);
  if (!list.error.empty()) return bad_input(path, expected_node_list, list.error);
  return node_ids(list.numbers.begin(), list.numbers.end());
}

// Such a set, of which every node must be one of `known`.
absl::StatusOr<node_ids> read_known_nodes(const std::string& path, const node_ids& known) {
  auto nodes = read_node_list(path);
  if (!nodes.ok()) return nodes;
  for (const int id : *nodes) {
    if (!known.contains(id)) {
      return bad_input(path, "nodes that exist", absl::StrCat("node ", id, ", which does not"));
    }
  }
  return nodes;
}

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

// What a node's memory is known from, best first: has_memory, its MemTotal, the zones that it is said to have.
absl::Status read_memory(const std::string& directory, const std::optional<node_ids>& has_memory,
                         const std::optional<std::vector<zone>>& zones, node& n) {
  const auto pages = read_mem_total(directory, n.id);
  if (!pages.ok() && !absl::IsNotFound(pages.status())) return pages.status();
  if (has_memory) {
    n.has_memory = has_memory->contains(n.id);
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

absl::StatusOr<absl::btree_map<int, std::vector<zone>>> read_zoneinfo(const std::string& path,
                                                                      const node_ids& known) {
  const auto text = read_text_file(path, "a file like /proc/zoneinfo", zoneinfo_limit);
  if (!text.ok()) return text.status();
  auto zones_of = parse_zoneinfo(*text, path);
  if (!zones_of.ok()) return zones_of;
  for (const auto& [id, zones] : *zones_of) {
    if (!known.contains(id)) {
      return bad_input(path, "nodes that exist", absl::StrCat("node ", id, ", which does not"));
    }
  }
  return zones_of;
}

// nullopt for NotFound: this kernel does not have the file.
absl::StatusOr<std::optional<node_ids>> optional_nodes(absl::StatusOr<node_ids> nodes) {
  if (absl::IsNotFound(nodes.status())) return std::optional<node_ids>();
  if (!nodes.ok()) return nodes.status();
  return std::optional<node_ids>(*std::move(nodes));
}

}  // namespace

absl::StatusOr<topology> read_topology(const std::string& sysfs, const std::string& zoneinfo) {
  const auto directories = find_node_directories(sysfs);
  if (!directories.ok()) return directories.status();

  node_ids known;
  for (const auto& [id, directory] : *directories) known.insert(id);
  const auto online_file = optional_nodes(read_known_nodes(absl::StrCat(sysfs, "/online"), known));
  if (!online_file.ok()) return online_file.status();
  const node_ids online = online_file->value_or(known);
  if (online.empty()) return bad_input(absl::StrCat(sysfs, "/online"), "at least one node", "none");

  const auto possible = optional_nodes(read_node_list(absl::StrCat(sysfs, "/possible")));
  if (!possible.ok()) return possible.status();
  if (*possible) known.insert((*possible)->begin(), (*possible)->end());
  const auto cpu_nodes = optional_nodes(read_known_nodes(absl::StrCat(sysfs, "/has_cpu"), known));
  if (!cpu_nodes.ok()) return cpu_nodes.status();
  const auto memory_nodes = optional_nodes(read_known_nodes(absl::StrCat(sysfs, "/has_memory"), known));
  if (!memory_nodes.ok()) return memory_nodes.status();

  absl::btree_map<int, std::vector<zone>> zones_of;
  if (!zoneinfo.empty()) {
    auto parsed = read_zoneinfo(zoneinfo, known);
    if (!parsed.ok()) return absl::InvalidArgumentError(parsed.status().message());
    zones_of = *std::move(parsed);
  }

  topology machine;
  machine.possible = static_cast<int>(known.size());
  for (const auto& [id, directory] : *directories) {
    node n;
    n.id = id;
    n.online = online.contains(id);
    if (n.online) {
      auto distances = read_distances(directory, online.size());
      if (!distances.ok()) return distances.status();
      n.distances = *std::move(distances);
      const absl::StatusOr<bool> cpus = *cpu_nodes ? (*cpu_nodes)->contains(id) : has_cpus(directory);
      if (!cpus.ok()) return cpus.status();
      n.has_cpu = *cpus;
      std::optional<std::vector<zone>> zones;
      if (!zoneinfo.empty()) zones = zones_of[id];
      if (const absl::Status status = read_memory(directory, *memory_nodes, zones, n); !status.ok())
        return status;
    }
    machine.nodes.push_back(std::move(n));
  }
  return machine;
}

absl::StatusOr<topology> read_this_machine() {
  const bool zoneinfo_readable = ::access(default_zoneinfo, R_OK) == 0;
  const std::string zoneinfo = zoneinfo_readable ? default_zoneinfo : "";
  if (::access(default_sysfs, F_OK) == 0) return read_topology(default_sysfs, zoneinfo);

  // Built without CONFIG_NUMA: all memory is node 0's, and only zoneinfo still says so.
  node n;
  n.has_memory = n.has_cpu = true;
  n.distances = {10};
  if (zoneinfo_readable) {
    auto zones_of = read_zoneinfo(zoneinfo, {0});
    if (!zones_of.ok()) return zones_of.status();
    n.zones = (*zones_of)[0];
  } else {
    const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    n.zones = {{zone_kind::normal, bytes / 4096}};
  }
  return topology{{std::move(n)}, 1};
}

}  // namespace zonelist
