// One case for each known way in which a sequence lock fails: the naive code does, rtseq does not.
//
//   TEST_F(scenario, S07_nested_write) {
//     …step through it…
//     naive_fails(torn, "what happened, as it was seen");
//     rtseq_holds(not_torn, "why it does not happen here");
//   }
//
// A case's number is in its name. Each call asserts what it says, and is a row of the table that
// `tests/run --scenarios` prints; a case without both is a failure. Nothing depends on time: interleavings are
// stepped through by hand, handlers are nested calls or signals raised on the spot, and waits end after a budget.
#ifndef SCENARIO_SCENARIO_HPP
#define SCENARIO_SCENARIO_HPP

#include <rtseq/lockdep_gtest.hpp>
#include <rtseq/violation.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

namespace scenario_tests {

inline constexpr int first_number = 1;
inline constexpr int last_number = 24;

// 7 for "S07_nested_write"; 0 for another name.
int number_of(const std::string& test_name);

struct row {
  std::string failure, answer, skipped;
  bool failed = false;
};
std::map<int, row>& rows();

class scenario : public testing::Test {
 protected:
  void SetUp() override;     // a watchdog ends a case that hangs
  void TearDown() override;  // both halves are there, or the case is skipped

  // Several of each are parts of one row.
  static void naive_fails(bool seen, const std::string& what);
  static void rtseq_holds(bool true_of_it, const std::string& why);
  // Part of rtseq's answer: `statement` breaks `wanted`, and no other rule, without the failure having to happen. What
  // a build without RTSEQ_LOCKDEP=1 says of it, one with it has checked.
  template <class Statement>
  static void lockdep_finds(rtseq::lockdep::rule wanted, const char* rule_name, const std::string& what,
                            Statement statement) {
    EXPECT_TRUE(rtseq::lockdep::finds(wanted, statement));
    lockdep_says(rule_name, what);
  }
  // Instead of both, then return: the machine does not allow it.
  static void skip(const std::string& why);

 private:
  static void lockdep_says(const char* rule_name, const std::string& what);
};

// What the library reports when a child process runs `misuse`; empty: nothing, or it did not end. No other
// threads may run.
std::string report_of(const std::function<void()>& misuse);

// Collects what the library reports, for misuse after which the operation goes on.
class reports {
 public:
  reports();
  ~reports();
  reports(const reports&) = delete;
  reports& operator=(const reports&) = delete;
  static int count();
  static rtseq::violation last();

 private:
  rtseq::violation_handler before_;
  rtseq::lockdep::expecting_findings findings_;
};

// A handler of SIGUSR1 while it lives. raise(SIGUSR1) has then run it, unless it is held off.
class signal_handler {
 public:
  explicit signal_handler(std::function<void()> body);
  ~signal_handler();
  signal_handler(const signal_handler&) = delete;
  signal_handler& operator=(const signal_handler&) = delete;
};

// What a command prints, and whether it succeeded.
struct command_result {
  bool succeeded;
  std::string output;
};
command_result run_command(const std::string& command);

inline bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace scenario_tests

// LOCKDEP_FINDS(two_writers, "what is found", [] { statements });
#define LOCKDEP_FINDS(wanted, what, ...) \
  lockdep_finds(rtseq::lockdep::rule::wanted, #wanted, what, __VA_ARGS__)

using namespace scenario_tests;  // the cases are its only users

#endif
