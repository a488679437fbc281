// One value of two words in two copies.
#include "model_test.hpp"

#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>

#include <cstdint>

namespace {

struct pair {
  std::uint64_t a = 0, b = 0;
};
void require_whole(const pair& value) { require(value.a == value.b, "a torn value is accepted"); }

using spinning = rtseq::latched<pair, rtseq::task_context, rtseq::spinlock>;

TEST(latched_model, load_accepts_no_torn_value) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<spinning>("value");
    p.thread("writer", [&s] { s.store({1, 1}), s.store({2, 2}); });
    p.thread("reader", [&s] { require_whole(s.load()); });
  }));
}
TEST(latched_model, two_writers_take_turns) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<spinning>("value");
    p.thread("writer", [&s] { s.store({1, 1}); });
    p.thread("other writer", [&s] { s.store({2, 2}); });
    p.thread("reader", [&s] {
      pair value;
      if (s.try_load(value)) require_whole(value);
    });
    p.afterwards([&s] { require_whole(s.load()); });
  }));
}
TEST(latched_model, of_two_writers_that_try_at_least_one_stores) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<rtseq::latched<pair, rtseq::task_context, rtseq::pi_mutex>>("value");
    static bool stored[2];
    p.thread("writer", [&s] { stored[0] = s.try_store({1, 1}); });
    p.thread("other writer", [&s] { stored[1] = s.try_store({2, 2}); });
    p.thread("reader", [&s] {
      pair value;
      if (s.try_load(value)) require_whole(value);
    });
    p.afterwards([&s] {
      require_whole(s.load());
      require(stored[0] || stored[1], "neither stored");
      require(stored[s.load().a == 1 ? 0 : 1], "a store that returned false");
    });
  }));
}
TEST(latched_model, updates_are_not_lost) {
  const auto program_that = [](bool updates) {
    return [=](program& p) {
      auto& s = p.make<spinning>("value");
      for (int i = 0; i < 2; ++i) {
        p.thread("writer", [&s, updates] {
          if (updates) {
            s.update([](pair& value) { ++value.a, ++value.b; });
          } else {
            const pair value = s.load();
            s.store({value.a + 1, value.b + 1});
          }
        });
      }
      p.afterwards([&s] { require(s.load().a == 2 && s.load().b == 2, "an update is lost"); });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "an update is lost"));
}
// S9, S16
TEST(latched_model, a_handler_loads_and_tries_to_store_at_any_step_of_a_store) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<spinning>("value");
    p.thread("writer", [&s] {
      model::interrupt([&s] {
        require_whole(s.load());
        if (s.try_store({2, 2})) require(s.load().a == 2, "its own store is lost");
      });
      s.store({1, 1});
    });
    p.afterwards([&s] { require_whole(s.load()); });
  }));
}
TEST(latched_model, a_handler_may_store_at_any_step_of_a_try_store) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<rtseq::latched<pair, model::interruptible<rtseq::pi_mutex>>>("value");
    p.thread("writer", [&s] {
      model::interrupt([&s] { s.store({2, 2}); });
      (void)s.try_store({1, 1});
    });
    p.afterwards([&s] { require_whole(s.load()); });
  }));
}
struct no_lock {
  static constexpr bool sleeps = false;
  void lock() noexcept {}
  bool try_lock() noexcept { return true; }
  void unlock() noexcept {}
  bool held_by_this_thread() const noexcept { return false; }
};
TEST(latched_model, twin_two_writers_without_a_lock_are_torn) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<rtseq::latched<pair, rtseq::task_context, no_lock>>("value");
        p.thread("writer", [&s] { s.store({1, 1}); });
        p.thread("other writer", [&s] { s.store({2, 2}); });
        p.afterwards([&s] { require_whole(s.load()); });
      },
      "a torn value is accepted"));
}

}  // namespace
