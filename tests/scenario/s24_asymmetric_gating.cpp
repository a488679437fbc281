// Where a feature is off, begin returns a constant; retry, which looks later, compares the real count.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/seqcount.hpp>
#include <rtseq/seqlock.hpp>

#include <type_traits>

namespace {

template <class Count, class Token>
concept accepts = requires(const Count& count, Token token) {
  count.read_retry(token);
};

TEST_F(scenario, S24_asymmetric_gating) {
  naive::seqcount count;
  bool enabled = false;
  const auto gated_begin = [&] { return enabled ? count.read_begin().value_or(0) : 0U; };
  count.write_begin();
  count.write_end();
  constexpr int patience = 1'000;
  int passes = 0;
  while (passes < patience) {
    const unsigned begun = gated_begin();
    ++passes;
    if (!count.read_retry(begun)) break;
  }
  naive_fails(passes == patience, "begin returned 0, retry compared 2: not one of 1000 passes validated");

  using rtseq::read_token;
  static_assert(!std::is_default_constructible_v<read_token> && !std::is_aggregate_v<read_token>);
  static_assert(!std::is_constructible_v<read_token, int> && !std::is_constructible_v<read_token, unsigned>);
  rtseq_holds(!accepts<rtseq::seqcount<>, int> && !accepts<rtseq::seqlock<>, int> &&
                  !accepts<rtseq::seqcount<>, std::uintptr_t> && accepts<rtseq::seqcount<>, read_token>,
              "a read_token is made only by a begin: a constant for a retry does not compile");
  rtseq::seqcount<> shared;
  shared.write_begin();
  shared.write_end();
  rtseq_holds(!shared.read_retry(shared.read_begin()),
              "what a begin returns validates if nothing was written");
}

}  // namespace
