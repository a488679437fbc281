// What the optimiser makes of the copy kernels: kernels.py runs this program and reads its machine code.
//
// The objects that begin with shared_ are touched by kernels and counts only, so that each mention of one in the
// disassembly is an access that the source asks for.
#include <rtseq/detail/copy.hpp>
#include <rtseq/detail/sequence.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>

#define CHECKED extern "C" [[gnu::noinline, gnu::used]]

using rtseq::detail::load_bytes;
using rtseq::detail::store_bytes;

extern "C" {
alignas(64) std::byte shared_bytes[256];
alignas(64) rtseq::detail::sequence shared_count;
}
struct pair {
  std::uint64_t a, b;
};

CHECKED bool two_loads_stay_two() {
  pair first, second;
  load_bytes(&first, shared_bytes, sizeof first);
  load_bytes(&second, shared_bytes, sizeof second);
  return first.a == second.a && first.b == second.b;
}
CHECKED void two_stores_stay_two(const pair* values) {
  store_bytes(shared_bytes, &values[0], sizeof(pair));
  store_bytes(shared_bytes, &values[1], sizeof(pair));
}
CHECKED void straight_line_load(std::byte* into) { load_bytes(into, shared_bytes, 256); }
CHECKED void load_that_stays(std::byte* into) { rtseq::detail::load_object<256, 1>(into, shared_bytes); }
CHECKED void straight_line_store(const std::byte* from) { store_bytes(shared_bytes, from, 256); }

CHECKED bool read_section(pair* into) {
  const rtseq::read_token token = shared_count.begin();
  load_bytes(into, shared_bytes, sizeof(pair));
  return shared_count.retry(token);
}
CHECKED void write_section(const pair* from) {
  shared_count.write_begin();
  store_bytes(shared_bytes, from, sizeof(pair));
  shared_count.write_end();
}

// Sections that begin when the private bytes are in registers.
template <std::size_t Bytes>
[[gnu::always_inline]] inline void begin_late(const std::byte* from) {
  rtseq::detail::store_object<Bytes, 1>(shared_bytes, from, [] { shared_count.write_begin(); });
  shared_count.write_end();
}
CHECKED void late_section_1(const std::byte* from) { begin_late<1>(from); }
CHECKED void late_section_12(const std::byte* from) { begin_late<12>(from); }
CHECKED void late_section_64(const std::byte* from) { begin_late<64>(from); }
CHECKED void late_section_100(const std::byte* from) { begin_late<100>(from); }
CHECKED void late_section_256(const std::byte* from) { begin_late<256>(from); }

namespace {

int failures = 0;
void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("broken: %s\n", what);
  failures = 1;
}

struct usual_kernels {
  template <std::size_t N>
  [[gnu::always_inline]] static void load(void* to, const void* from) {
    load_bytes(to, from, N);
  }
  template <std::size_t N>
  [[gnu::always_inline]] static void store(void* to, const void* from) {
    store_bytes(to, from, N);
  }
};
// Without the question whether the machine has them, beside which an optimiser assumes less.
struct wider_moves {
  template <std::size_t N>
  [[gnu::always_inline]] static void load(void* to, const void* from) {
    rtseq::detail::native::copy_wider<N>(static_cast<std::byte*>(to), static_cast<const std::byte*>(from));
  }
  template <std::size_t N>
  [[gnu::always_inline]] static void store(void* to, const void* from) {
    load<N>(to, from);
  }
};

// Sizes of every kernel: registers, vectors, wider ones, loops.
template <std::size_t Words, class Kernels = usual_kernels>
[[gnu::noinline]] void accesses_beside_the_kernels_are_seen(std::uint64_t number) {
  std::uint64_t object[Words];
  std::uint64_t copy[Words];
  for (auto& word : object) word = number;
  for (auto& word : copy) word = number + 1;
  Kernels::template store<sizeof object>(object, copy);
  expect(object[0] == number + 1 && object[Words - 1] == number + 1,
         "a plain load after a store sees what was before");
  for (auto& word : object) word = number + 2;
  Kernels::template load<sizeof object>(copy, object);
  expect(copy[0] == number + 2 && copy[Words - 1] == number + 2, "a load misses a plain store before it");
  for (auto& word : copy) word = number + 3;
  Kernels::template store<sizeof object>(object, copy);
  for (auto& word : copy) word = 0;
  Kernels::template load<sizeof object>(copy, object);
  expect(copy[0] == number + 3 && copy[Words - 1] == number + 3, "a load misses the store before it");
}

std::uint64_t flag;
[[gnu::noinline]] void wait_for_flag() {
  std::uint64_t seen = 0;
  while (seen == 0) load_bytes(&seen, &flag, sizeof seen);
}

}  // namespace

int main() {
  for (std::uint64_t number : {1U, 10U}) {
    accesses_beside_the_kernels_are_seen<1>(number);
    accesses_beside_the_kernels_are_seen<2>(number);
    accesses_beside_the_kernels_are_seen<5>(number);
    accesses_beside_the_kernels_are_seen<9>(number);
    if (__builtin_cpu_supports("avx")) accesses_beside_the_kernels_are_seen<9, wider_moves>(number);
    accesses_beside_the_kernels_are_seen<32>(number);
    accesses_beside_the_kernels_are_seen<100>(number);
    accesses_beside_the_kernels_are_seen<8192>(number);
  }
  std::thread waiting{wait_for_flag};  // for ever, if the load is taken out of the loop
  const std::uint64_t one = 1;
  store_bytes(&flag, &one, sizeof one);
  waiting.join();
  const pair values[2] = {{1, 1}, {2, 2}};
  pair read{};
  std::byte block[256] = {};
  two_stores_stay_two(values), write_section(values), straight_line_store(block), straight_line_load(block);
  load_that_stays(block);
  late_section_1(block), late_section_12(block), late_section_64(block), late_section_100(block);
  late_section_256(block);
  expect(two_loads_stay_two() && !read_section(&read), "what is stored is loaded");
  return failures;
}
