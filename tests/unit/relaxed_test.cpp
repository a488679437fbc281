#include <gtest/gtest.h>

#include <cstdint>
#include <rtseq/relaxed.hpp>
#include <type_traits>

namespace {

using rtseq::relaxed;

TEST(relaxed, reads_and_writes_like_a_plain_field) {
  struct {
    relaxed<int> n;
    relaxed<double> x{1.5};
    relaxed<bool> on{true};
  } fields;
  EXPECT_EQ(fields.n, 0);
  fields.n = 7;
  const int n = fields.n;
  EXPECT_EQ(n, 7);
  EXPECT_EQ(fields.x + 1, 2.5);
  EXPECT_TRUE(fields.on);
}

TEST(relaxed, writer_arithmetic_loads_and_then_stores) {
  relaxed<std::uint64_t> n{40};
  EXPECT_EQ(n += 3, 43u);
  EXPECT_EQ(n -= 2, 41u);
  EXPECT_EQ(++n, 42u);
  EXPECT_EQ(--n, 41u);
  relaxed<unsigned char> wraps{255};
  ++wraps;
  EXPECT_EQ(wraps, 0);
}

TEST(relaxed, a_writer_counts_and_sets_bits_as_in_a_plain_field) {
  relaxed<unsigned> field{5};
  EXPECT_EQ(field++, 5U);
  EXPECT_EQ(field--, 6U);
  EXPECT_EQ(++field, 6U);
  EXPECT_EQ(field |= 8U, 14U);
  EXPECT_EQ(field &= 12U, 12U);
  EXPECT_EQ(field ^= 5U, 9U);
  EXPECT_EQ(field, 9U);
}

TEST(relaxed, copies_its_value) {
  relaxed<int> a{3};
  relaxed<int> b{a};
  EXPECT_EQ(b, 3);
  a = 4;
  b = a;
  EXPECT_EQ(b, 4);
}

TEST(relaxed, holds_a_class_that_is_less_aligned_than_an_atomic_of_its_size) {
  struct two {
    int a, b;
  };
  relaxed<two> field{{1, 2}};
  EXPECT_EQ(field.load().b, 2);
  field = two{3, 4};
  EXPECT_EQ(static_cast<two>(field).a, 3);
}

TEST(relaxed, costs_no_space) {
  static_assert(sizeof(relaxed<char>) == 1);
  static_assert(sizeof(relaxed<double>) == sizeof(double));
  static_assert(std::is_standard_layout_v<relaxed<int>>);
  enum class colour : std::uint8_t { red };
  static_assert(sizeof(relaxed<colour>) == 1);
}

}  // namespace
