// Two copies of two words behind a latch count. Every order in seqcount_latch.hpp is needed here.
#include "model_test.hpp"

#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount_latch.hpp>

namespace {

struct latched {
  rtseq::seqcount_latch latch;
  struct copy {
    rtseq::relaxed<int> a{0}, b{0};
    void set(int value) { a = value, b = value; }
  } copies[2];

  void write(int value) {
    latch.write_latch_begin();
    copies[0].set(value);
    latch.write_latch();
    copies[1].set(value);
    latch.write_latch_end();
  }
  // -1: not valid, or not whole.
  int attempt() const {
    const rtseq::read_token token = latch.read_latch();
    const copy& it = copies[latch.index(token)];
    const int a = it.a, b = it.b;
    if (latch.read_retry(token)) return -1;
    require(a == b, "a torn value is accepted");
    return a;
  }
  int read() const {
    int value;
    do {
      value = attempt();
    } while (value == -1);
    return value;
  }
};

latched& make(program& p) {
  auto& s = p.make<latched>("latch");
  p.name(s.copies[0].a, "copy 0's a"), p.name(s.copies[0].b, "copy 0's b");
  p.name(s.copies[1].a, "copy 1's a"), p.name(s.copies[1].b, "copy 1's b");
  return s;
}

TEST(seqcount_latch_model, readers_accept_no_torn_value) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make(p);
    p.thread("writer", [&s] { s.write(1), s.write(2); });
    p.thread("reader", [&s] { s.read(); });
  }));
}
TEST(seqcount_latch_model, two_readers_accept_no_torn_value) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make(p);
    p.thread("writer", [&s] { s.write(1), s.write(2); });
    p.thread("reader", [&s] { s.attempt(); });
    p.thread("other reader", [&s] { s.attempt(); });
  }));
}
TEST(seqcount_latch_model, a_reader_never_goes_back_in_time) {
  const auto program_that = [](bool asks_the_latch) {
    return [=](program& p) {
      auto& s = make(p);
      p.thread("writer", [&s] { s.write(1), s.write(2); });
      p.thread("reader", [&s, asks_the_latch] {
        const int first = asks_the_latch ? s.attempt() : s.copies[0].a.load();
        const int second = asks_the_latch ? s.attempt() : s.copies[1].a.load();
        require(first == -1 || second == -1 || second >= first, "an older value after a newer one");
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "an older value after a newer one"));
}
// S16 (i). A reader beside the writer may have to try again; one on top of it never.
TEST(seqcount_latch_model, a_handler_gets_through_at_any_step_of_the_writer_it_interrupts) {
  const auto program_that = [](bool on_top) {
    return [=](program& p) {
      auto& s = make(p);
      const auto read_once = [&s] { require(s.attempt() != -1, "a handler must try again"); };
      p.thread("writer", [&s, read_once, on_top] {
        if (on_top) model::interrupt(read_once);
        s.write(1), s.write(2);
      });
      p.thread("reader", [&s, read_once, on_top] {
        if (on_top) {
          s.attempt();
        } else {
          read_once();
        }
      });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "a handler must try again"));
}
// S16 (ii)
TEST(seqcount_latch_model, twin_reader_without_retry_accepts_torn_values) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = make(p);
        p.thread("writer", [&s] { s.write(1), s.write(2); });
        p.thread("reader", [&s] {
          const auto& it = s.copies[s.latch.index(s.latch.read_latch())];
          const int a = it.a, b = it.b;
          require(a == b, "a torn value is accepted");
        });
      },
      "a torn value is accepted"));
}
// S16 (iii)
TEST(seqcount_latch_model, twin_two_writers_without_a_lock_are_torn) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = make(p);
        p.thread("writer", [&s] { s.write(1); });
        p.thread("other writer", [&s] { s.write(2); });
        p.thread("reader", [&s] { s.attempt(); });
      },
      "a torn value is accepted"));
}

}  // namespace
