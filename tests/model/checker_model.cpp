// What else the checker must find, and must not: races on plain data, waits without an end, interrupts.
#include "model_test.hpp"

namespace {

using model::relaxed;
using rtseq::detail::backoff;

struct flagged {
  model::var<int> data{0};
  rtseq::detail::atomic<int> flag{0};
};

std::function<void(program&)> publishes_with(std::memory_order store, std::memory_order load) {
  return [=](program& p) {
    auto& s = p.make<flagged>("s");
    p.name(s.data, "data");
    p.name(s.flag, "flag");
    p.thread("writer", [&s, store] {
      s.data = 1;
      s.flag.store(1, store);
    });
    p.thread("reader", [&s, load] {
      if (s.flag.load(load) == 1) require(s.data == 1, "data is published with its flag");
    });
  };
}

TEST(checker_model, plain_data_published_by_release_and_acquire_does_not_race) {
  EXPECT_TRUE(proved(publishes_with(release, acquire)));
}
TEST(checker_model, plain_data_published_by_a_relaxed_store_races) {
  EXPECT_TRUE(fails(publishes_with(relaxed, acquire), "data race on data"));
}
TEST(checker_model, plain_data_read_after_a_relaxed_load_races) {
  EXPECT_TRUE(fails(publishes_with(release, relaxed), "data race on data"));
}

TEST(checker_model, a_trace_names_step_thread_access_order_value_and_source) {
  const model::verdict v = model::explore(publishes_with(relaxed, acquire));
  EXPECT_NE(v.trace.find("writer     store       relaxed  flag = 1"), std::string::npos) << v.trace;
  EXPECT_NE(v.trace.find("reader     load        acquire  flag -> 1                  from step 2"),
            std::string::npos)
      << v.trace;
}

TEST(checker_model, a_wait_that_ends_is_no_finding) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<flagged>("s");
    p.thread("waiter", [&] {
      backoff wait;
      while (s.flag.load(acquire) == 0) wait.pause();
      require(s.data == 1, "data is there after the wait");
    });
    p.thread("waker", [&] {
      s.data = 1;
      s.flag.store(1, release);
    });
  }));
}
TEST(checker_model, a_wait_for_what_nobody_does_is_found) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<flagged>("s");
        p.thread("waiter", [&] {
          backoff wait;
          while (s.flag.load(acquire) != 2) wait.pause();
        });
        p.thread("waker", [&] { s.flag.store(1, release); });
      },
      "wait for ever"));
}
TEST(checker_model, an_endless_spin_is_a_wait) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<flagged>("s");
        p.thread("spinner", [&] {
          while (s.flag.load(acquire) == 0) rtseq::detail::cpu_relax();
        });
      },
      "wait for ever"));
}
TEST(checker_model, two_locks_in_opposite_orders_are_a_deadlock) {
  struct locks {
    rtseq::detail::atomic<int> first{0}, second{0};
  };
  const auto lock = [](rtseq::detail::atomic<int>& word) {
    backoff wait;
    while (word.exchange(1, acquire) != 0) {
      while (word.load(relaxed) != 0) wait.pause();
    }
  };
  EXPECT_TRUE(fails(
      [&](program& p) {
        auto& s = p.make<locks>("locks");
        p.thread("one", [&] {
          lock(s.first), lock(s.second);
          s.second.store(0, release), s.first.store(0, release);
        });
        p.thread("two", [&] {
          lock(s.second), lock(s.first);
          s.first.store(0, release), s.second.store(0, release);
        });
      },
      "wait for ever"));
}
TEST(checker_model, a_bounded_spin_goes_on_after_it) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<flagged>("s");
        p.thread("spinner", [&] {
          for (int i = 0; i < 100; ++i) {
            if (s.flag.load(acquire) != 0) return;
            rtseq::detail::cpu_relax();
          }
          require(false, "gave up");
        });
        p.thread("waker", [&] { s.flag.store(1, release); });
      },
      "gave up"));
}
TEST(checker_model, a_loop_that_waits_for_nothing_is_found) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<flagged>("s");
        p.thread("looper", [&] {
          while (s.flag.load(acquire) == 0) {}
        });
      },
      "no end in sight"));
}

TEST(checker_model, an_interrupt_may_come_at_any_step_or_never) {
  static int before;
  const model::verdict v = model::explore([](program& p) {
    auto& s = p.make<flagged>("s");
    before = -1;
    p.thread("task", [&] {
      model::interrupt([&] { before = s.flag.load(relaxed); });
      s.flag.store(1, relaxed);
      s.flag.store(2, relaxed);
    });
    p.afterwards([] { model::observe(std::to_string(before)); });
  });
  EXPECT_TRUE(v.proved());
  EXPECT_EQ(v.outcomes, (std::map<std::string, std::uint64_t>{{"-1", 1}, {"0", 1}, {"1", 1}, {"2", 1}}));
}
TEST(checker_model, interrupts_are_held_off) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<flagged>("s");
    p.thread("task", [&] {
      model::interrupt([&] { require(s.flag.load(relaxed) != 1, "never in the section"); });
      const bool were = model::allow_interrupts(false);
      s.flag.store(1, relaxed);
      s.flag.store(2, relaxed);
      model::allow_interrupts(were);
    });
  }));
}
TEST(checker_model, a_handler_that_waits_for_its_own_thread_is_found) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<flagged>("s");
        p.thread("task", [&] {
          model::interrupt([&] {
            backoff wait;
            while (s.flag.load(relaxed) == 1) wait.pause();
          });
          s.flag.store(1, relaxed);
          s.flag.store(2, relaxed);
        });
      },
      "wait for ever"));
}

TEST(checker_model, accesses_of_different_sizes_to_the_same_bytes_are_found) {
  struct bytes {
    alignas(8) unsigned char of[8] = {};
  };
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<bytes>("bytes");
        p.thread("wide", [&] { rtseq::detail::store_unit<std::uint64_t>(s.of, 1); });
        p.thread("narrow", [&] { rtseq::detail::store_unit<std::uint32_t>(s.of + 4, 1); });
      },
      "different sizes"));
}

TEST(checker_model, a_futex_wait_misses_no_wake_up) {
  struct sleepers {
    rtseq::detail::atomic<std::uintptr_t> count{0};
  };
  const auto program_that = [](bool wakes) {
    return [wakes](program& p) {
      auto& s = p.make<sleepers>("s");
      p.thread("sleeper", [&] {
        while (s.count.load(acquire) == 0) rtseq::detail::futex_wait(s.count, 0);
      });
      p.thread("waker", [&s, wakes] {
        s.count.store(1, release);
        if (wakes) rtseq::detail::futex_wake_all(s.count);
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "wait for ever"));
}

}  // namespace
