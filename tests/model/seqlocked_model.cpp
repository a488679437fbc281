// One value of two words.
#include "model_test.hpp"

#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <cstdint>

namespace {

struct pair {
  std::uint64_t a = 0, b = 0;
};
void require_whole(const pair& value) { require(value.a == value.b, "a torn value is accepted"); }

template <class Lock>
using value_of = rtseq::seqlocked<pair, rtseq::task_context, Lock>;

template <class Lock>
std::function<void(program&)> stores_and_loads(int writers,
                                               std::function<void(const value_of<Lock>&)> reader) {
  return [=](program& p) {
    auto& s = p.make<value_of<Lock>>("value");
    for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(writers); ++i) {
      p.thread(i == 1 ? "writer" : "other writer", [&s, i] { s.store({i, i}); });
    }
    p.thread("reader", [&s, reader] { reader(s); });
  };
}
template <class Lock>
void load(const value_of<Lock>& s) {
  require_whole(s.load());
}
template <class Lock>
void try_load(const value_of<Lock>& s) {
  pair value{7, 7};
  const bool loaded = s.try_load(value);
  require_whole(value);
  require(loaded == (value.a != 7), "a value although false, or none although true");
}
template <class Lock, bool asks_again = true>
void load_versioned(const value_of<Lock>& s) {
  const auto [value, token] = s.load_versioned();
  require_whole(value);
  const bool changed = s.changed_since(token);
  const pair again = s.load();
  require(changed || again.a == value.a || (asks_again && s.changed_since(token)),
          "another value, but nothing has changed");
}

TEST(seqlocked_model, load_accepts_no_torn_value_of_two_writers) {
  EXPECT_TRUE(proved(stores_and_loads<rtseq::spinlock>(2, load<rtseq::spinlock>)));
}
TEST(seqlocked_model, load_waits_for_a_writer_by_its_pi_mutex) {
  EXPECT_TRUE(proved(stores_and_loads<rtseq::pi_mutex>(1, load<rtseq::pi_mutex>)));
}
TEST(seqlocked_model, try_load_returns_a_whole_value_or_none) {
  EXPECT_TRUE(proved(stores_and_loads<rtseq::spinlock>(2, try_load<rtseq::spinlock>)));
}
TEST(seqlocked_model, versions_tell_of_every_change) {
  EXPECT_TRUE(proved(stores_and_loads<rtseq::spinlock>(1, load_versioned<rtseq::spinlock>)));
  EXPECT_TRUE(fails(stores_and_loads<rtseq::spinlock>(1, load_versioned<rtseq::spinlock, false>),
                    "another value, but nothing has changed"));
}
TEST(seqlocked_model, twin_a_value_stored_without_the_library_is_torn) {
  EXPECT_TRUE(fails(
      [](program& p) {
        struct halves {
          rtseq::detail::atomic<std::uint64_t> a{0}, b{0};
        };
        auto& s = p.make<halves>("halves");
        p.thread("writer", [&s] { s.a.store(1), s.b.store(1); });
        p.thread("reader", [&s] {
          const pair value{s.a.load(), s.b.load()};
          require_whole(value);
        });
      },
      "a torn value is accepted"));
}

TEST(seqlocked_model, a_reader_never_goes_back_in_time) {
  const auto program_that = [](pair older, pair newer) {
    return [=](program& p) {
      auto& s = p.make<value_of<rtseq::spinlock>>("value");
      p.thread("writer", [&s, older, newer] { s.store(older), s.store(newer); });
      p.thread("reader", [&s] {
        pair first, second;
        model::assume(s.try_load(first) && s.try_load(second));
        require_whole(first), require_whole(second);
        require(second.a >= first.a, "an older value after a newer one");
      });
    };
  };
  EXPECT_TRUE(proved(program_that({1, 1}, {2, 2})));
  EXPECT_TRUE(fails(program_that({2, 2}, {1, 1}), "an older value after a newer one"));
}

TEST(seqlocked_model, updates_are_not_lost) {
  const auto program_that = [](bool updates) {
    return [=](program& p) {
      auto& s = p.make<value_of<rtseq::spinlock>>("value");
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

TEST(seqlocked_model, a_sleeper_misses_no_store) {
  const auto program_that = [](bool stores) {
    return [=](program& p) {
      auto& s = p.make<value_of<rtseq::spinlock>>("value");
      const rtseq::read_token before = s.load_versioned().second;
      p.thread("writer", [&s, stores] {
        if (stores) s.store({1, 1});
      });
      p.thread("sleeper", [&s, before] {
        s.wait_changed(before);
        require(s.load().a == 1, "awake, but the old value");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "wait for ever"));
}

template <class Context>
void a_handler_loads(program& p) {
  auto& s = p.make<rtseq::seqlocked<pair, Context, rtseq::pi_mutex>>("value");
  p.thread("writer", [&s] {
    model::interrupt([&s] { require_whole(s.load()); });
    s.store({1, 1});
  });
  p.thread("reader", [&s] {
    pair value;
    if (s.try_load(value)) require_whole(value);
  });
}
TEST(seqlocked_model, a_handler_loads_at_any_step_of_a_store) {
  EXPECT_TRUE(proved(a_handler_loads<model::interruptible<rtseq::pi_mutex>>));
  EXPECT_TRUE(fails(a_handler_loads<rtseq::task_context>, "inside the caller's own write section"));
}

}  // namespace
