#include <gtest/gtest.h>

#include <cstdint>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount_latch.hpp>

#include "support.hpp"

namespace {

using rtseq::read_token;
using rtseq::seqcount_latch;

TEST(seqcount_latch, readers_are_sent_to_the_copy_that_is_not_being_changed) {
  seqcount_latch latch;
  EXPECT_EQ(latch.index(latch.read_latch()), 0u);
  latch.write_latch_begin();  // copy 0 changes
  EXPECT_EQ(latch.index(latch.read_latch()), 1u);
  latch.write_latch();  // copy 1 changes
  EXPECT_EQ(latch.index(latch.read_latch()), 0u);
  latch.write_latch_end();
  EXPECT_EQ(latch.index(latch.read_latch()), 0u);
}

TEST(seqcount_latch, a_reader_that_interrupts_the_writer_gets_through_at_every_step) {
  seqcount_latch latch;
  int copies[2] = {1, 1};
  const auto read_in_one_pass = [&] {
    const read_token token = latch.read_latch();
    const int value = copies[latch.index(token)];
    EXPECT_FALSE(latch.read_retry(token));
    return value;
  };
  EXPECT_EQ(read_in_one_pass(), 1);
  latch.write_latch_begin();
  EXPECT_EQ(read_in_one_pass(), 1);
  copies[0] = 2;
  EXPECT_EQ(read_in_one_pass(), 1);
  latch.write_latch();
  EXPECT_EQ(read_in_one_pass(), 2);
  copies[1] = 2;
  EXPECT_EQ(read_in_one_pass(), 2);
  latch.write_latch_end();
  EXPECT_EQ(read_in_one_pass(), 2);
}

TEST(seqcount_latch, a_reader_repeats_if_its_copy_may_have_changed) {
  seqcount_latch latch;
  const read_token token = latch.read_latch();
  latch.write_latch_begin();
  EXPECT_TRUE(latch.read_retry(token));
  latch.write_latch();
  latch.write_latch_end();
}

TEST(seqcount_latch, readers_accept_both_fields_of_one_write) {
  struct pair {
    rtseq::relaxed<std::uint64_t> a, b;
  };
  seqcount_latch latch;
  pair copies[2];
  rtseq::tests::repeating_thread writer{[&, n = std::uint64_t{0}]() mutable {
    ++n;
    const auto change = [n](pair& copy) {
      copy.a = n;
      copy.b = n;
    };
    latch.write_latch_begin();
    change(copies[0]);
    latch.write_latch();
    change(copies[1]);
    latch.write_latch_end();
  }};
  std::uint64_t last = 0;
  for (int reads = 0; reads < 200'000 || last == 0; ++reads) {
    for (;;) {
      const read_token token = latch.read_latch();
      const pair& copy = copies[latch.index(token)];
      const std::uint64_t a = copy.a;
      const std::uint64_t b = copy.b;
      if (latch.read_retry(token)) continue;
      ASSERT_EQ(a, b);
      ASSERT_GE(a, last);
      last = a;
      break;
    }
  }
}

}  // namespace
