#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <rtseq/per_byte_memcpy.hpp>
#include <utility>
#include <vector>

#include "support.hpp"

namespace {

using rtseq::atomic_load_per_byte_memcpy;
using rtseq::atomic_store_per_byte_memcpy;

constexpr std::size_t max_size = 300;
constexpr std::size_t max_shift = 16;
constexpr unsigned char untouched = 0xA5;

using buffer = std::array<unsigned char, max_size + 2 * max_shift + 16>;

// Calls check(copied, expected, returned_dest) for every size and alignment.
template <class Copy>
void expect_copies_exactly(Copy copy) {
  alignas(64) buffer source;
  alignas(64) buffer dest;
  std::iota(source.begin(), source.end(), static_cast<unsigned char>(1));
  for (std::size_t n = 0; n <= max_size; ++n) {
    for (std::size_t from = 0; from < max_shift; ++from) {
      for (std::size_t to = 0; to < max_shift; to += (n % 7 == 0 ? 1 : 3)) {
        dest.fill(untouched);
        buffer expected = dest;
        std::memcpy(&expected[to + 8], &source[from], n);
        ASSERT_EQ(copy(&dest[to + 8], &source[from], n), &dest[to + 8]);
        ASSERT_EQ(dest, expected) << n << " bytes from offset " << from << " to offset " << to;
      }
    }
  }
}

TEST(per_byte_memcpy, load_copies_every_size_and_alignment_and_nothing_beside) {
  expect_copies_exactly([](void* to, const void* from, std::size_t n) {
    return atomic_load_per_byte_memcpy(to, from, n, std::memory_order_acquire);
  });
}

TEST(per_byte_memcpy, store_copies_every_size_and_alignment_and_nothing_beside) {
  expect_copies_exactly([](void* to, const void* from, std::size_t n) {
    return atomic_store_per_byte_memcpy(to, from, n, std::memory_order_release);
  });
}

using units = std::vector<std::pair<std::size_t, std::size_t>>;
template <std::size_t Alignment>
units units_of(const void* shared, std::size_t n) {
  units found;
  rtseq::detail::for_each_unit<Alignment>(
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
