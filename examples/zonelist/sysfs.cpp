// read_topology(): the directory /sys/devices/system/node, as kernels have laid it out over twenty years.
#include "number_list.hpp"
#include "sysfs_node.hpp"
#include "text_file.hpp"
#include "topology.hpp"
#include "zoneinfo.hpp"

#include <absl/cleanup/cleanup.h>
#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace zonelist {
namespace {

constexpr std::size_t zoneinfo_limit = std::size_t{1} << 28;  // a zone lists every CPU
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
      node_facts facts;
      facts.online_nodes = online.size();
      if (*cpu_nodes) facts.has_cpu = (*cpu_nodes)->contains(id);
      if (*memory_nodes) facts.has_memory = (*memory_nodes)->contains(id);
      if (!zoneinfo.empty()) facts.zones = zones_of[id];
      if (const absl::Status status = read_node(directory, facts, n); !status.ok()) return status;
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
