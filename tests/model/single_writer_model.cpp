// A value of two words with one writer and no lock.
#include "model_test.hpp"

#include <rtseq/lock/single_writer.hpp>
#include <rtseq/seqlocked.hpp>

#include <cstdint>

namespace {

struct pair {
  std::uint64_t a = 0, b = 0;
};
void require_whole(const pair& value) { require(value.a == value.b, "a torn value is accepted"); }

template <class Context = rtseq::task_context>
using value_of = rtseq::seqlocked<pair, Context, rtseq::single_writer>;

TEST(single_writer_model, a_reader_accepts_no_torn_value) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<value_of<>>("value");
    p.thread("writer", [&s] { s.store({1, 1}), s.store({2, 2}); });
    p.thread("reader", [&s] { require_whole(s.load()); });
  }));
}

// The right to write goes from one thread to the other by a flag.
std::function<void(program&)> handed_over(std::memory_order store, std::memory_order load) {
  return [=](program& p) {
    struct handed {
      value_of<> value;
      rtseq::detail::atomic<bool> done{false};
    };
    auto& s = p.make<handed>("s");
    p.thread("writer", [=, &s] { s.value.store({1, 1}), s.done.store(true, store); });
    p.thread("next writer", [=, &s] {
      model::assume(s.done.load(load));
      s.value.store({2, 2});
    });
    p.thread("reader", [&s] {
      pair value;
      if (s.value.try_load(value)) require_whole(value);
    });
  };
}
TEST(single_writer_model, another_thread_may_take_over) {
  EXPECT_TRUE(proved(handed_over(std::memory_order_release, std::memory_order_acquire)));
}
TEST(single_writer_model, twin_a_value_is_torn_if_writing_is_taken_over_without_order) {
  EXPECT_TRUE(
      fails(handed_over(std::memory_order_relaxed, std::memory_order_relaxed), "a torn value is accepted"));
}

TEST(single_writer_model, twin_two_writers_that_meet_are_reported) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<value_of<>>("value");
        p.thread("writer", [&s] { s.store({1, 1}); });
        p.thread("other writer", [&s] { s.store({2, 2}); });
      },
      "two threads write at the same time"));
}

TEST(single_writer_model, a_masked_handler_of_the_writers_thread_may_write) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<value_of<model::interruptible<rtseq::single_writer>>>("value");
    p.thread("writer", [&s] {
      model::interrupt([&s] { s.store({2, 2}); });
      s.store({1, 1});
    });
    p.thread("reader", [&s] {
      pair value;
      if (s.try_load(value)) require_whole(value);
    });
  }));
}
TEST(single_writer_model, twin_a_handler_that_is_not_masked_is_reported) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<value_of<>>("value");
        p.thread("writer", [&s] {
          model::interrupt([&s] { s.store({2, 2}); });
          s.store({1, 1});
        });
        p.thread("reader", [&s] { require_whole(s.load()); });
      },
      "a write begins inside another of its thread"));
}

}  // namespace
