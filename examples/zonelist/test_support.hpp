// What the tests share: directories like sysfs' made up on the spot, and machines made up at random.
#ifndef ZONELIST_TEST_SUPPORT_HPP
#define ZONELIST_TEST_SUPPORT_HPP

#include "random.hpp"
#include "topology.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace zonelist::testing {

inline const std::filesystem::path testdata = ZONELIST_TESTDATA;

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The recorded machines: each a directory with what sysfs said, zoneinfo, and the order that Linux printed.
inline std::vector<std::filesystem::path> recorded_machines() {
  std::vector<std::filesystem::path> machines;
  for (const auto& entry : std::filesystem::directory_iterator(testdata)) {
    if (std::filesystem::exists(entry.path() / "expected")) machines.push_back(entry.path());
  }
  return machines;
}

// A directory of the test's own, gone at its end.
class scratch_directory {
 public:
  scratch_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "zonelist-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << name;
    path_ = name;
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  std::string path() const { return path_.string(); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(path_ / name); }

  // Node files as sysfs has them. A node without CPUs has an empty cpulist.
  void write_node(int id, const std::string& distances, int mem_total_kib, const std::string& cpulist) const {
    const std::string node = "node" + std::to_string(id);
    write(node + "/distance", distances + "\n");
    write(node + "/cpulist", cpulist + "\n");
    write(node + "/meminfo", "Node " + std::to_string(id) +
                                 " MemTotal:     " + std::to_string(mem_total_kib) + " kB\nNode " +
                                 std::to_string(id) + " MemFree:     1 kB\n");
  }

 private:
  std::filesystem::path path_;
};

// Up to `max` nodes: sparse ids, asymmetric distances with many equals, some without memory or CPUs.
inline topology random_topology(random_source& random, std::size_t max) {
  topology machine;
  const std::size_t nodes = 1 + random.below(max);
  const std::size_t different_distances = 1 + random.below(5);
  int id = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    node n;
    n.id = id += static_cast<int>(i == 0 ? random.below(2) : 1 + random.below(3));
    n.has_memory = random.below(5) != 0;
    n.has_cpu = random.below(3) != 0;
    for (std::size_t to = 0; to < nodes; ++to) {
      n.distances.push_back(to == i ? 10 : 11 + static_cast<int>(random.below(different_distances)) * 5);
    }
    if (n.has_memory) {
      for (const zone_kind kind : {zone_kind::dma, zone_kind::normal, zone_kind::movable}) {
        n.zones.push_back({kind, random.below(3) * 1000});
      }
    }
    machine.nodes.push_back(n);
  }
  machine.possible = static_cast<int>(nodes);
  return machine;
}

}  // namespace zonelist::testing

#endif
