// lockdep in googletest programs: no findings at the end of a test, and those that a test expects.
//
//   const bool checked = rtseq::lockdep::fail_tests_with_findings();       // once a program, at namespace scope
//   TEST(zones, printing_in_a_section_is_found) {
//     EXPECT_LOCKDEP(print_in_write_section, { write_under(lock); log.print("odd"); });
//   }
//
// Without RTSEQ_LOCKDEP=1 nothing is checked, and an expected finding's statement does not run.
#ifndef RTSEQ_LOCKDEP_GTEST_HPP
#define RTSEQ_LOCKDEP_GTEST_HPP

#include <rtseq/lockdep.hpp>

#include <gtest/gtest.h>

#include <string>

// `statement` breaks `wanted`, a name of rtseq::lockdep::rule, and no other rule. What was seen before is forgotten.
#define EXPECT_LOCKDEP(wanted, ...) \
  EXPECT_TRUE(::rtseq::lockdep::finds(::rtseq::lockdep::rule::wanted, [&] { __VA_ARGS__; }))
// `statement` breaks none.
#define EXPECT_NO_LOCKDEP(...) EXPECT_TRUE(::rtseq::lockdep::finds_nothing([&] { __VA_ARGS__; }))

namespace rtseq::lockdep {

// Findings while it lives are the test's own affair: collected, and forgotten at its end; and so is what is then held
// that was not at its beginning.
class expecting_findings {
 public:
  expecting_findings() : before_{set_handler(collect)}, first_{collected()} {}
  ~expecting_findings() {
    forget_collected(first_);
    set_handler(before_);
  }
  expecting_findings(const expecting_findings&) = delete;
  expecting_findings& operator=(const expecting_findings&) = delete;

  std::size_t count() const { return collected() - first_; }
  finding at(std::size_t i) const { return collected(first_ + i); }

 private:
#if RTSEQ_LOCKDEP
  detail::lockdep::held_scope held_;
#endif
  handler before_;
  std::size_t first_;
};

template <class Statement>
testing::AssertionResult finds_nothing(Statement statement) {
  reset();
  const expecting_findings findings;
  statement();
  if (findings.count() == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << findings.at(0).text;
}

template <class Statement>
testing::AssertionResult finds(rule wanted, Statement statement) {
  if (!enabled) return testing::AssertionSuccess();
  reset();
  const expecting_findings findings;
  statement();
  bool found = false;
  for (std::size_t i = 0; i < findings.count(); ++i) {
    if (findings.at(i).rule != wanted) return testing::AssertionFailure() << findings.at(i).text;
    found = true;
  }
  if (found) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "lockdep did not find " << name_of(wanted);
}

// Makes every test of the program fail that ends with findings, or with something held; a suite or the program if
// something is found after its last test; and what is found after that aborts.
inline bool fail_tests_with_findings() {
  class listener : public testing::EmptyTestEventListener {
    static void fail(const char* at) {
      expect_nothing_held(at);
#if RTSEQ_LOCKDEP
      detail::lockdep::forget_this_thread();
#endif
      for (std::size_t i = 0; i < collected(); ++i) ADD_FAILURE() << collected(i).text;
      forget_collected();
      reset();
    }
    void OnTestEnd(const testing::TestInfo&) override { fail("the test ends"); }
    void OnTestSuiteEnd(const testing::TestSuite&) override { fail("the test suite ends"); }
    void OnEnvironmentsTearDownEnd(const testing::UnitTest&) override { fail("the tests end"); }
    void OnTestProgramEnd(const testing::UnitTest&) override { set_handler(print_and_abort); }
  };
  if (!enabled) return false;
  set_handler(collect);
  testing::UnitTest::GetInstance()->listeners().Append(new listener);
  return true;
}

}  // namespace rtseq::lockdep

#endif
