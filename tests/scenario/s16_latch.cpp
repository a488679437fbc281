// A latch that is read without a check, written by two, or flipped early.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/latched.hpp>
#include <rtseq/seqcount_latch.hpp>

#include <thread>
#include <utility>

namespace {

struct latched_words {
  rtseq::seqcount_latch latch;
  pair_of_words data[2];

  // One pass, with `between` after its first load; a reader that nobody waits for.
  template <class Between>
  std::pair<pair_value, bool> read(Between between) const {
    const rtseq::read_token token = latch.read_latch();
    const pair_of_words& copy = data[latch.index(token)];
    const int a = copy.a;
    between();
    const pair_value value{a, copy.b};
    return {value, !latch.read_retry(token)};
  }
  std::pair<pair_value, bool> read() const {
    return read([] {});
  }
  void write(int n) {
    latch.write_latch_begin();
    data[0].store(n);
    latch.write_latch();
    data[1].store(n);
    latch.write_latch_end();
  }
};

TEST_F(scenario, S16_latch) {
  naive::seqcount count;
  count.write_begin();
  naive_fails(!count.read_begin(), "one copy: a non-maskable reader on top of the writer gave up");

  const rtseq::lockdep::off deliberate_misuse;
  latched_words unchecked, two_writers, early;
  naive_fails(unchecked.read([&] { unchecked.write(2); }).first.torn(),
              "no retry check: a torn value was used");
  two_writers.latch.write_latch_begin();
  two_writers.data[0].a = 2;
  two_writers.latch.write_latch_begin();  // the second: readers are sent to what the first is changing
  const auto [mixed, mixed_valid] = two_writers.read();
  naive_fails(mixed.torn() && mixed_valid, "two writers: a torn value validated");
  two_writers.latch.write_latch_end();
  two_writers.latch.write_latch_end();
  early.latch.write_latch_begin();
  early.data[0].a = 2;
  early.latch.write_latch();  // before data[0].b
  const auto [half, half_valid] = early.read();
  naive_fails(half.torn() && half_valid, "flipped before the copy was complete: a torn value validated");
  early.latch.write_latch_end();

  latched_words shared;
  int right = 0;
  const auto interrupted = [&](int wanted) {
    const auto [value, valid] = shared.read();
    right += value.is(wanted) && valid;
  };
  shared.latch.write_latch_begin(), interrupted(1);
  shared.data[0].a = 2, interrupted(1);
  shared.data[0].b = 2, interrupted(1);
  shared.latch.write_latch(), interrupted(2);
  shared.data[1].a = 2, interrupted(2);
  shared.data[1].b = 2, interrupted(2);
  shared.latch.write_latch_end(), interrupted(2);
  rtseq_holds(right == 7,
              "a reader between any two steps of a write got the old or the new value in one pass");
  rtseq_holds(!shared.read([&] { shared.write(3); }).second, "a whole write between: the retry says so");

  rtseq::latched<pair_value> value{pair_value{1, 1}};
  bool nested = true, beside = true;
  value.update([&](pair_value& v) {
    nested = value.try_store({9, 9});
    std::thread([&] { beside = value.try_store({9, 9}); }).join();
    v = {2, 2};
  });
  rtseq_holds(
      !nested && !beside && value.load().is(2),
      "latched::try_store refuses a second writer, on top or beside; the order of flips and copies is "
      "not the caller's");
}

}  // namespace
