// What does it cost to load a protected value of a given size, uncontended?
#include "cost.hpp"

namespace rtseq::bench {
namespace {

struct read_cost {
  template <class P, class T>
  static void run(benchmark::State& state) {
    alignas(page) static P object;
    [[maybe_unused]] const thread_scope_of<P> scope;
    const P* const shared = hidden(&object);
    for (auto _ : state) {
      alignas(64) T copy = shared->load();
      look_at(copy);
    }
  }
};

const bool registered = [] {
  register_costs<read_cost>("read", sizes{}, []<class T>() { return sequences<T>(); });
  register_costs<read_cost>("read", few_sizes{}, []<class T>() { return locks_and_rcu<T>(); });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
