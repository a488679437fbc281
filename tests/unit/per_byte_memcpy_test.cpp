#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <rtseq/detail/copy_portable.hpp>
#include <rtseq/per_byte_memcpy.hpp>
#include <utility>
#include <vector>

#include "support.hpp"

namespace {

using rtseq::atomic_load_per_byte_memcpy;
using rtseq::atomic_store_per_byte_memcpy;

// Bytes that end where a page begins that may not be touched, and others that begin where one ends.
class guarded_pages {
 public:
  explicit guarded_pages(std::size_t pages = 2)
      : page_{static_cast<std::size_t>(sysconf(_SC_PAGESIZE))},
        pages_{pages},
        base_{static_cast<unsigned char*>(
            mmap(nullptr, (pages_ + 2) * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))} {
    mprotect(begin(), size(), PROT_READ | PROT_WRITE);
  }
  ~guarded_pages() { munmap(base_, (pages_ + 2) * page_); }
  guarded_pages(const guarded_pages&) = delete;
  guarded_pages& operator=(const guarded_pages&) = delete;
  unsigned char* begin() const { return base_ + page_; }
  unsigned char* end() const { return begin() + size(); }
  std::size_t size() const { return pages_ * page_; }

 private:
  std::size_t page_;
  std::size_t pages_;
  unsigned char* base_;
};

// Calls copy(dest, source, n) for every size up to 4200, with source and dest against the guards and for every
// alignment of either, and for every pair of alignments of a few sizes. Bytes outside of the n must stay what they were.
template <class Copy>
void expect_copies_exactly(Copy copy) {
  const guarded_pages source;
  const guarded_pages dest;
  std::vector<unsigned char> before(dest.size());
  for (std::size_t i = 0; i < source.size(); ++i)
    source.begin()[i] = static_cast<unsigned char>(i * 7 + i / 256);
  for (std::size_t i = 0; i < before.size(); ++i) before[i] = static_cast<unsigned char>(~(i * 7));
  const auto check = [&](unsigned char* to, const unsigned char* from, std::size_t n) {
    std::memcpy(dest.begin(), before.data(), before.size());
    ASSERT_EQ(copy(to, from, n), to);
    ASSERT_EQ(std::memcmp(to, from, n), 0) << n << " bytes";
    const auto offset = static_cast<std::size_t>(to - dest.begin());
    ASSERT_EQ(std::memcmp(dest.begin(), before.data(), offset), 0) << n << " bytes: touched what is before";
    ASSERT_EQ(std::memcmp(to + n, before.data() + offset + n, before.size() - offset - n), 0)
        << n << " bytes: touched what is behind";
  };
  for (std::size_t n = 0; n <= 4200; ++n) {
    check(dest.begin(), source.begin(), n);
    check(dest.end() - n, source.end() - n, n);
    for (std::size_t shift = 0; shift < 64; ++shift) {  // 5 is odd: all alignments of either side
      check(dest.begin() + shift, source.begin() + (shift * 5 + n) % 64, n);
    }
  }
  for (const std::size_t n :
       {1u, 7u, 8u, 15u, 16u, 17u, 31u, 33u, 63u, 65u, 127u, 129u, 255u, 257u, 1025u, 4096u}) {
    for (std::size_t to = 0; to < 64; ++to) {
      for (std::size_t from = 0; from < 64; from += 3) check(dest.begin() + to, source.begin() + from, n);
    }
  }
}

TEST(per_byte_memcpy, load_copies_every_size_and_alignment_and_touches_nothing_beside) {
  expect_copies_exactly([](void* to, const void* from, std::size_t n) {
    return atomic_load_per_byte_memcpy(to, from, n, std::memory_order_acquire);
  });
}

TEST(per_byte_memcpy, store_copies_every_size_and_alignment_and_touches_nothing_beside) {
  expect_copies_exactly([](void* to, const void* from, std::size_t n) {
    return atomic_store_per_byte_memcpy(to, from, n, std::memory_order_release);
  });
}

// The portable kernels, whichever the program has otherwise.
TEST(per_byte_memcpy, portable_kernels_give_the_same_bytes) {
  expect_copies_exactly([](void* to, const void* from, std::size_t n) {
    rtseq::detail::portable::load_bytes<1>(to, from, n);
    return to;
  });
  expect_copies_exactly([](void* to, const void* from, std::size_t n) {
    rtseq::detail::portable::store_bytes<1>(to, from, n);
    return to;
  });
}

#if defined(__x86_64__) && defined(RTSEQ_DETAIL_COPY_NATIVE_HPP)
// copy_large takes one of them for the machine; here each that the machine can run. A copy of four widths at least.
TEST(per_byte_memcpy, each_kernel_for_large_objects_gives_the_same_bytes) {
  namespace native = rtseq::detail::native;
  const auto expect_kernel_copies = [](auto kernel, std::size_t width) {
    expect_copies_exactly([=](unsigned char* to, const unsigned char* from, std::size_t n) {
      if (n < 4 * width) {
        std::memcpy(to, from, n);
      } else {
        kernel(reinterpret_cast<std::byte*>(to), reinterpret_cast<const std::byte*>(from), n);
      }
      return to;
    });
  };
  expect_kernel_copies(native::copy_string, 0);
  expect_kernel_copies(native::copy_sse2, 16);
  if (__builtin_cpu_supports("avx")) expect_kernel_copies(native::copy_avx, 32);
  if (__builtin_cpu_supports("avx512f")) expect_kernel_copies(native::copy_avx512, 64);
}

// A size that the compiler knows may be loaded in two ways, of which the machine takes one.
template <std::size_t N>
void expect_each_way_copies() {
  namespace native = rtseq::detail::native;
  const guarded_pages source;
  const guarded_pages dest;
  for (std::size_t i = 0; i < source.size(); ++i) source.begin()[i] = static_cast<unsigned char>(i * 7 + 1);
  const auto expect_copies = [&](auto kernel, const char* how) {
    for (unsigned char* const to : {dest.begin(), dest.end() - N}) {
      std::memset(dest.begin(), 0, dest.size());
      const unsigned char* const from = to == dest.begin() ? source.begin() : source.end() - N;
      kernel(reinterpret_cast<std::byte*>(to), reinterpret_cast<const std::byte*>(from));
      EXPECT_EQ(std::memcmp(to, from, N), 0) << N << " bytes " << how;
      EXPECT_EQ(to == dest.begin() ? to[N] : to[-1], 0)
          << N << " bytes " << how << ": touched what is beside";
    }
  };
  expect_copies([](auto to, auto from) { native::copy_straight<native::from_shared>(to, from, N); },
                "by vectors");
  if (__builtin_cpu_supports("avx")) {
    expect_copies([](auto to, auto from) { native::copy_wider<N>(to, from); }, "by wider moves");
  }
  expect_copies([](auto to, auto from) { native::load_object<N, 1>(to, from); }, "by the machine's choice");
}
TEST(per_byte_memcpy, each_way_to_load_a_constant_size_gives_the_same_bytes) {
  expect_each_way_copies<32>();
  expect_each_way_copies<33>();
  expect_each_way_copies<63>();
  expect_each_way_copies<64>();
  expect_each_way_copies<65>();
  expect_each_way_copies<100>();
  expect_each_way_copies<127>();
  expect_each_way_copies<128>();
  expect_each_way_copies<255>();
  expect_each_way_copies<256>();
}
#endif

// Beyond the first-level cache, where other instructions take over.
template <class Copy>
void expect_large_copies(Copy copy) {
  const guarded_pages source{20};
  const guarded_pages dest{20};
  for (std::size_t i = 0; i < source.size(); ++i)
    source.begin()[i] = static_cast<unsigned char>(i * 7 + i / 256);
  for (const std::size_t n : {32768u, 40959u, 40960u, 40961u, 65537u, 81920u}) {
    for (const std::size_t shift : {0u, 1u, 63u}) {
      if (shift > source.size() - n) continue;
      std::memset(dest.begin(), 0, dest.size());
      copy(dest.end() - n, source.begin() + shift, n);
      EXPECT_EQ(std::memcmp(dest.end() - n, source.begin() + shift, n), 0) << n << " bytes";
      EXPECT_TRUE(n == dest.size() || dest.end()[-static_cast<std::ptrdiff_t>(n) - 1] == 0) << n << " bytes";
    }
  }
}
TEST(per_byte_memcpy, large_objects_are_copied) {
  expect_large_copies([](void* to, const void* from, std::size_t n) {
    atomic_load_per_byte_memcpy(to, from, n, std::memory_order_acquire);
  });
  expect_large_copies([](void* to, const void* from, std::size_t n) {
    atomic_store_per_byte_memcpy(to, from, n, std::memory_order_release);
  });
}

// Sizes that the compiler knows become straight-line code of their own.
[[gnu::noinline]] void expect_same(const unsigned char* to, const unsigned char* from, std::size_t n,
                                   const char* how) {
  EXPECT_EQ(std::memcmp(to, from, n), 0) << n << " bytes " << how;
}
[[gnu::noinline]] void expect_zero(unsigned char byte, std::size_t n, const char* what) {
  EXPECT_EQ(byte, 0) << n << " bytes " << what;
}
// What is copied from, filled, and what is copied to.
struct two_blocks {
  guarded_pages source;
  guarded_pages dest;
  two_blocks() {
    for (std::size_t i = 0; i < source.size(); ++i) source.begin()[i] = static_cast<unsigned char>(i * 7 + 1);
  }
};
template <std::size_t N>
[[gnu::noinline]] void expect_constant_size_is_copied() {
  const two_blocks blocks;
  unsigned char* const begin = blocks.dest.begin();
  unsigned char* const to = blocks.dest.end() - N;
  const unsigned char* const from = blocks.source.end() - N;
  atomic_load_per_byte_memcpy(to, from, N, std::memory_order_acquire);
  expect_same(to, from, N, "loaded");
  expect_zero(N == blocks.dest.size() ? 0 : to[-1], N, "loaded: touched what is before");
  const unsigned char* const second = blocks.source.begin() + 1;
  atomic_store_per_byte_memcpy(begin, second, N, std::memory_order_release);
  expect_same(begin, second, N, "stored");
  expect_zero(begin[N], N, "stored: touched what is behind");
  std::memset(to, 0, N);
  unsigned begun = 0;
  rtseq::detail::store_object<N, 1>(to, second, [&] {
    ++begun;
    expect_zero(static_cast<unsigned char>(to[0] | to[N / 2] | to[N - 1]), N,
                "written before their section begins");
  });
  EXPECT_EQ(begun, 1u);
  expect_same(to, second, N, "stored in a section");
  if (2 * N < blocks.dest.size()) expect_zero(to[-1], N, "stored in a section: touched what is before");
}
template <std::size_t First, std::size_t Step, std::size_t... N>
void expect_constant_sizes_are_copied(std::index_sequence<N...>) {
  (expect_constant_size_is_copied<First + Step * N>(), ...);
}
// Every size that a move more or less, and every way to end, can make different; beyond, every third.
TEST(per_byte_memcpy, constant_sizes_are_copied) {
  expect_constant_sizes_are_copied<1, 1>(std::make_index_sequence<132>{});
  expect_constant_sizes_are_copied<133, 3>(std::make_index_sequence<45>{});
  expect_constant_size_is_copied<257>();
}

using units = std::vector<std::pair<std::size_t, std::size_t>>;
template <std::size_t Alignment>
units units_of(const void* shared, std::size_t n) {
  units found;
  rtseq::detail::portable::for_each_unit<Alignment>(
      shared, n, [&](std::size_t at, auto unit) { found.emplace_back(at, sizeof unit); });
  return found;
}

TEST(per_byte_memcpy, units_are_naturally_aligned_and_cover_the_object_once) {
  alignas(16) std::array<char, 64> object{};
  for (std::size_t shift = 0; shift < 8; ++shift) {
    for (std::size_t n = 0; n <= 40; ++n) {
      std::size_t covered = 0;
      for (const auto& [at, size] : units_of<1>(&object[shift], n)) {
        EXPECT_EQ(at, covered);
        EXPECT_EQ((shift + at) % size, 0u) << "offset " << shift + at << ", unit of " << size;
        covered += size;
      }
      EXPECT_EQ(covered, n);
    }
  }
}

TEST(per_byte_memcpy, an_object_is_split_the_same_way_whether_or_not_its_alignment_is_known) {
  alignas(16) std::array<char, 64> object{};
  for (std::size_t n = 0; n <= 64; ++n) {
    EXPECT_EQ(units_of<1>(object.data(), n), units_of<16>(object.data(), n));
  }
}

// A data race here is for ThreadSanitizer to see.
TEST(per_byte_memcpy, bytes_may_change_while_they_are_copied) {
  using value = rtseq::tests::stamped<61>;
  alignas(8) value shared{};
  value copy{};
  {
    rtseq::tests::repeating_thread writer{[&shared, version = 0u]() mutable {
      const auto next = value::of(++version);
      atomic_store_per_byte_memcpy(&shared, &next, sizeof next, std::memory_order_release);
    }};
    for (int copies = 0; copies < 100'000 || copy.version() == 0; ++copies) {
      atomic_load_per_byte_memcpy(&copy, &shared, sizeof copy, std::memory_order_acquire);
    }
  }
  atomic_load_per_byte_memcpy(&copy, &shared, sizeof copy, std::memory_order_acquire);
  EXPECT_TRUE(copy.whole());
}

}  // namespace
