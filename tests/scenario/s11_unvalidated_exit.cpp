// A lock-free pass is left without a validation, or has an effect before it.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <optional>
#include <stdexcept>

namespace {

// A writer comes between the two loads of the first pass.
template <class Write>
pair_value torn_at_first(const pair_of_words& data, int& passes, Write write) {
  const int a = data.a;
  if (passes++ == 0) write();
  return {a, data.b};
}

struct naive_words {
  naive::seqcount count;
  pair_of_words data;
  int passes = 0;

  pair_value pass() {
    return torn_at_first(data, passes, [this] {
      count.write_begin();
      data.store(2);
      count.write_end();
    });
  }
};

std::optional<pair_value> returns_early(naive_words& w) {
  while (const auto begun = w.count.read_begin()) {
    const pair_value read = w.pass();
    if (read.b == 2) return read;  // "found it"
    if (!w.count.read_retry(*begun)) break;
  }
  return std::nullopt;
}
int throws_when_torn(naive_words& w) {
  const auto begun = w.count.read_begin();
  const pair_value read = w.pass();
  if (read.torn()) throw std::logic_error("corrupt data");
  return begun && !w.count.read_retry(*begun) ? read.a : 0;
}
int effects_of_one_read(naive_words& w) {
  int effects = 0;
  for (auto begun = w.count.read_begin(); begun; begun = w.count.read_begin()) {
    (void)w.pass();
    ++effects;
    if (!w.count.read_retry(*begun)) break;
  }
  return effects;
}

TEST_F(scenario, S11_unvalidated_exit) {
  naive_words returning, throwing, acting;
  naive_fails(returns_early(returning).value_or(pair_value{}).torn(),
              "a return inside the pass carried a torn value out");
  bool threw = false;
  try {
    throws_when_torn(throwing);
  } catch (const std::logic_error&) {
    threw = true;
  }
  naive_fails(threw, "so did an exception: corrupt data, where there was none");
  naive_fails(effects_of_one_read(acting) == 2, "a side effect of one read happened twice");

  const rtseq::lockdep::off one_thread_plays_both_sides;
  rtseq::seqlock<> lock;
  pair_of_words data;
  int passes = 0;
  const pair_value read = lock.read([&] {
    return torn_at_first(data, passes, [&] {
      const rtseq::write_guard section{lock};
      data.store(2);
    });
  });
  rtseq_holds(read.is(2) && passes == 2,
              "read(section): a return inside the section is no way out; the torn pass was repeated and only "
              "the valid one's value returned");
  const rtseq::seqlocked<pair_value> value{pair_value{1, 1}};
  rtseq_holds(
      value.load().is(1),
      "seqlocked::load returns a validated copy, so exceptions and effects come after; a section that "
      "throws, or acts, inside read() is not caught");
}

}  // namespace
