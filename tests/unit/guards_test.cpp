#include <gtest/gtest.h>

#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>
#include <type_traits>

#include "variants.hpp"

namespace {

template <class Variant>
class every_guard : public testing::Test {
 protected:
  rtseq::seqlock<typename Variant::context, typename Variant::lock> lock_;

  bool write_section_is_open() { return !lock_.try_read_begin().has_value(); }
  bool writers_are_out() {
    if (!lock_.try_write_lock()) return true;
    lock_.write_unlock();
    return false;
  }
};
TYPED_TEST_SUITE(every_guard, rtseq::tests::variants);

TYPED_TEST(every_guard, holds_its_section_for_as_long_as_it_lives) {
  using context = typename TypeParam::context;
  if (const char* why = rtseq::tests::why_not_look_at_the_mask<context>()) GTEST_SKIP() << why;
  constexpr bool unmasked = !context::irqsave_masks;
  {
    const rtseq::write_guard guard{this->lock_};
    EXPECT_TRUE(this->write_section_is_open());
    EXPECT_TRUE(context::interrupts_enabled());
  }
  {
    const rtseq::write_irqsave_guard guard{this->lock_};
    EXPECT_TRUE(this->write_section_is_open());
    EXPECT_EQ(context::interrupts_enabled(), unmasked);
  }
  {
    const rtseq::read_excl_guard guard{this->lock_};
    EXPECT_FALSE(this->write_section_is_open());
    EXPECT_TRUE(this->writers_are_out());
    EXPECT_TRUE(context::interrupts_enabled());
  }
  {
    const rtseq::read_excl_irqsave_guard guard{this->lock_};
    EXPECT_FALSE(this->write_section_is_open());
    EXPECT_TRUE(this->writers_are_out());
    EXPECT_EQ(context::interrupts_enabled(), unmasked);
  }
  EXPECT_FALSE(this->write_section_is_open());
  EXPECT_FALSE(this->writers_are_out());
  EXPECT_TRUE(context::interrupts_enabled());
}

TYPED_TEST(every_guard, irqsave_guard_is_the_contexts_own_save_and_restore) {
  using context = typename TypeParam::context;
  if (const char* why = rtseq::tests::why_not_look_at_the_mask<context>()) GTEST_SKIP() << why;
  const rtseq::irqsave_guard<context> outer;
  const bool enabled = context::interrupts_enabled();
  EXPECT_EQ(enabled, (std::is_same_v<context, rtseq::task_context>));
  { const rtseq::irqsave_guard<context> inner; }
  EXPECT_EQ(context::interrupts_enabled(), enabled) << "restored, not enabled";
}

TEST(guards, stay_where_they_are) {
  using guard = rtseq::write_irqsave_guard<rtseq::seqlock<>>;
  static_assert(!std::is_copy_constructible_v<guard> && !std::is_move_constructible_v<guard>);
  static_assert(!std::is_copy_assignable_v<guard>);
}

}  // namespace
