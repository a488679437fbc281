// What does a neighbour's writer cost a reader? Two small values on one cache line, or each on its own; one is read, the
// other written without a pause.
#include <rtseq/latched.hpp>
#include <rtseq/seqlocked.hpp>

#include "contest.hpp"
#include "peers/fenced_memcpy.hpp"

namespace rtseq::bench {
namespace {

using payload = value<8>;
constexpr std::size_t line = 64;

template <class P>
struct pair_of {
  P read;
  P written;
};
using small = seqlocked<payload>;
using whole_line = seqlocked<payload, task_context, task_context::lock_type, line>;
static_assert(RTSEQ_LOCKDEP || (sizeof(pair_of<small>) == line && sizeof(pair_of<whole_line>) == 2 * line));

template <class P>
struct alignas(line) on_own_line : P {};

// As a candidate of a contest: what is loaded is not what is stored.
template <class Pair>
class neighbours {
 public:
  payload load() const { return pair_.read.load(); }
  void store(const payload& next) { pair_.written.store(next); }

 private:
  alignas(line) Pair pair_;
};

template <class P>
void false_sharing(benchmark::State& state, const pace& writer) {
  alignas(page) static P object;
  for (auto _ : state) {
    const contest_result result = run_contest<payload>(object, {1, writer, cpus() - 1});
    state.counters["reads_per_second"] = result.reads_per_second;
    state.counters["writes_per_second"] = result.writes_per_second;
  }
}

const bool registered = [] {
  const std::tuple pairs{
      candidate<neighbours<pair_of<small>>>{"seqlocked/one_line"},
      candidate<neighbours<pair_of<whole_line>>>{"seqlocked/two_lines"},
      candidate<neighbours<pair_of<fenced_memcpy<payload>>>>{"memcpy_between_fences/one_line"},
      candidate<neighbours<pair_of<on_own_line<fenced_memcpy<payload>>>>>{"memcpy_between_fences/two_lines"},
  };
  for_each(pairs, []<class P>(const candidate<P>& c) {
    for (const pace& writer : {paces.front(), paces.back()}) {
      const std::string name = "false_sharing/" + c.name + "/" + writer.name;
      benchmark::RegisterBenchmark(name.c_str(), false_sharing<P>, writer)->Iterations(1)->UseRealTime();
    }
  });
  return true;
}();

}  // namespace
}  // namespace rtseq::bench
