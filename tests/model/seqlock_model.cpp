// Two words behind a seqlock: writers and readers of every kind, with and without interrupts.
#include "model_test.hpp"

#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqlock.hpp>

#include <optional>

namespace {

template <class Lock>
using interruptible_lock = rtseq::seqlock<model::interruptible<Lock>>;
using spinning = rtseq::seqlock<rtseq::task_context, rtseq::spinlock>;
using boosting = rtseq::seqlock<rtseq::task_context, rtseq::pi_mutex>;

template <class Lock>
struct guarded {
  Lock lock;
  rtseq::relaxed<int> a{0}, b{0};

  void set(int value) { a = value, b = value; }
  int both() const {
    const int first = a, second = b;
    return first == second ? first : -1;
  }
};

template <class Lock>
guarded<Lock>& make(program& p) {
  auto& s = p.make<guarded<Lock>>("lock");
  p.name(s.a, "a"), p.name(s.b, "b");
  return s;
}
template <class Lock>
void add_writer(program& p, guarded<Lock>& s, const char* name, int value) {
  p.thread(name, [&s, value] {
    const rtseq::write_guard section{s.lock};
    s.set(value);
  });
}
void require_whole(int value) { require(value != -1, "a torn value is accepted"); }

template <class Lock>
std::function<void(program&)> writers_and_a_reader(int writers, std::function<void(guarded<Lock>&)> reader) {
  return [=](program& p) {
    auto& s = make<Lock>(p);
    for (int i = 1; i <= writers; ++i) add_writer(p, s, i == 1 ? "writer" : "other writer", i);
    p.thread("reader", [&s, reader] { reader(s); });
  };
}

template <class Lock>
void read(guarded<Lock>& s) {
  require_whole(s.lock.read([&s] { return s.both(); }));
}
TEST(seqlock_model, read_accepts_no_torn_value_of_two_writers) {
  EXPECT_TRUE(proved(writers_and_a_reader<spinning>(2, read<spinning>)));
}
TEST(seqlock_model, read_waits_for_a_writer_by_its_pi_mutex) {
  EXPECT_TRUE(proved(writers_and_a_reader<boosting>(1, read<boosting>)));
}
TEST(seqlock_model, long_read_waits_for_two_writers_by_their_pi_mutex) {
  EXPECT_TRUE(proved(writers_and_a_reader<boosting>(2, read<boosting>), {.seconds = 600}));
}

template <class Lock>
void try_read(guarded<Lock>& s) {
  if (const std::optional<int> value = s.lock.try_read([&s] { return s.both(); }, 2)) require_whole(*value);
}
TEST(seqlock_model, try_read_returns_a_whole_value_or_none) {
  EXPECT_TRUE(proved(writers_and_a_reader<spinning>(2, try_read<spinning>)));
}

template <class Lock>
void read_or_lock(guarded<Lock>& s) {
  require_whole(s.lock.read_or_lock([&s] { return s.both(); }));
}
TEST(seqlock_model, read_or_lock_always_returns_a_whole_value) {
  EXPECT_TRUE(proved(writers_and_a_reader<spinning>(2, read_or_lock<spinning>)));
  EXPECT_TRUE(proved(writers_and_a_reader<boosting>(1, read_or_lock<boosting>)));
}

template <class Lock>
void read_excl(guarded<Lock>& s) {
  const rtseq::read_excl_guard section{s.lock};
  require_whole(s.both());
}
TEST(seqlock_model, read_excl_excludes_writers) {
  EXPECT_TRUE(proved(writers_and_a_reader<spinning>(2, read_excl<spinning>)));
  EXPECT_TRUE(proved(writers_and_a_reader<boosting>(1, read_excl<boosting>)));
}
TEST(seqlock_model, twin_reader_without_the_lock_is_torn) {
  EXPECT_TRUE(fails(writers_and_a_reader<spinning>(1, [](guarded<spinning>& s) { require_whole(s.both()); }),
                    "a torn value is accepted"));
}

TEST(seqlock_model, values_never_go_back_in_time) {
  const auto program_that = [](bool has_sections) {
    return [=](program& p) {
      auto& s = make<spinning>(p);
      p.thread("writer", [&s] {
        for (int i = 1; i <= 2; ++i) {
          const rtseq::write_guard section{s.lock};
          s.set(i);
        }
      });
      p.thread("reader", [&s, has_sections] {
        const int first = has_sections ? s.lock.read([&s] { return s.both(); }) : s.a.load();
        require_whole(first);
        const int second = has_sections ? s.lock.read([&s] { return s.both(); }) : s.b.load();
        require(second >= first, "an older value after a newer one");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "an older value after a newer one"));
}

TEST(seqlock_model, writers_lose_no_write) {
  const auto program_that = [](bool locks) {
    return [=](program& p) {
      auto& s = make<spinning>(p);
      for (int i = 0; i < 2; ++i) {
        p.thread(i == 0 ? "writer" : "other writer", [=, &s] {
          if (locks) s.lock.write_lock();
          s.set(s.a + 1);
          if (locks) s.lock.write_unlock();
        });
      }
      p.thread("trying writer", [=, &s] {
        if (!s.lock.try_write_lock()) return;
        s.set(s.a + 10);
        s.lock.write_unlock();
      });
      p.afterwards([&s] { require(s.both() % 10 == 2, "a write is lost"); });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "a write is lost"));
}

// ---- Sleeping until something changes.

std::function<void(program&)> sleepers(int number, bool writes) {
  return [=](program& p) {
    auto& s = make<spinning>(p);
    const rtseq::read_token before = s.lock.read_begin();
    p.thread("writer", [&s, writes] {
      if (!writes) return;
      const rtseq::write_guard section{s.lock};
      s.set(1);
    });
    for (int i = 0; i < number; ++i) {
      p.thread(i == 0 ? "sleeper" : "other sleeper", [&s, before] {
        s.lock.wait_changed(before);
        require(s.lock.changed_since(before), "awake, but nothing has changed");
        const int value = s.lock.read([&s] { return s.both(); });
        require(value == 1, "awake, but the old data");
      });
    }
  };
}
TEST(seqlock_model, a_sleeper_misses_no_change) { EXPECT_TRUE(proved(sleepers(1, true))); }
TEST(seqlock_model, two_sleepers_miss_no_change) { EXPECT_TRUE(proved(sleepers(2, true))); }
TEST(seqlock_model, twin_a_sleeper_without_a_change_sleeps_for_ever) {
  EXPECT_TRUE(fails(sleepers(1, false), "wait for ever"));
}

// ---- Interrupts: a handler of the writer's own thread reads, at any step.

template <class Lock>
std::function<void(program&)> interrupted_writer(bool saves) {
  return [=](program& p) {
    auto& s = make<interruptible_lock<Lock>>(p);
    p.thread("writer", [&s, saves] {
      model::interrupt([&s] { read(s); });
      if (saves) {
        const rtseq::write_irqsave_guard section{s.lock};
        s.set(1);
      } else {
        const rtseq::write_guard section{s.lock};
        s.set(1);
      }
    });
    p.thread("reader", [&s] { try_read(s); });
  };
}
TEST(seqlock_model, irqsave_keeps_a_reading_handler_out_of_the_section) {
  EXPECT_TRUE(proved(interrupted_writer<rtseq::spinlock>(true)));
  EXPECT_TRUE(proved(interrupted_writer<rtseq::pi_mutex>(true)));
}
// S2, S8, S17
TEST(seqlock_model, twin_without_irqsave_the_handler_would_wait_for_its_own_thread) {
  EXPECT_TRUE(fails(interrupted_writer<rtseq::spinlock>(false), "inside the caller's own write section"));
  EXPECT_TRUE(fails(interrupted_writer<rtseq::pi_mutex>(false), "inside the caller's own write section"));
}
// Waiting for a writer takes the lock: a handler that came just then would meet it in its own thread's hands.
TEST(seqlock_model, a_handler_may_write_while_its_task_waits_for_a_writer) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make<interruptible_lock<rtseq::pi_mutex>>(p);
    p.thread("writer", [&s] {
      const rtseq::write_irqsave_guard section{s.lock};
      s.set(1);
    });
    p.thread("reader", [&s] {
      model::interrupt([&s] {
        const rtseq::write_irqsave_guard section{s.lock};
        s.set(2);
      });
      (void)s.lock.read_begin();
    });
  }));
}
TEST(seqlock_model, a_handler_that_writes_is_kept_out_too) {
  const auto program_that = [](bool saves) {
    return [=](program& p) {
      auto& s = make<interruptible_lock<rtseq::spinlock>>(p);
      p.thread("writer", [&s, saves] {
        model::interrupt([&s] {
          const rtseq::write_irqsave_guard section{s.lock};
          s.set(s.a + 1);
        });
        if (saves) {
          const rtseq::read_excl_irqsave_guard section{s.lock};
          require_whole(s.both());
        } else {
          const rtseq::read_excl_guard section{s.lock};
          require_whole(s.both());
        }
      });
      p.thread("other writer", [&s] {
        const rtseq::write_irqsave_guard section{s.lock};
        s.set(s.a + 1);
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "locked again by its owner"));
}

}  // namespace
