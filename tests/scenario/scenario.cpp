#include "scenario.hpp"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>

namespace scenario_tests {
namespace {

constexpr unsigned case_seconds = 100;  // a hang, not a bound: cases take milliseconds
constexpr unsigned child_seconds = 60;

std::string current_test() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
row& current_row() { return rows()[number_of(current_test())]; }

void append(std::string& text, const std::string& part) {
  if (!text.empty()) text += "; ";
  text += part;
}

// For the handler of SIGALRM.
std::array<char, 128> running_case{};

[[noreturn]] void hangs(int) {
  static constexpr char text[] = ": the case hangs\n";
  if (::write(STDERR_FILENO, running_case.data(), ::strlen(running_case.data())) < 0 ||
      ::write(STDERR_FILENO, text, sizeof text - 1) < 0) {
    ::_exit(3);
  }
  ::_exit(2);
}

}  // namespace

int number_of(const std::string& test_name) {
  return test_name.size() > 3 && test_name[0] == 'S' && test_name[3] == '_' ? std::atoi(test_name.c_str() + 1)
                                                                            : 0;
}

std::map<int, row>& rows() {
  static std::map<int, row> all;
  return all;
}

void scenario::SetUp() {
  current_test().copy(running_case.data(), running_case.size() - 1);
  ::signal(SIGALRM, hangs);
  ::alarm(case_seconds);
}

void scenario::TearDown() {
  ::alarm(0);
  row& mine = current_row();
  if (mine.skipped.empty()) {
    EXPECT_FALSE(mine.failure.empty()) << "the naive code was not shown to fail";
    EXPECT_FALSE(mine.answer.empty()) << "rtseq's answer was not shown";
  }
  mine.failed = HasFailure();
}

void scenario::naive_fails(bool seen, const std::string& what) {
  EXPECT_TRUE(seen) << "the naive code was to fail, and did not: " << what;
  append(current_row().failure, what);
}

void scenario::rtseq_holds(bool true_of_it, const std::string& why) {
  EXPECT_TRUE(true_of_it) << "not true of rtseq: " << why;
  append(current_row().answer, why);
}

void scenario::lockdep_says(const char* rule_name, const std::string& what) {
  append(current_row().answer,
         what + ": lockdep " +
             (rtseq::lockdep::enabled ? "reports it (" : "reports it when built with RTSEQ_LOCKDEP=1 (") +
             rule_name + ")");
}

void scenario::skip(const std::string& why) { current_row().skipped = why; }

std::string report_of(const std::function<void()>& misuse) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    static const int to_parent = ends[1];
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(child_seconds);
    rtseq::set_violation_handler([](const rtseq::violation_report& report) noexcept {
      const auto length = ::strlen(report.message);
      ::_exit(::write(to_parent, report.message, length) == static_cast<ssize_t>(length) ? 0 : 1);
    });
    misuse();
    ::_exit(1);
  }
  ::close(ends[1]);
  std::string message;
  std::array<char, 256> buffer;
  for (ssize_t bytes; (bytes = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    message.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return message;
}

namespace {
std::atomic<int> reported{0};
std::atomic<rtseq::violation> last_reported{};
}  // namespace

reports::reports() {
  reported = 0;
  before_ = rtseq::set_violation_handler([](const rtseq::violation_report& report) noexcept {
    last_reported = report.rule;
    ++reported;
  });
}
reports::~reports() { rtseq::set_violation_handler(before_); }
int reports::count() { return reported; }
rtseq::violation reports::last() { return last_reported; }

namespace {
std::function<void()> handler_body;
}  // namespace

signal_handler::signal_handler(std::function<void()> body) {
  handler_body = std::move(body);
  struct sigaction action = {};
  action.sa_handler = [](int) { handler_body(); };
  EXPECT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
}
signal_handler::~signal_handler() { ::signal(SIGUSR1, SIG_DFL); }

command_result run_command(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {false, "popen failed"};
  command_result result{};
  std::array<char, 4096> buffer;
  for (std::size_t bytes; (bytes = ::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), bytes);
  }
  const int status = ::pclose(pipe);
  result.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return result;
}

}  // namespace scenario_tests
