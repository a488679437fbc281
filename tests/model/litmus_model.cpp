// The checker against litmus tests whose verdicts are known: what the C++20 memory model allows is found, and
// what it forbids is not. Names and shapes as in the literature: J. Alglave et al., "Herding cats" (2014);
// O. Lahav et al., "Repairing sequential consistency in C/C++11" (2017).
//
// Every test also runs with its threads explored in the opposite order: the number of executions must be the
// same, and none may come twice.
#include "provider.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr auto rlx = std::memory_order_relaxed;
constexpr auto acq = std::memory_order_acquire;
constexpr auto rel = std::memory_order_release;
constexpr auto ar = std::memory_order_acq_rel;
constexpr auto sc = std::memory_order_seq_cst;

using variable = rtseq::detail::atomic<int>;
struct memory {
  variable x{0}, y{0}, z{0};
};
struct registers {
  int a, b, c, d;  // what threads read
  int x, y;        // final values
};
using step = std::function<void(memory&, registers&)>;

enum verdict_wanted { allowed, forbidden };
struct litmus {
  const char* name;
  verdict_wanted verdict;
  std::vector<step> threads;
  std::function<bool(const registers&)> outcome;
};

void fence(std::memory_order order) { rtseq::detail::data_fence(order); }

#define THREAD(...)             \
  [](memory& m, registers& r) { \
    (void)m, (void)r;           \
    __VA_ARGS__;                \
  }
#define OUTCOME(...) [](const registers& r) { return __VA_ARGS__; }

// Message passing: data x, flag y.
litmus mp(const char* name, verdict_wanted verdict, step writer, step reader) {
  return {name, verdict, {std::move(writer), std::move(reader)}, OUTCOME(r.a == 1 && r.b == 0)};
}
litmus mp(const char* name, verdict_wanted verdict, std::memory_order store, std::memory_order load) {
  return mp(
      name, verdict, [=](memory& m, registers&) { m.x.store(1, rlx), m.y.store(1, store); },
      [=](memory& m, registers& r) { r.a = m.y.load(load), r.b = m.x.load(rlx); });
}
// Store buffering.
litmus sb(const char* name, verdict_wanted verdict, step one, step two) {
  return {name, verdict, {std::move(one), std::move(two)}, OUTCOME(r.a == 0 && r.b == 0)};
}
litmus sb(const char* name, verdict_wanted verdict, std::memory_order store, std::memory_order load) {
  return sb(
      name, verdict, [=](memory& m, registers& r) { m.x.store(1, store), r.a = m.y.load(load); },
      [=](memory& m, registers& r) { m.y.store(1, store), r.b = m.x.load(load); });
}
// Independent reads of independent writes.
litmus iriw(const char* name, verdict_wanted verdict, std::memory_order store, std::memory_order first,
            std::memory_order second, bool fences = false) {
  const auto between = [=] {
    if (fences) fence(sc);
  };
  return {name,
          verdict,
          {[=](memory& m, registers&) { m.x.store(1, store); },
           [=](memory& m, registers&) { m.y.store(1, store); },
           [=](memory& m, registers& r) { r.a = m.x.load(first), between(), r.b = m.y.load(second); },
           [=](memory& m, registers& r) { r.c = m.y.load(first), between(), r.d = m.x.load(second); }},
          OUTCOME(r.a == 1 && r.b == 0 && r.c == 1 && r.d == 0)};
}
// Two threads, two stores each, crosswise.
litmus two_plus_two(const char* name, verdict_wanted verdict, std::memory_order order, bool fences = false) {
  const auto between = [=] {
    if (fences) fence(sc);
  };
  return {name,
          verdict,
          {[=](memory& m, registers&) { m.x.store(1, order), between(), m.y.store(2, order); },
           [=](memory& m, registers&) { m.y.store(1, order), between(), m.x.store(2, order); }},
          OUTCOME(r.x == 1 && r.y == 1)};
}
// Write to read causality: through the thread in the middle.
litmus wrc(const char* name, verdict_wanted verdict, std::memory_order store, std::memory_order load) {
  return {
      name,
      verdict,
      {THREAD(m.x.store(1, rlx)), [=](memory& m, registers& r) { r.a = m.x.load(rlx), m.y.store(1, store); },
       [=](memory& m, registers& r) { r.b = m.y.load(load), r.c = m.x.load(rlx); }},
      OUTCOME(r.a == 1 && r.b == 1 && r.c == 0)};
}
litmus isa2(const char* name, verdict_wanted verdict, std::memory_order first,
            std::memory_order in_the_middle, std::memory_order second, std::memory_order last) {
  return {name,
          verdict,
          {[=](memory& m, registers&) { m.x.store(1, rlx), m.y.store(1, first); },
           [=](memory& m, registers& r) { r.a = m.y.load(in_the_middle), m.z.store(1, second); },
           [=](memory& m, registers& r) { r.b = m.z.load(last), r.c = m.x.load(rlx); }},
          OUTCOME(r.a == 1 && r.b == 1 && r.c == 0)};
}
litmus s(const char* name, verdict_wanted verdict, std::memory_order store, std::memory_order load) {
  return {name,
          verdict,
          {[=](memory& m, registers&) { m.x.store(2, rlx), m.y.store(1, store); },
           [=](memory& m, registers& r) { r.a = m.y.load(load), m.x.store(1, rlx); }},
          OUTCOME(r.a == 1 && r.x == 2)};
}
litmus r_shape(const char* name, verdict_wanted verdict, std::memory_order store, std::memory_order load,
               bool fences = false) {
  const auto between = [=] {
    if (fences) fence(sc);
  };
  return {name,
          verdict,
          {[=](memory& m, registers&) { m.x.store(1, store), between(), m.y.store(1, store); },
           [=](memory& m, registers& r) { m.y.store(2, store), between(), r.a = m.x.load(load); }},
          OUTCOME(r.a == 0 && r.y == 2)};
}
litmus lb(const char* name, std::memory_order load, std::memory_order store) {
  // RC11 forbids it even relaxed: program order and reads-from are acyclic. ISO C++ would allow that.
  return {name,
          forbidden,
          {[=](memory& m, registers& r) { r.a = m.x.load(load), m.y.store(1, store); },
           [=](memory& m, registers& r) { r.b = m.y.load(load), m.x.store(1, store); }},
          OUTCOME(r.a == 1 && r.b == 1)};
}
// A release sequence: the flag y is released as 1 and read as 2.
litmus release_sequence(const char* name, verdict_wanted verdict, step releaser, step between) {
  return {name,
          verdict,
          {std::move(releaser), std::move(between), THREAD(r.a = m.y.load(acq), r.b = m.x.load(rlx))},
          OUTCOME(r.a == 2 && r.b == 0)};
}
const step released = THREAD(m.x.store(1, rlx), m.y.store(1, rel));

const litmus all[] = {
    mp("MP_relaxed", allowed, rlx, rlx),
    mp("MP_release_acquire", forbidden, rel, acq),
    mp("MP_release_relaxed", allowed, rel, rlx),
    mp("MP_relaxed_acquire", allowed, rlx, acq),
    mp("MP_seq_cst_flag", forbidden, sc, sc),
    mp("MP_fences", forbidden, THREAD(m.x.store(1, rlx), fence(rel), m.y.store(1, rlx)),
       THREAD(r.a = m.y.load(rlx), fence(acq), r.b = m.x.load(rlx))),
    mp("MP_release_fence_acquire_load", forbidden, THREAD(m.x.store(1, rlx), fence(rel), m.y.store(1, rlx)),
       THREAD(r.a = m.y.load(acq), r.b = m.x.load(rlx))),
    mp("MP_release_store_acquire_fence", forbidden, released,
       THREAD(r.a = m.y.load(rlx), fence(acq), r.b = m.x.load(rlx))),
    mp("MP_acq_rel_fences", forbidden, THREAD(m.x.store(1, rlx), fence(ar), m.y.store(1, rlx)),
       THREAD(r.a = m.y.load(rlx), fence(ar), r.b = m.x.load(rlx))),
    mp("MP_release_fence_too_late", allowed, THREAD(m.x.store(1, rlx), m.y.store(1, rlx), fence(rel)),
       THREAD(r.a = m.y.load(acq), r.b = m.x.load(rlx))),
    mp("MP_acquire_fence_too_early", allowed, released,
       THREAD(fence(acq), r.a = m.y.load(rlx), r.b = m.x.load(rlx))),
    mp("MP_acquire_fence_on_the_writer", allowed, THREAD(m.x.store(1, rlx), fence(acq), m.y.store(1, rlx)),
       THREAD(r.a = m.y.load(acq), r.b = m.x.load(rlx))),

    sb("SB_relaxed", allowed, rlx, rlx),
    sb("SB_release_acquire", allowed, rel, acq),
    sb("SB_seq_cst", forbidden, sc, sc),
    sb("SB_fences", forbidden, THREAD(m.x.store(1, rlx), fence(sc), r.a = m.y.load(rlx)),
       THREAD(m.y.store(1, rlx), fence(sc), r.b = m.x.load(rlx))),
    sb("SB_acq_rel_fences", allowed, THREAD(m.x.store(1, rlx), fence(ar), r.a = m.y.load(rlx)),
       THREAD(m.y.store(1, rlx), fence(ar), r.b = m.x.load(rlx))),
    sb("SB_one_fence", allowed, THREAD(m.x.store(1, rlx), fence(sc), r.a = m.y.load(rlx)),
       THREAD(m.y.store(1, rlx), r.b = m.x.load(rlx))),
    sb("SB_fence_against_seq_cst", forbidden, THREAD(m.x.store(1, rlx), fence(sc), r.a = m.y.load(rlx)),
       THREAD(m.y.store(1, sc), r.b = m.x.load(sc))),
    sb("SB_exchanges", forbidden, THREAD(m.x.exchange(1, ar), r.a = m.y.fetch_add(0, ar)),
       THREAD(m.y.exchange(1, ar), r.b = m.x.fetch_add(0, ar))),

    lb("LB_relaxed", rlx, rlx),
    lb("LB_acquire_release", acq, rel),

    iriw("IRIW_relaxed", allowed, rlx, rlx, rlx),
    iriw("IRIW_release_acquire", allowed, rel, acq, acq),
    iriw("IRIW_seq_cst", forbidden, sc, sc, sc),
    iriw("IRIW_acquire_then_seq_cst", allowed, sc, acq, sc),
    iriw("IRIW_fences", forbidden, rlx, rlx, rlx, true),

    {"CoRR",
     forbidden,
     {THREAD(m.x.store(1, rlx)), THREAD(r.a = m.x.load(rlx), r.b = m.x.load(rlx))},
     OUTCOME(r.a == 1 && r.b == 0)},
    {"CoRR_two_readers",
     forbidden,
     {THREAD(m.x.store(1, rlx)), THREAD(m.x.store(2, rlx)), THREAD(r.a = m.x.load(rlx), r.b = m.x.load(rlx)),
      THREAD(r.c = m.x.load(rlx), r.d = m.x.load(rlx))},
     OUTCOME(r.a == 1 && r.b == 2 && r.c == 2 && r.d == 1)},
    {"CoWW",
     forbidden,
     {THREAD(m.x.store(1, rlx), m.x.store(2, rlx)), THREAD(r.a = m.x.load(rlx))},
     OUTCOME(r.x == 1)},
    {"CoWR_own_store",
     forbidden,
     {THREAD(m.x.store(1, rlx), r.a = m.x.load(rlx)), THREAD(r.b = m.x.load(rlx))},
     OUTCOME(r.a == 0)},
    {"CoWR_overwritten",
     forbidden,
     {THREAD(m.x.store(1, rlx), r.a = m.x.load(rlx)), THREAD(m.x.store(2, rlx))},
     OUTCOME(r.a == 2 && r.x == 1)},
    {"CoWR_someone_elses",
     allowed,
     {THREAD(m.x.store(1, rlx), r.a = m.x.load(rlx)), THREAD(m.x.store(2, rlx))},
     OUTCOME(r.a == 2)},
    {"CoRW_own_later_store",
     forbidden,
     {THREAD(r.a = m.x.load(rlx), m.x.store(1, rlx)), THREAD(r.b = m.x.load(rlx))},
     OUTCOME(r.a == 1)},
    {"CoRW_overwritten",
     forbidden,
     {THREAD(r.a = m.x.load(rlx), m.x.store(1, rlx)), THREAD(m.x.store(2, rlx))},
     OUTCOME(r.a == 2 && r.x == 2)},
    {"CoRR_across_locations",
     allowed,
     {THREAD(m.x.store(1, rlx)), THREAD(m.y.store(1, rlx)), THREAD(r.a = m.x.load(rlx), r.b = m.y.load(rlx)),
      THREAD(r.c = m.x.load(rlx), r.d = m.y.load(rlx))},
     OUTCOME(r.a == 1 && r.b == 0 && r.c == 0 && r.d == 1)},

    two_plus_two("2+2W_relaxed", allowed, rlx),
    two_plus_two("2+2W_release", allowed, rel),
    two_plus_two("2+2W_seq_cst", forbidden, sc),
    two_plus_two("2+2W_fences", forbidden, rlx, true),

    wrc("WRC_relaxed", allowed, rlx, rlx),
    wrc("WRC_release_acquire", forbidden, rel, acq),
    wrc("WRC_release_relaxed", allowed, rel, rlx),

    isa2("ISA2_release_acquire", forbidden, rel, acq, rel, acq),
    isa2("ISA2_first_store_relaxed", allowed, rlx, acq, rel, acq),
    isa2("ISA2_middle_load_relaxed", allowed, rel, rlx, rel, acq),
    isa2("ISA2_last_load_relaxed", allowed, rel, acq, rel, rlx),

    s("S_relaxed", allowed, rlx, rlx),
    s("S_release_acquire", forbidden, rel, acq),
    s("S_release_relaxed", allowed, rel, rlx),

    r_shape("R_relaxed", allowed, rlx, rlx),
    r_shape("R_release_acquire", allowed, rel, acq),
    r_shape("R_seq_cst", forbidden, sc, sc),
    r_shape("R_fences", forbidden, rlx, rlx, true),

    release_sequence("release_sequence_by_update", forbidden, released, THREAD(m.y.fetch_add(1, rlx))),
    release_sequence("release_sequence_by_compare_exchange", forbidden, released,
                     THREAD(int one = 1; m.y.compare_exchange_strong(one, 2, rlx))),
    release_sequence("release_sequence_broken_by_a_store", allowed, released,
                     THREAD(if (m.y.load(rlx) == 1) m.y.store(2, rlx))),
    // C++20 took the releasing thread's own stores out of the release sequence.
    release_sequence("release_sequence_broken_by_the_same_thread", allowed,
                     THREAD(m.x.store(1, rlx), m.y.store(1, rel), m.y.store(2, rlx)), THREAD()),
    release_sequence("release_sequence_from_a_fence", forbidden,
                     THREAD(m.x.store(1, rlx), fence(rel), m.y.store(1, rlx)), THREAD(m.y.fetch_add(1, rlx))),

    {"updates_are_atomic",
     forbidden,
     {THREAD(r.a = m.x.fetch_add(1, rlx)), THREAD(r.b = m.x.fetch_add(1, rlx))},
     OUTCOME(r.a == r.b || r.x != 2)},
    {"three_updates_are_atomic",
     forbidden,
     {THREAD(r.a = m.x.fetch_add(1, rlx)), THREAD(r.b = m.x.fetch_add(1, rlx)),
      THREAD(r.c = m.x.fetch_add(1, rlx))},
     OUTCOME(r.a == r.b || r.b == r.c || r.a == r.c || r.x != 3)},
    {"updates_and_a_store",
     allowed,
     {THREAD(r.a = m.x.fetch_add(1, rlx)), THREAD(r.b = m.x.fetch_add(1, rlx)), THREAD(m.x.store(10, rlx))},
     OUTCOME(r.a == 0 && r.b == 10 && r.x == 11)},
    {"one_compare_exchange_wins",
     forbidden,
     {THREAD(int zero = 0; r.a = m.x.compare_exchange_strong(zero, 1, rlx)),
      THREAD(int zero = 0; r.b = m.x.compare_exchange_strong(zero, 2, rlx))},
     OUTCOME(r.a == r.b)},
    {"a_load_may_see_what_an_update_replaced",
     allowed,
     {THREAD(m.x.exchange(1, ar)), THREAD(r.a = m.x.load(acq))},
     OUTCOME(r.a == 0)},

    // RC11 is weaker than C++11 here, as hardware is.
    {"Z6.U",
     allowed,
     {THREAD(m.x.store(1, sc), m.y.store(1, rel)), THREAD(r.b = m.y.fetch_add(1, sc), r.c = m.y.load(rlx)),
      THREAD(m.y.store(3, sc), r.a = m.x.load(sc))},
     OUTCOME(r.b == 1 && r.c == 3 && r.a == 0)},
};

model::verdict run(const litmus& test, bool backwards) {
  static registers r;
  return model::explore(
      [&](model::program& p) {
        r = {};
        auto& m = p.make<memory>("memory");
        p.name(m.x, "x"), p.name(m.y, "y"), p.name(m.z, "z");
        const std::size_t n = test.threads.size();
        for (std::size_t i = 0; i < n; ++i) {
          const step& body = test.threads[backwards ? n - 1 - i : i];
          p.thread(("thread " + std::to_string(i)).c_str(), [&] { body(m, r); });
        }
        p.afterwards([&] {
          r.x = m.x.load(rlx), r.y = m.y.load(rlx);
          model::observe(test.outcome(r) ? "the outcome" : "another");
        });
      },
      {.once = true});
}

class litmus_model : public testing::TestWithParam<litmus> {};

TEST_P(litmus_model, has_the_known_verdict) {
  const litmus& test = GetParam();
  const model::verdict v = run(test, false);
  const std::uint64_t seen = v.outcomes.count("the outcome") ? v.outcomes.at("the outcome") : 0;
  std::printf("%-44s %-9s %4llu executions, %llu with the outcome\n", test.name,
              test.verdict == allowed ? "allowed" : "forbidden",
              static_cast<unsigned long long>(v.executions), static_cast<unsigned long long>(seen));
  EXPECT_TRUE(v.proved()) << v.finding << '\n' << v.trace;
  EXPECT_EQ(seen != 0, test.verdict == allowed);
  EXPECT_EQ(v.repeated, 0u);

  const model::verdict opposite = run(test, true);
  EXPECT_EQ(opposite.executions, v.executions);
  EXPECT_EQ(opposite.outcomes, v.outcomes);
  EXPECT_EQ(opposite.repeated, 0u);
}

INSTANTIATE_TEST_SUITE_P(all, litmus_model, testing::ValuesIn(all), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) {
    if (c == '+') c = '_';
    if (c == '.') c = '_';
  }
  return name;
});

// Programs from a generator: every order in which threads are explored finds the same executions, once each.
TEST(litmus_model, random_programs_have_the_same_executions_in_every_order_of_their_threads) {
  std::mt19937 random{1};
  const auto any = [&](unsigned n) { return static_cast<int>(random() % n); };
  std::uint64_t executions = 0;
  for (int i = 0; i < 400; ++i) {
    struct instruction {
      int what, variable;
      std::memory_order order;
    };
    constexpr std::memory_order orders[] = {rlx, acq, rel, ar, sc};
    std::vector<std::vector<instruction>> code(3);
    for (auto& own : code) {
      for (int n = 2 + any(2); n != 0; --n) own.push_back({any(5), any(2), orders[any(5)]});
    }
    std::vector<std::size_t> order{0, 1, 2};
    std::map<std::string, std::uint64_t> first;
    do {
      const model::verdict v = model::explore(
          [&](model::program& p) {
            auto& m = p.make<memory>("memory");
            static std::string results[3];
            for (const std::size_t t : order) {
              results[t].clear();
              p.thread("thread", [&code, &m, t] {
                for (const instruction& it : code[t]) {
                  variable& at = it.variable == 0 ? m.x : m.y;
                  const int value = static_cast<int>(10 * t) + 10 + static_cast<int>(&it - code[t].data());
                  const std::memory_order load = it.order == rel || it.order == ar ? acq : it.order;
                  const std::memory_order store = it.order == acq || it.order == ar ? rel : it.order;
                  int expected = 0;
                  switch (it.what) {
                    case 0:
                      at.store(value, store);
                      break;
                    case 1:
                      results[t] += std::to_string(at.load(load)) + ' ';
                      break;
                    case 2:
                      results[t] += std::to_string(at.fetch_add(100, it.order)) + ' ';
                      break;
                    case 3:
                      results[t] += std::to_string(at.compare_exchange_strong(expected, value, it.order));
                      break;
                    default:
                      fence(it.order == rlx ? sc : it.order);
                      break;
                  }
                }
              });
            }
            p.afterwards([&m] {
              model::observe(results[0] + '/' + results[1] + '/' + results[2] + '=' +
                             std::to_string(m.x.load(rlx)) + ' ' + std::to_string(m.y.load(rlx)));
            });
          },
          {.once = true});
      ASSERT_TRUE(v.proved()) << v.finding;
      ASSERT_EQ(v.repeated, 0u);
      if (first.empty()) first = v.outcomes;
      ASSERT_EQ(v.outcomes, first) << "program " << i;
      executions += v.executions;
    } while (std::next_permutation(order.begin(), order.end()));
  }
  std::printf("             %llu executions\n", static_cast<unsigned long long>(executions));
}

}  // namespace
