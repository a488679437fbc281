// The cases of tests/rt/run on this machine: who ran before whom is judged, time is not.
#include "cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <string>

namespace rtseq::rt {

void PrintTo(const named_case& it, std::ostream* out) { *out << it.reader->name << ", " << it.under; }

namespace {

class Priorities : public ::testing::TestWithParam<named_case> {};

TEST_P(Priorities, are_kept_when_the_writer_is_preempted_in_mid_write) {
#if defined(RTSEQ_RT_SANITIZED)
  GTEST_SKIP() << "a sanitizer's own locks spin, for ever above a thread of lower priority";
#endif
  if (const char* why = why_no_priorities()) GTEST_SKIP() << why;
  const named_case& it = GetParam();
  if (it.when.by_deadline) {
    if (const char* why = why_no_deadlines()) GTEST_SKIP() << why;
  }
  const outcome seen = preempt_writes(it.reader->make(), it.when);
  EXPECT_EQ(broken_promise(it, seen), "");
}

std::string test_name(const ::testing::TestParamInfo<named_case>& info) {
  std::string name = info.param.reader->name + "_" + info.param.under;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(rt, Priorities, ::testing::ValuesIn(all_cases(20)), test_name);

}  // namespace
}  // namespace rtseq::rt
