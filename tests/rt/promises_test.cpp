// What is promised stands in three places: the list of operations, the functions' comments and the page's table.
#include "promises.hpp"
#include "headers.hpp"
#include "operations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace rtseq::rt {
namespace {

const std::filesystem::path include = RTSEQ_SOURCE "/include/rtseq";
const std::filesystem::path page = RTSEQ_SOURCE "/docs/real-time.md";

bool has_the_words(const std::string& comment, const std::string& words) {
  return std::regex_search(comment, std::regex(words, std::regex::icase));
}

// Does it promise any progress?
bool promises_anything(const std::string& comment) {
  static const std::regex any = [] {
    std::string words;
    for (const promise* it : promises::in_order)
      words += std::string(words.empty() ? "" : "|") + it->progress;
    return std::regex(words, std::regex::icase);
  }();
  return std::regex_search(comment, any);
}

const std::vector<declaration>& declared_in(const std::string& header) {
  static std::map<std::string, std::vector<declaration>> all;
  if (!all.contains(header)) all[header] = declarations_in(include / header, promises_anything);
  return all[header];
}

TEST(Promises, stand_in_the_functions_comments) {
  for (const operation& it : all_operations()) {
    const auto& all = declared_in(it.header);
    const auto keeps = [&](const declaration& d) {
      return d.name == it.function && has_the_words(d.comment, it.promised->progress);
    };
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), keeps))
        << it.header << ": no comment of " << it.function << " has the words \"" << it.promised->progress
        << '"';
  }
}

// Not functions of this library's own, or not for programs that run.
bool is_exempt(const std::string& header) {
  static const std::set<std::string> all = {
      "lock/absl_mutex.hpp", "lock/pthread_mutex.hpp",  // call others' locks
      "lock/std_mutex.hpp",  "lock/traits.hpp",
      "rcu_flavours.hpp",                            // called by what rcu.hpp promises
      "lockdep.hpp",         "lockdep_checked.hpp",  // off in programs that run
      "lockdep_gtest.hpp",
  };
  return header.starts_with("detail/") || all.contains(header);
}

TEST(Promises, are_made_for_every_public_function) {
#if !defined(RTSEQ_RT_RCU)
  GTEST_SKIP() << "built without liburcu: the list lacks what needs it";
#endif
  std::set<std::string> listed;
  for (const operation& it : all_operations()) listed.insert(it.header + ' ' + it.function);
  unsigned functions = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(include)) {
    const std::string header = std::filesystem::relative(file.path(), include);
    if (!file.is_regular_file() || is_exempt(header)) continue;
    for (const declaration& it : declared_in(header)) {
      if (it.is_class && it.comment.empty()) continue;
      ++functions;
      EXPECT_TRUE(listed.contains(header + ' ' + it.name))
          << header << ": " << it.name << " is not in the list";
    }
  }
  EXPECT_GE(functions, 100u) << "the headers' declarations were not found";
}

TEST(Promises, are_each_somebodys) {
  std::set<const promise*> made;
  for (const operation& it : all_operations()) made.insert(it.promised);
#if defined(RTSEQ_RT_RCU)
  EXPECT_EQ(made.size(), std::size(promises::in_order));
#endif
  for (const promise* row : promises::in_order) made.erase(row);
  EXPECT_TRUE(made.empty()) << "the page has no row for one";
}

// "none" means that the watched operations ask for nothing but what the page says of all: their thread's id, and with
// signal_context the mask.
TEST(Promises, of_system_calls_are_those_that_are_watched) {
  for (const operation& it : all_operations()) {
    const bool says_none = std::string(it.promised->calls).starts_with("none");
    const auto asks = [&](call c) { return c == call::sigmask && (it.of == "signal_context" || !says_none); };
    const bool calls = !it.run || std::any_of(it.calls.begin(), it.calls.end(), asks);
    EXPECT_EQ(calls, !says_none) << it.of << "::" << it.function << ": " << it.promised->calls;
  }
}

// "`seqlock` over `spinlock`: `read`, `read_begin`; `in_deferral`"
std::string names_of(const promise& row, const std::vector<operation>& all) {
  std::vector<std::string> types;
  std::ostringstream names;
  const auto belongs = [&](const operation& it) { return it.promised == &row; };
  for (const operation& it : all) {
    if (belongs(it) && std::find(types.begin(), types.end(), it.of) == types.end()) types.push_back(it.of);
  }
  const char* between_types = "";
  for (const std::string& type : types) {
    std::set<std::string> seen;
    names << between_types;
    if (!type.empty()) names << '`' << std::regex_replace(type, std::regex(" over "), "` over `") << "`: ";
    for (const operation& it : all) {
      if (!belongs(it) || it.of != type || seen.contains(it.function)) continue;
      names << (seen.empty() ? "" : ", ") << '`' << it.function << '`';
      seen.insert(it.function);
    }
    between_types = "; ";
  }
  return names.str();
}

std::string table() {
  const std::vector<operation> all = all_operations();
  std::ostringstream text;
  text << "| operation | progress | bound | system calls | what can delay it |\n| --- | --- | --- | --- | "
          "--- |\n";
  for (const promise* row : promises::in_order) {
    text << "| " << names_of(*row, all) << " | " << row->progress << " | " << row->bound << " | "
         << row->calls << " | " << row->delays << " |\n";
  }
  return text.str();
}

TEST(Promises, are_the_pages_table) {
#if !defined(RTSEQ_RT_RCU)
  GTEST_SKIP() << "built without liburcu: the list lacks what needs it";
#endif
  static const std::string start = "<!-- promises_test -->\n";
  static const std::string end = "<!-- end -->\n";
  std::stringstream file;
  file << std::ifstream(page).rdbuf();
  std::string text = file.str();
  const std::size_t from = text.find(start);
  const std::size_t to = text.find(end, from);
  ASSERT_NE(to, std::string::npos) << "the page's table is not marked";
  const std::size_t first = from + start.size();
  if (std::getenv("RTSEQ_WRITE_PAGE") != nullptr) {
    std::ofstream(page) << text.replace(first, to - first, table());
  } else {
    EXPECT_EQ(text.substr(first, to - first), table())
        << "docs/real-time.md differs from the list; RTSEQ_WRITE_PAGE=1 in the environment of this test "
           "renews it";
  }
}

}  // namespace
}  // namespace rtseq::rt
