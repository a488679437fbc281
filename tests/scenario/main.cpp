// The cases as any googletest program; with --table: the rows, and as the last line "N passed, N failed".
#include "scenario.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

TEST(scenarios, every_known_failure_has_its_case) {
  std::set<int> numbers;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const std::string name = suite.GetTestInfo(t)->name();
      if (const int number = number_of(name); number != 0) {
        EXPECT_TRUE(numbers.insert(number).second) << name << ": a second case of this number";
      }
    }
  }
  for (int number = first_number; number <= last_number; ++number) {
    EXPECT_TRUE(numbers.contains(number)) << "no case S" << number;
  }
  EXPECT_EQ(numbers.size(), std::size_t{last_number - first_number + 1});
}

constexpr std::size_t column_width = 56;

std::vector<std::string> wrapped(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > column_width) {
      end = text.rfind(' ', column_width);
      if (end == std::string_view::npos) end = column_width;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return lines;
}

void print_row(const std::string& number, const std::string& left, const std::string& right) {
  const std::vector<std::string> lefts = wrapped(left), rights = wrapped(right);
  const auto line = [](const std::vector<std::string>& lines, std::size_t i) {
    return i < lines.size() ? lines[i].c_str() : "";
  };
  for (std::size_t i = 0; i < std::max(lefts.size(), rights.size()); ++i) {
    std::printf("%-3s | %-*s | %s\n", i == 0 ? number.c_str() : "", static_cast<int>(column_width),
                line(lefts, i), line(rights, i));
  }
}
void print_rule() {
  const std::string dashes(column_width, '-');
  std::printf("----+-%s-+-%s\n", dashes.c_str(), dashes.c_str());
}

int print_table() {
  int passed = 0, failed = 0;
  print_row("#", "failure seen in naive code", "rtseq's answer");
  for (int number = first_number; number <= last_number; ++number) {
    const row& r = rows()[number];
    const bool nothing = r.failure.empty() && r.skipped.empty();
    print_rule();
    print_row("S" + std::to_string(number),
              nothing             ? "FAILED: nothing was shown"
              : r.skipped.empty() ? r.failure
                                  : "skipped: " + r.skipped,
              r.failed ? "FAILED, see above" : r.answer);
    if (nothing || r.failed) {
      ++failed;
    } else if (r.skipped.empty()) {
      ++passed;
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed != 0 ? 0 : 1;
}

// Says only what went wrong, so that the table stays readable.
class failures_only : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (result.failed()) {
      std::fprintf(stderr, "%s:%d: %s\n", result.file_name() != nullptr ? result.file_name() : "?",
                   result.line_number(), result.message());
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2 || std::strcmp(argv[1], "--table") != 0) return RUN_ALL_TESTS();
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new failures_only);
  const int status = RUN_ALL_TESTS();
  const int table_status = print_table();
  return status != 0 ? status : table_status;
}
