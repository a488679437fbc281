// What s10_missing_barrier_model.cpp finds: no run on one machine can show that an order is needed.
#include "scenario.hpp"

#include <string>

namespace {

bool all_passed(const char* filter, const char* wanted) {
  const command_result run =
      run_command(std::string(SCENARIO_S10_MODEL " --gtest_color=no --gtest_filter=") + filter);
  EXPECT_TRUE(run.succeeded) << run.output;
  return run.succeeded && contains(run.output, wanted);
}

TEST_F(scenario, S10_missing_barrier) {
  naive_fails(all_passed("s10.without_*", "[  PASSED  ] 4 tests"),
              "with any one of the four orders left out, the weak-memory checker found a torn value that "
              "validates");
  rtseq_holds(
      all_passed("s10.rtseq_*", "[  PASSED  ] 1 test"),
      "the shipped headers: no torn value in any execution; tests/model/mutate weakens every order in "
      "them, one at a time, and docs/memory-orders.md says what then breaks");
}

}  // namespace
