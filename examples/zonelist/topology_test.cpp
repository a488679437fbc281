// read_topology(): what every kernel lays out, and what none would.
#include "topology.hpp"

#include "listing.hpp"
#include "test_support.hpp"
#include "zoneinfo.hpp"

#include <absl/strings/match.h>
#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace zonelist {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::scratch_directory;

// Two nodes with CPUs and memory, on a kernel that has all files.
class Sysfs : public ::testing::Test {
 protected:
  Sysfs() {
    dir_.write("online", "0-1\n");
    dir_.write("possible", "0-1\n");
    dir_.write("has_cpu", "0-1\n");
    dir_.write("has_memory", "0-1\n");
    dir_.write_node(0, "10 20", 4000, "0-1");
    dir_.write_node(1, "20 10", 8000, "2-3");
  }

  topology read() const {
    const auto machine = read_topology(dir_.path(), zoneinfo_);
    EXPECT_TRUE(machine.ok()) << machine.status();
    return machine.ok() ? *machine : topology{};
  }

  // The whole message: one line, that begins with the name of the file.
  void expect_error(const std::string& file, const std::string& what) const {
    const auto machine = read_topology(dir_.path(), zoneinfo_);
    ASSERT_FALSE(machine.ok()) << "expected: " << file << ": " << what;
    EXPECT_EQ(machine.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(machine.status().message());
    EXPECT_THAT(message, ::testing::StartsWith((dir_ / file).string() + ": expected "));
    EXPECT_THAT(message, HasSubstr(what));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
    EXPECT_LT(message.size(), 1000u);
  }

  scratch_directory dir_;
  std::string zoneinfo_;
};

TEST_F(Sysfs, is_read_as_it_is) {
  const topology machine = read();
  ASSERT_EQ(machine.nodes.size(), 2u);
  const node expected{.id = 1,
                      .online = true,
                      .has_memory = true,
                      .has_cpu = true,
                      .distances = {20, 10},
                      .zones = {{zone_kind::normal, 2000}}};
  EXPECT_EQ(machine.nodes[1], expected);
  EXPECT_EQ(machine.possible, 2);
}

TEST_F(Sysfs, missing_lists_are_derived_from_the_nodes) {
  const topology all_files = read();
  for (const char* name : {"online", "possible", "has_cpu", "has_memory"}) dir_.remove(name);
  EXPECT_EQ(read(), all_files);
}

TEST_F(Sysfs, cpumap_serves_where_there_is_no_cpulist) {
  dir_.remove("has_cpu");
  for (const char* name : {"node0/cpulist", "node1/cpulist"}) dir_.remove(name);
  dir_.write("node0/cpumap", "00000000,00000000\n");
  dir_.write("node1/cpumap", "00000000,0000000c\n");
  const topology machine = read();
  EXPECT_FALSE(machine.nodes[0].has_cpu);
  EXPECT_TRUE(machine.nodes[1].has_cpu);
}

TEST_F(Sysfs, an_empty_list_is_not_a_missing_one) {
  dir_.write("has_cpu", "\n");
  EXPECT_FALSE(read().nodes[0].has_cpu);
  dir_.write("has_memory", "");
  EXPECT_FALSE(read().nodes[0].has_memory);
}

TEST_F(Sysfs, nodes_without_memory_and_without_cpus) {
  for (const char* name : {"has_cpu", "has_memory"}) dir_.remove(name);
  dir_.write_node(0, "10 20", 0, "0-3");
  dir_.write_node(1, "20 10", 8000, "");
  const topology machine = read();
  EXPECT_FALSE(machine.nodes[0].has_memory);
  EXPECT_TRUE(machine.nodes[0].zones.empty());
  EXPECT_TRUE(machine.nodes[0].has_cpu);
  EXPECT_FALSE(machine.nodes[1].has_cpu);
  EXPECT_EQ(fallback_order_lines(machine), "Fallback order for Node 0: 1\nFallback order for Node 1: 1\n");
}

TEST_F(Sysfs, sparse_numbers) {
  for (const char* name : {"node1", "online", "possible", "has_cpu", "has_memory"}) dir_.remove(name);
  dir_.write_node(8, "20 10 30", 4000, "2-3");
  dir_.write_node(1023, "30 30 10", 4000, "4");
  dir_.write_node(0, "10 20 30", 4000, "0-1");
  EXPECT_EQ(fallback_order_lines(read()),
            "Fallback order for Node 0: 0 8 1023\n"
            "Fallback order for Node 8: 8 0 1023\n"
            "Fallback order for Node 1023: 1023 0 8\n");
}

TEST_F(Sysfs, offline_nodes_get_no_line_and_have_no_column) {
  dir_.write("possible", "0-3\n");
  dir_.write_node(3, "10", 4000, "4");
  const topology machine = read();
  ASSERT_EQ(machine.nodes.size(), 3u);
  EXPECT_FALSE(machine.nodes[2].online);
  EXPECT_EQ(machine.possible, 4);
  EXPECT_EQ(fallback_order_lines(machine),
            "Fallback order for Node 0: 0 1\nFallback order for Node 1: 1 0\n");
}

TEST_F(Sysfs, nodes_may_be_links_and_other_files_are_no_nodes) {
  std::filesystem::rename(dir_ / "node1", dir_ / "elsewhere");
  std::filesystem::create_directory_symlink(dir_ / "elsewhere", dir_ / "node1");
  dir_.write("node", "");
  dir_.write("node_distance", "");
  dir_.write("node1x", "");
  dir_.write("power/node7", "");
  dir_.write("has_generic_initiator", "\n");
  EXPECT_EQ(read().nodes.size(), 2u);
}

// As a copy has them that went through another system.
TEST_F(Sysfs, lines_may_end_with_crlf) {
  zoneinfo_ = (dir_ / "zoneinfo").string();
  dir_.write("zoneinfo",
             "Node 0, zone   Normal\n        present  7\n"
             "Node 1, zone   Normal\n        present  9\n");
  dir_.remove("has_cpu");
  dir_.write("node1/cpumap", "00000000,0000000c\n");
  dir_.remove("node1/cpulist");
  const auto with_and_without_zoneinfo = [this] {
    const topology zones_read = read();
    const std::string zoneinfo = std::exchange(zoneinfo_, "");
    const topology zones_derived = read();
    zoneinfo_ = zoneinfo;
    return std::pair(zones_read, zones_derived);
  };
  const auto with_lf = with_and_without_zoneinfo();
  for (const char* name : {"online", "possible", "has_memory", "zoneinfo", "node0/distance", "node0/cpulist",
                           "node0/meminfo", "node1/cpumap"}) {
    dir_.write(name, absl::StrReplaceAll(testing::slurp(dir_ / name), {{"\n", "\r\n"}}));
  }
  EXPECT_EQ(with_and_without_zoneinfo(), with_lf);
}

TEST_F(Sysfs, distances_may_be_as_large_as_an_int) {
  dir_.write("node0/distance", "10 2147483647");
  EXPECT_EQ(read().nodes[0].distances[1], 2147483647);
}

TEST_F(Sysfs, zoneinfo_gives_the_zones) {
  zoneinfo_ = (dir_ / "zoneinfo").string();
  dir_.write("zoneinfo",
             "Node 0, zone      DMA\n  pages free     3840\n        min      57\n        present  3998\n"
             "        managed  3840\n        protection: (0, 3019)\n      nr_free_pages 3840\n"
             "Node 0, zone  Movable\n  pages free     0\n        present  0\n        managed  0\n"
             "Node 1, zone  HighMem\n        present  7\n");
  const topology machine = read();
  EXPECT_EQ(machine.nodes[0].zones, (std::vector<zone>{{zone_kind::dma, 3998}, {zone_kind::movable, 0}}));
  EXPECT_EQ(machine.nodes[1].zones, (std::vector<zone>{{zone_kind::high_mem, 7}}));
  EXPECT_THAT(zone_lists(machine), Not(HasSubstr("Movable")));  // not populated
}

TEST_F(Sysfs, zoneinfo_serves_where_nothing_else_tells_of_memory) {
  for (const char* name : {"has_memory", "node0/meminfo", "node1/meminfo"}) dir_.remove(name);
  zoneinfo_ = (dir_ / "zoneinfo").string();
  dir_.write("zoneinfo", "Node 1, zone   Normal\n        present  7\n");
  const topology machine = read();
  EXPECT_FALSE(machine.nodes[0].has_memory);
  EXPECT_TRUE(machine.nodes[1].has_memory);
}

// ---- Bad input: one line that names the file and what was expected.

TEST_F(Sysfs, without_nodes) {
  for (const char* name : {"node0", "node1"}) dir_.remove(name);
  const auto machine = read_topology(dir_.path(), "");
  EXPECT_EQ(
      machine.status().message(),
      dir_.path() +
          ": expected a directory laid out like /sys/devices/system/node, got no nodes (node0, node1, ...)");
}
TEST_F(Sysfs, that_does_not_exist_or_is_a_file) {
  for (const char* path : {"/does/not/exist", "/dev/null", ""}) {
    const auto machine = read_topology(path, "");
    ASSERT_FALSE(machine.ok()) << path;
    EXPECT_THAT(std::string(machine.status().message()),
                ::testing::StartsWith(std::string(path) + ": expected "));
  }
}

TEST_F(Sysfs, bad_distance_rows) {
  const std::string overlong(100000, '7');
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "10 ";
  for (const std::string& row :
       {std::string("10 x"), std::string("10 -20"), std::string("10"), std::string("10 20 30"),
        std::string(""), std::string("10 20\n20 10\n"), std::string("10,20"), std::string("10 2147483648"),
        std::string("10 1e1"), std::string("10 0x14"), std::string("10 20\0", 6),
        std::string("\xff\xfe\n\n\x01", 5), overlong, many}) {
    dir_.write("node1/distance", row);
    expect_error("node1/distance", "one row of 2 distances");
  }
}
TEST_F(Sysfs, missing_distance_row) {
  dir_.remove("node1/distance");
  expect_error("node1/distance", "No such file");
}
TEST_F(Sysfs, more_rows_than_nodes_that_are_online) {
  dir_.remove("online");
  dir_.write_node(2, "10 20 20", 4000, "4");
  expect_error("node0/distance", "one row of 3 distances");
}
TEST_F(Sysfs, fewer_nodes_than_are_online) {
  dir_.write("online", "0-2");
  expect_error("online", "node 2, which does not");
}

TEST_F(Sysfs, duplicate_nodes) {
  dir_.write_node(1, "20 10", 8000, "2-3");
  std::filesystem::copy(dir_ / "node1", dir_ / "node01", std::filesystem::copy_options::recursive);
  expect_error("node1", "node 1 twice");
}
TEST_F(Sysfs, duplicates_in_a_list) {
  dir_.write("online", "0-1,1");
  expect_error("online", "1 twice");
}

TEST_F(Sysfs, nodes_beyond_1024) {
  dir_.write_node(1024, "10", 0, "");
  expect_error("node1024", "a node from 0 to 1023");
  dir_.remove("node1024");
  dir_.write_node(1, "20 10", 8000, "2-3");
  std::filesystem::create_directory(dir_ / "node99999999999999999999");
  expect_error("node99999999999999999999", "a node from 0 to 1023");
}
TEST_F(Sysfs, bad_lists) {
  for (const char* name : {"online", "possible", "has_cpu", "has_memory"}) {
    const std::string good = testing::slurp(dir_ / name);
    for (const char* text : {"0-1024", "0-4294967295", "-1", "x", "1-0", "0 1", "0,,1", "\xff\xfe\x01"}) {
      dir_.write(name, text);
      expect_error(name, "a list of nodes from 0 to 1023");
    }
    dir_.write(name, good);
  }
  dir_.write("online", "\n");
  expect_error("online", "at least one node");
}
TEST_F(Sysfs, lists_that_name_unknown_nodes) {
  dir_.write("has_memory", "0-1,7");
  expect_error("has_memory", "node 7, which does not");
  dir_.write("has_memory", "0-1");
  dir_.write("has_cpu", "9");
  expect_error("has_cpu", "node 9, which does not");
}

TEST_F(Sysfs, unreadable_files) {
  for (const char* name :
       {"online", "possible", "has_cpu", "has_memory", "node0/distance", "node0/meminfo"}) {
    std::filesystem::rename(dir_ / name, dir_ / "kept");
    std::filesystem::create_directory(dir_ / name);
    expect_error(name, "a directory");
    dir_.remove(name);
    std::filesystem::create_symlink(dir_ / name, dir_ / name);
    expect_error(name, "Too many levels of symbolic links");
    dir_.remove(name);
    ASSERT_EQ(::mkfifo((dir_ / name).c_str(), 0600), 0);  // must not be waited for
    expect_error(name, "not a regular file");
    dir_.remove(name);
    std::filesystem::create_symlink("/dev/zero", dir_ / name);
    expect_error(name, "not a regular file");
    dir_.remove(name);
    std::filesystem::rename(dir_ / "kept", dir_ / name);
  }
}
TEST_F(Sysfs, links_in_a_circle_instead_of_a_node) {
  std::filesystem::create_symlink("node3", dir_ / "node2");
  std::filesystem::create_symlink("node2", dir_ / "node3");
  expect_error("node2", "Too many levels of symbolic links");
}
TEST_F(Sysfs, a_file_instead_of_a_node) {
  dir_.write("node2", "");
  expect_error("node2", "a file");
}
TEST_F(Sysfs, endless_files) {
  dir_.write("online", std::string(3 << 20, '1'));
  expect_error("online", "more than 1048576 bytes");
}

TEST_F(Sysfs, bad_cpu_files) {
  dir_.remove("has_cpu");
  dir_.write("node1/cpulist", "0-x");
  expect_error("node1/cpulist", "a list of CPUs");
  dir_.remove("node1/cpulist");
  dir_.write("node1/cpumap", "0000zz00");
  expect_error("node1/cpumap", "a bitmap of CPUs");
}
TEST_F(Sysfs, bad_meminfo) {
  for (const char* text :
       {"", "garbage", "Node 1 MemTotal: -1 kB", "Node 1 MemTotal: 99999999999999999999 kB",
        "Node 1 MemTotal: 12", "Node 1 MemTotal: 12 MB", "Node 0 MemTotal: 12 kB"}) {
    dir_.write("node1/meminfo", text);
    expect_error("node1/meminfo", "a line \"Node 1 MemTotal: N kB\"");
  }
}
TEST_F(Sysfs, no_word_of_memory_anywhere) {
  for (const char* name : {"has_memory", "node0/meminfo", "node1/meminfo"}) dir_.remove(name);
  expect_error("node0/meminfo", "No such file");
}

TEST_F(Sysfs, bad_zoneinfo) {
  zoneinfo_ = (dir_ / "zoneinfo").string();
  expect_error("zoneinfo", "No such file");
  const std::string normal = "Node 0, zone   Normal\n        present  ";
  for (const std::string& text :
       {std::string(""), std::string("\xff\x00\x01", 3), std::string("Node 0, zone   Normal\n"),
        normal + "x\n", normal + "-1\n", normal + "99999999999999999999\n", normal + "4503599627370497\n",
        normal + "1\n        present  1\n", normal + "1\n" + normal + "1\n",
        std::string("Node 0, zone   Fast\n        present  1\n"), std::string("Node x, zone Normal\n"),
        std::string("Node 1024, zone Normal\n"), std::string("Node 0 zone Normal\n"),
        std::string("Node 0,\n"), std::string("Node 0, zone\n"), std::string("Node \n")}) {
    dir_.write("zoneinfo", text);
    expect_error("zoneinfo", "got ");
  }
  dir_.write("zoneinfo", "Node 5, zone   Normal\n        present  1\n");
  expect_error("zoneinfo", "node 5, which does not");
}

// ---- The recorded machines.

TEST(RecordedMachines, are_there) { EXPECT_EQ(testing::recorded_machines().size(), 13u); }

TEST(RecordedMachines, give_the_order_that_linux_printed) {
  for (const auto& path : testing::recorded_machines()) {
    const auto machine = read_topology(path.string(), (path / "zoneinfo").string());
    ASSERT_TRUE(machine.ok()) << machine.status();
    EXPECT_EQ(fallback_order_lines(*machine), testing::slurp(path / "expected")) << path;
  }
}
TEST(RecordedMachines, give_the_same_order_without_zoneinfo) {
  for (const auto& path : testing::recorded_machines()) {
    const auto machine = read_topology(path.string(), "");
    ASSERT_TRUE(machine.ok()) << machine.status();
    EXPECT_EQ(fallback_order_lines(*machine), testing::slurp(path / "expected")) << path;
  }
}

TEST(ThisMachine, can_be_read) {
  const auto machine = read_this_machine();
  ASSERT_TRUE(machine.ok()) << machine.status();
  EXPECT_FALSE(machine->nodes.empty());
}

// ---- Whatever the files say, the answer is a topology or one line.

void mutate(std::string& text, random_source& random) {
  static constexpr const char* pieces[] = {"-", " ",     "\n",   "0",   "99999999999999999999",
                                           ",", "Node ", "\xff", "1024"};
  for (std::size_t edits = 1 + random.below(3); edits > 0; --edits) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(4)) {
      case 0:
        text.insert(at, std::string(pieces[random.below(std::size(pieces))]));
        break;
      case 1:
        text.erase(at, 1 + random.below(8));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      default:
        text.resize(at);
    }
  }
}

TEST(Fuzz, mutated_machines_are_read_or_refused_in_one_line) {
  random_source random{1};
  const auto machines = testing::recorded_machines();
  int refused = 0;
  for (const auto& original : machines) {
    const scratch_directory dir;
    std::filesystem::copy(original, dir.path(), std::filesystem::copy_options::recursive);
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.path())) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (int round = 0; round < 100; ++round) {
      const auto& victim = files[random.below(files.size())];
      const std::string good = testing::slurp(victim);
      std::string bad = good;
      mutate(bad, random);
      std::filesystem::remove(victim);
      if (random.below(10) != 0) std::ofstream(victim, std::ios::binary) << bad;
      const auto machine = read_topology(dir.path(), random.below(2) == 0 ? (dir / "zoneinfo").string() : "");
      if (machine.ok()) {
        EXPECT_NE(fallback_order_lines(*machine), "");
        EXPECT_NE(zone_lists(*machine), "");
      } else {
        ++refused;
        const std::string message(machine.status().message());
        EXPECT_THAT(message, HasSubstr(": expected "));
        EXPECT_THAT(message, Not(HasSubstr("\n")));
      }
      std::ofstream(victim, std::ios::binary) << good;
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace zonelist
