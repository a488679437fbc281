// Two words behind one count. Every order in detail/sequence.hpp is needed here.
#include "model_test.hpp"

#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>

#include <optional>

namespace {

struct pair {
  rtseq::relaxed<int> a{0}, b{0};
};

template <class Count>
struct counted : pair {
  Count count;
  template <class... Lock>
  explicit counted(Lock&... lock) : count{lock...} {}
};

template <class Shared>
void name(program& p, Shared& s) {
  p.name(s.count, "count"), p.name(s.a, "a"), p.name(s.b, "b");
}

template <class Shared>
void write(Shared& s, int value) {
  s.count.write_begin();
  s.a = value;
  s.b = value;
  s.count.write_end();
}

// One section's value; an execution in which it is not valid is of no interest: it would be repeated.
template <class Shared>
int read(const Shared& s) {
  const rtseq::read_token token = s.count.read_begin();
  const int a = s.a, b = s.b;
  model::assume(!s.count.read_retry(token));
  require(a == b, "a torn value is accepted");
  return a;
}
template <class Shared>
int read_repeatedly(const Shared& s) {
  for (;;) {
    const rtseq::read_token token = s.count.read_begin();
    const int a = s.a, b = s.b;
    if (s.count.read_retry(token)) continue;
    require(a == b, "a torn value is accepted");
    return a;
  }
}

TEST(seqcount_model, readers_accept_no_torn_value) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<counted<rtseq::seqcount<>>>("s");
    name(p, s);
    p.thread("writer", [&s] { write(s, 1), write(s, 2); });
    p.thread("reader", [&s] { read_repeatedly(s); });
    p.thread("other reader", [&s] { read(s); });
  }));
}

TEST(seqcount_model, a_reader_never_goes_back_in_time) {
  const auto program_that = [](bool has_sections) {
    return [=](program& p) {
      auto& s = p.make<counted<rtseq::seqcount<>>>("s");
      name(p, s);
      p.thread("writer", [&s] { write(s, 1), write(s, 2); });
      p.thread("reader", [&s, has_sections] {
        const int first = has_sections ? read(s) : s.a.load();
        const int second = has_sections ? read(s) : s.b.load();
        require(second >= first, "an older value after a newer one");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "an older value after a newer one"));
}

// `raw`, `trying`: does that reader check its section?
std::function<void(program&)> readers_that_do_not_wait(bool raw, bool trying) {
  return [=](program& p) {
    auto& s = p.make<counted<rtseq::seqcount<>>>("s");
    name(p, s);
    p.thread("writer", [&s] { write(s, 1), write(s, 2); });
    p.thread("reader", [&s, raw] {
      const rtseq::read_token token = s.count.raw_read_begin();
      const int a = s.a, b = s.b;
      require((raw && s.count.read_retry(token)) || a == b, "a torn value is accepted");
    });
    p.thread("trying reader", [&s, trying] {
      const std::optional<rtseq::read_token> token = s.count.try_read_begin();
      if (!token) return;
      const int a = s.a, b = s.b;
      require((trying && s.count.read_retry(*token)) || a == b, "a torn value is accepted");
    });
  };
}
TEST(seqcount_model, a_section_begun_without_waiting_accepts_no_torn_value) {
  EXPECT_TRUE(proved(readers_that_do_not_wait(true, true)));
}
TEST(seqcount_model, twin_a_section_begun_without_waiting_and_not_checked_is_torn) {
  EXPECT_TRUE(fails(readers_that_do_not_wait(false, true), "a torn value is accepted"));
  EXPECT_TRUE(fails(readers_that_do_not_wait(true, false), "a torn value is accepted"));
}

// Data that is not in relaxed<> fields: the fences order it, but ThreadSanitizer's form has none.
TEST(seqcount_model, fences_order_data_that_has_no_orders_of_its_own) {
  struct atomics {
    rtseq::seqcount<> count;
    rtseq::detail::atomic<int> a{0}, b{0};
  };
  const auto setup = [](program& p) {
    auto& s = p.make<atomics>("s");
    name(p, s);
    p.thread("writer", [&s] {
      s.count.write_begin();
      s.a.store(1, model::relaxed), s.b.store(1, model::relaxed);
      s.count.write_end();
    });
    p.thread("reader", [&s] {
      const rtseq::read_token token = s.count.read_begin();
      const int a = s.a.load(model::relaxed), b = s.b.load(model::relaxed);
      require(s.count.read_retry(token) || a == b, "a torn value is accepted");
    });
  };
  EXPECT_TRUE(RTSEQ_TSAN ? fails(setup, "a torn value is accepted") : proved(setup));
}

// S10, and the parity of the count: what a reader must not leave out.
TEST(seqcount_model, twin_reader_without_retry_accepts_torn_values) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<counted<rtseq::seqcount<>>>("s");
        name(p, s);
        p.thread("writer", [&s] { write(s, 1); });
        p.thread("reader", [&s] {
          (void)s.count.read_begin();
          const int a = s.a, b = s.b;
          require(a == b, "a torn value is accepted");
        });
      },
      "a torn value is accepted"));
}
TEST(seqcount_model, twin_reader_that_checks_before_the_data_accepts_torn_values) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<counted<rtseq::seqcount<>>>("s");
        name(p, s);
        p.thread("writer", [&s] { write(s, 1); });
        p.thread("reader", [&s] {
          const rtseq::read_token token = s.count.read_begin();
          const int a = s.a;
          const bool again = s.count.read_retry(token);
          const int b = s.b;
          require(again || a == b, "a torn value is accepted");
        });
      },
      "a torn value is accepted"));
}
TEST(seqcount_model, twin_writer_that_ends_before_its_data_is_torn) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<counted<rtseq::seqcount<>>>("s");
        name(p, s);
        p.thread("writer", [&s] {
          s.count.write_begin();
          s.a = 1;
          s.count.write_end();
          s.b = 1;
        });
        p.thread("reader", [&s] { read(s); });
      },
      "a torn value is accepted"));
}
// S6
TEST(seqcount_model, twin_two_writers_without_a_lock_are_torn) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<counted<rtseq::seqcount<>>>("s");
        name(p, s);
        p.thread("writer", [&s] { write(s, 1); });
        p.thread("other writer", [&s] { write(s, 2); });
        p.thread("reader", [&s] { read(s); });
      },
      ""));
}

// ---- The count knows its writers' lock: readers wait behind it.

template <class Lock>
std::function<void(program&)> two_writers(int writes, bool locking = true) {
  return [=](program& p) {
    auto& lock = p.make<Lock>("lock");
    auto& s = p.make<counted<rtseq::seqcount<Lock>>>("s", lock);
    name(p, s);
    for (int writer = 1; writer <= 2; ++writer) {
      p.thread(writer == 1 ? "writer" : "other writer", [=, &s, &lock] {
        for (int i = 0; i < writes; ++i) {
          if (locking) lock.lock();
          write(s, 10 * writer + i);
          if (locking) lock.unlock();
        }
      });
    }
    p.thread("reader", [&s] { read(s); });
  };
}
TEST(seqcount_model, a_reader_waits_for_two_writers_by_their_pi_mutex) {
  EXPECT_TRUE(proved(two_writers<rtseq::pi_mutex>(1)));
}
TEST(seqcount_model, a_reader_waits_for_a_writer_by_its_pi_mutex) {
  EXPECT_TRUE(proved([](program& p) {
    auto& lock = p.make<rtseq::pi_mutex>("lock");
    auto& s = p.make<counted<rtseq::seqcount<rtseq::pi_mutex>>>("s", lock);
    name(p, s);
    p.thread("writer", [&] {
      for (int i = 1; i <= 2; ++i) {
        lock.lock();
        write(s, i);
        lock.unlock();
      }
    });
    p.thread("reader", [&s] { read_repeatedly(s); });
  }));
}
TEST(seqcount_model, a_reader_waits_for_two_writers_of_a_spinlock) {
  EXPECT_TRUE(proved(two_writers<rtseq::spinlock>(1)));
}
template <class Lock>
std::function<void(program&)> two_writers_with_two_writes_each() {
  return [](program& p) {
    auto& lock = p.make<Lock>("lock");
    auto& s = p.make<counted<rtseq::seqcount<>>>("s");
    name(p, s);
    for (int writer = 1; writer <= 2; ++writer) {
      p.thread(writer == 1 ? "writer" : "other writer", [=, &s, &lock] {
        for (int i = 0; i < 2; ++i) {
          lock.lock();
          write(s, 10 * writer + i);
          lock.unlock();
        }
      });
    }
    p.thread("reader", [&s] {
      const std::optional<rtseq::read_token> token = s.count.try_read_begin();
      if (!token) return;
      const int a = s.a, b = s.b;
      require(s.count.read_retry(*token) || a == b, "a torn value is accepted");
    });
  };
}
// Promised in 5 s. Without partial-order reduction a checker does not finish them in minutes.
TEST(seqcount_model, two_writers_with_two_writes_each_and_a_spinlock) {
  EXPECT_TRUE(proved(two_writers_with_two_writes_each<rtseq::spinlock>(), within(5)));
}
TEST(seqcount_model, two_writers_with_two_writes_each_and_a_pi_mutex) {
  EXPECT_TRUE(proved(two_writers_with_two_writes_each<rtseq::pi_mutex>(), within(5)));
}
TEST(seqcount_model, twin_two_writers_of_a_count_that_knows_its_lock_but_do_not_take_it) {
  EXPECT_TRUE(fails(two_writers<rtseq::pi_mutex>(1, false), ""));
}
// S8
TEST(seqcount_model, a_reader_inside_its_own_write_section_is_reported) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& lock = p.make<rtseq::pi_mutex>("lock");
        auto& s = p.make<counted<rtseq::seqcount<rtseq::pi_mutex>>>("s", lock);
        p.thread("writer", [&] {
          lock.lock();
          s.count.write_begin();
          (void)s.count.read_begin();
        });
      },
      "inside the caller's own write section"));
}

// ---- Without a section.

TEST(seqcount_model, invalidate_shows_what_came_before_it) {
  const auto program_that = [](bool invalidates_first) {
    return [=](program& p) {
      auto& s = p.make<counted<rtseq::seqcount<>>>("s");
      name(p, s);
      const rtseq::read_token before = s.count.raw_read_begin();
      p.thread("writer", [&s, invalidates_first] {
        if (invalidates_first) s.count.write_invalidate();
        s.a = 1;
        if (!invalidates_first) s.count.write_invalidate();
      });
      p.thread("reader", [&s, before] {
        const rtseq::read_token token = s.count.read_begin();
        require(token == before || s.a == 1, "a reader that began after the invalidation reads the old data");
      });
      p.thread("reader by question", [&s, before] {
        if (s.count.changed_since(before)) require(s.a == 1, "changed, but the old data");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(false)));
  EXPECT_TRUE(fails(program_that(true), "the old data"));  // the vacuity twin
}

TEST(seqcount_model, invalidate_makes_readers_repeat) {
  const auto program_that = [](bool invalidates) {
    return [=](program& p) {
      auto& s = p.make<counted<rtseq::seqcount<>>>("s");
      name(p, s);
      p.thread("reader and writer", [&s, invalidates] {
        const rtseq::read_token token = s.count.read_begin();
        if (invalidates) s.count.write_invalidate();
        require(s.count.read_retry(token), "a section across an invalidation is accepted");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "a section across an invalidation is accepted"));
}

TEST(seqcount_model, barrier_orders_the_stores_around_it) {
  // Linux, raw_write_seqcount_barrier: a is true at first; nobody finds neither.
  const auto program_that = [](bool has_the_barrier) {
    return [=](program& p) {
      auto& s = p.make<counted<rtseq::seqcount<>>>("s");
      name(p, s);
      s.a = 1;
      p.thread("writer", [&s, has_the_barrier] {
        s.b = 1;
        if (has_the_barrier) s.count.write_barrier();
        s.a = 0;
      });
      p.thread("reader", [&s] {
        const rtseq::read_token token = s.count.raw_read_begin();
        const int b = s.b, a = s.a;
        require(s.count.read_retry(token) || a == 1 || b == 1, "the later store without the earlier");
      });
      p.thread("other reader", [&s] {
        const rtseq::read_token token = s.count.raw_read_begin();
        const int a = s.a, b = s.b;
        require(s.count.read_retry(token) || a == 1 || b == 1, "the later store without the earlier");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "the later store without the earlier"));
}

}  // namespace
