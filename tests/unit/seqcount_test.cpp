#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <thread>
#include <type_traits>

#include "support.hpp"

namespace {

using rtseq::read_token;
using rtseq::seqcount;

TEST(seqcount, a_section_without_a_write_is_valid) {
  seqcount<> count;
  const read_token token = count.read_begin();
  EXPECT_FALSE(count.read_retry(token));
  EXPECT_FALSE(count.read_retry(count.raw_read_begin()));
  EXPECT_TRUE(count.try_read_begin().has_value());
}

TEST(seqcount, a_write_during_the_section_makes_it_repeat) {
  const rtseq::lockdep::off one_thread_plays_both_sides;
  seqcount<> count;
  const read_token token = count.read_begin();
  count.write_begin();
  EXPECT_TRUE(count.read_retry(token));
  count.write_end();
  EXPECT_TRUE(count.read_retry(token));
  EXPECT_FALSE(count.read_retry(count.read_begin()));
}

TEST(seqcount, a_section_that_begins_inside_a_write_never_validates) {
  seqcount<> count;
  count.write_begin();
  EXPECT_FALSE(count.try_read_begin().has_value());
  const read_token token = count.raw_read_begin();
  EXPECT_TRUE(count.read_retry(token));
  count.write_end();
  EXPECT_TRUE(count.read_retry(token));
}

TEST(seqcount, invalidate_makes_readers_repeat_once) {
  const rtseq::lockdep::off one_thread_plays_both_sides;
  seqcount<> count;
  const read_token token = count.read_begin();
  count.write_invalidate();
  EXPECT_TRUE(count.read_retry(token));
  EXPECT_FALSE(count.read_retry(count.read_begin()));
}

TEST(seqcount, barrier_makes_readers_repeat_and_leaves_the_count_even) {
  const rtseq::lockdep::off one_thread_plays_both_sides;
  seqcount<> count;
  const read_token token = count.read_begin();
  count.write_barrier();
  EXPECT_TRUE(count.read_retry(token));
  EXPECT_TRUE(count.try_read_begin().has_value());
}

TEST(seqcount, waiting_for_a_writer_is_no_cancellation_point) {
  seqcount<> count;
  count.write_begin();
  EXPECT_TRUE(rtseq::tests::survives_a_cancellation([&] { (void)count.read_retry(count.read_begin()); },
                                                    [&] { count.write_end(); }));
}

TEST(seqcount, the_count_is_as_wide_as_a_pointer) {
  static_assert(RTSEQ_LOCKDEP || sizeof(seqcount<>) == sizeof(void*));
  static_assert(sizeof(read_token) == sizeof(void*));
}

TEST(seqcount, a_token_is_made_only_by_a_begin) {
  static_assert(!std::is_default_constructible_v<read_token>);
  static_assert(!std::is_constructible_v<read_token, std::uintptr_t>);
  static_assert(std::is_trivially_copyable_v<read_token>);
}

TEST(seqcount, tokens_of_one_count_are_equal_if_no_write_came_between) {
  const rtseq::lockdep::off one_thread_plays_both_sides;
  seqcount<> count;
  const read_token first = count.read_begin();
  EXPECT_EQ(first, count.read_begin());
  count.write_begin();
  count.write_end();
  EXPECT_NE(first, count.read_begin());
}

TEST(seqcount, changed_since_sees_open_and_closed_sections) {
  seqcount<> count;
  const read_token token = count.read_begin();
  EXPECT_FALSE(count.changed_since(token));
  count.write_begin();
  EXPECT_TRUE(count.changed_since(token));
  count.write_end();
  EXPECT_TRUE(count.changed_since(token));
}

// Two fields that a writer changes together.
struct pair {
  rtseq::relaxed<std::uint64_t> a, b;
};

TEST(seqcount, readers_accept_both_fields_of_one_write) {
  seqcount<> count;
  pair shared;
  rtseq::tests::repeating_thread writer{[&, n = std::uint64_t{0}]() mutable {
    count.write_begin();
    shared.a = ++n;
    shared.b = n;
    count.write_end();
  }};
  std::uint64_t last = 0;
  for (int reads = 0; reads < 200'000 || last == 0; ++reads) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    read_token token = count.read_begin();
    for (;; token = count.read_begin()) {
      a = shared.a;
      b = shared.b;
      if (!count.read_retry(token)) break;
    }
    ASSERT_EQ(a, b);
    ASSERT_GE(a, last);
    last = a;
  }
}

// Counts that know their writers' lock.
template <class Lock>
class associated_seqcount : public testing::Test {};
using locks = testing::Types<rtseq::spinlock, rtseq::pi_mutex, std::mutex>;
TYPED_TEST_SUITE(associated_seqcount, locks);

TYPED_TEST(associated_seqcount, a_reader_waits_for_the_writer_to_finish) {
  using traits = rtseq::lock_traits<TypeParam>;
  TypeParam lock;
  seqcount<TypeParam> count{lock};
  pair shared;
  std::atomic<bool> odd{false};
  std::atomic<bool> looked{false};
  std::jthread writer{[&] {
    traits::lock(lock);
    count.write_begin();
    shared.a = 1;
    odd = true;
    while (!looked) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    shared.b = 1;
    count.write_end();
    traits::unlock(lock);
  }};
  while (!odd) std::this_thread::yield();
  EXPECT_FALSE(count.try_read_begin().has_value());
  looked = true;
  const read_token token = count.read_begin();
  EXPECT_EQ(shared.a, 1u);
  EXPECT_EQ(shared.b, 1u);
  EXPECT_FALSE(count.read_retry(token));
}

TYPED_TEST(associated_seqcount, a_read_inside_ones_own_write_section_is_reported_not_waited_for) {
  EXPECT_DEATH(
      {
        using traits = rtseq::lock_traits<TypeParam>;
        TypeParam lock;
        seqcount<TypeParam> count{lock};
        traits::lock(lock);
        count.write_begin();
        (void)count.read_begin();
      },
      "rtseq: a read section begins inside the caller's own write section");
}

TEST(associated_seqcount, deduces_its_lock) {
  rtseq::pi_mutex lock;
  seqcount count{lock};
  static_assert(std::is_same_v<decltype(count), seqcount<rtseq::pi_mutex>>);
  EXPECT_FALSE(count.read_retry(count.read_begin()));
}

}  // namespace
