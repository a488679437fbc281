// What does it cost to store a value of a given size, uncontended?
//
// Against a plain copy, and a plain copy plus the two stores that no sequence lock can save. memcpy_between_fences and
// its like have no writers' lock; seqlocked has one, as the locks and RCU's users do.
#include "cost.hpp"

namespace rtseq::bench {
namespace {

struct write_cost {
  template <class P, class T>
  static void run(benchmark::State& state) {
    alignas(page) static P object;
    [[maybe_unused]] const thread_scope_of<P> scope;
    P* const shared = hidden(&object);
    alignas(64) T next{};
    for (auto _ : state) {
      look_at(next);
      shared->store(next);
      benchmark::ClobberMemory();
    }
  }
};

const bool registered = [] {
  register_costs<write_cost>("write", sizes{}, []<class T>() {
    return std::tuple_cat(sequences<T>(), std::tuple{candidate<plain_counted<T>>{"plain_and_two_stores"}});
  });
  register_costs<write_cost>("write", few_sizes{}, []<class T>() { return locks_and_rcu<T>(); });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
