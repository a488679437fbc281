#include "number_list.hpp"

#include <gtest/gtest.h>

namespace zonelist {
namespace {

TEST(NumberList, reads_what_the_kernel_prints) {
  EXPECT_EQ(parse_number_list("0", 1023).numbers, std::vector<int>{0});
  EXPECT_EQ(parse_number_list("0-3,8,10-11", 1023).numbers, (std::vector<int>{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(parse_number_list("0-1023", 1023).numbers.size(), 1024u);
}

TEST(NumberList, empty_text_is_the_empty_set) {
  EXPECT_TRUE(parse_number_list("", 1023).numbers.empty());
  EXPECT_EQ(parse_number_list("", 1023).error, "");
}

TEST(NumberList, says_what_is_wrong) {
  for (const char* text : {",", "0,", "-1", "1-", "3-1", "0-1024", "1024", "a", "0x1", "+1", "1 2", "0-3:1/2",
                           "1--2", "18446744073709551616", "0-99999999999999999999"}) {
    EXPECT_NE(parse_number_list(text, 1023).error, "") << text;
    EXPECT_TRUE(parse_number_list(text, 1023).numbers.empty()) << text;
  }
  EXPECT_EQ(parse_number_list("0-2,1", 1023).error, "1 twice");
}

TEST(NumberList, a_number_is_digits_and_nothing_else) {
  EXPECT_EQ(parse_number("0042", 100), 42u);
  for (const char* text : {"", " 1", "1 ", "-0", "+1", "1.", "1e3", "101"}) {
    EXPECT_FALSE(parse_number(text, 100).has_value()) << text;
  }
}

TEST(NumberList, bitmaps) {
  EXPECT_EQ(any_bit_set("00000000,0000000f"), true);
  EXPECT_EQ(any_bit_set("00000000,00000000"), false);
  EXPECT_EQ(any_bit_set("8"), true);
  for (const char* text : {"", ",", "0,", "g", "0x1", "1 "})
    EXPECT_FALSE(any_bit_set(text).has_value()) << text;
}

}  // namespace
}  // namespace zonelist
