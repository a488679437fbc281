// What the benchmarks share: values of a given size, and what keeps the compiler from looking through them.
//
// Every candidate is measured in the same frame: its load or store is inlined into the loop (or not, if it is a
// library's), works on a static object that begins a page, and copies from or to a local that the compiler has to
// believe is looked at between any two rounds.
#ifndef RTSEQ_BENCH_SUPPORT_HPP
#define RTSEQ_BENCH_SUPPORT_HPP

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

namespace rtseq::bench {

template <std::size_t Bytes>
struct value {
  static_assert(Bytes % sizeof(std::uint32_t) == 0);
  std::uint32_t words[Bytes / sizeof(std::uint32_t)];
};

// All of `object` is in memory here, where somebody may read and change it. benchmark::DoNotOptimize would let a small
// one stay in registers for some candidates and not for others.
template <class T>
[[gnu::always_inline]] inline void look_at(T& object) {
  __asm__ __volatile__("" : : "r"(&object) : "memory");
}

// A pointer of which the compiler does not know where it points.
template <class T>
[[gnu::always_inline]] inline T* hidden(T* pointer) {
  __asm__("" : "+r"(pointer));
  return pointer;
}

inline constexpr std::size_t page = 4096;

// What a thread has to own before it uses a P.
struct nothing {};
template <class P>
struct thread_scope {
  using type = nothing;
};
template <class P>
requires requires { typename P::thread_scope; }
struct thread_scope<P> {
  using type = typename P::thread_scope;
};
template <class P>
using thread_scope_of = typename thread_scope<P>::type;

// A P as it is called in results: question/name/….
template <class P>
struct candidate {
  using type = P;
  std::string name;
};

// Calls `visit` with each candidate of a tuple.
template <class Tuple, class Visit>
void for_each(const Tuple& candidates, Visit visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, candidates);
}

// How long a run with several threads takes: --slice_ms.
std::chrono::milliseconds slice();

}  // namespace rtseq::bench

#endif
