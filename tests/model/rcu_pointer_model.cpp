// What RCU publishes; its grace periods are liburcu's.
#include "model_test.hpp"

#include <rtseq/rcu_pointer.hpp>

namespace {

struct node {
  model::var<int> value{0};
};
struct published {
  node first, second;
  rtseq::rcu_pointer<node> pointer;
};

// Published first, made then.
std::function<void(program&)> published_by(std::function<void(published&)> publish) {
  return [=](program& p) {
    auto& s = p.make<published>("s");
    p.thread("writer", [&s, publish] {
      publish(s);
      s.first.value = 1;
    });
    p.thread("reader", [&s] {
      if (node* const it = s.pointer.load())
        require(it->value == 1, "an object as it was before it was made");
    });
  };
}

TEST(rcu_pointer_model, a_stored_object_is_seen_whole) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<published>("s");
    p.thread("writer", [&s] {
      s.first.value = 1;
      s.pointer.store(&s.first);
    });
    p.thread("reader", [&s] {
      if (node* const it = s.pointer.load())
        require(it->value == 1, "an object as it was before it was made");
    });
  }));
}

TEST(rcu_pointer_model, exchange_publishes_and_hands_over_what_another_writer_made) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<published>("s");
    const auto write = [&s](node& mine, int value) {
      mine.value = value;
      if (node* const before = s.pointer.exchange(&mine)) {
        require(before->value != 0, "an object as it was before it was made");
      }
    };
    p.thread("writer", [&s, write] { write(s.first, 1); });
    p.thread("other writer", [&s, write] { write(s.second, 2); });
    p.thread("reader", [&s] {
      if (node* const it = s.pointer.load())
        require(it->value != 0, "an object as it was before it was made");
    });
  }));
}

TEST(rcu_pointer_model, compare_exchange_publishes_and_shows_what_another_writer_made) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<published>("s");
    const auto write = [&s](node& mine, int value) {
      mine.value = value;
      node* expected = nullptr;
      if (s.pointer.compare_exchange(expected, &mine)) return;
      require(expected->value != 0, "a failed exchange shows an object as it was before it was made");
      node* const other = expected;
      require(s.pointer.compare_exchange(expected, &mine), "only two writers, each writes once");
      require(other->value != 0, "an object as it was before it was made");
    };
    p.thread("writer", [&s, write] { write(s.first, 1); });
    p.thread("other writer", [&s, write] { write(s.second, 2); });
    p.thread("reader", [&s] {
      if (node* const it = s.pointer.load())
        require(it->value != 0, "an object as it was before it was made");
    });
  }));
}

TEST(rcu_pointer_model, compare_exchange_acquires_what_it_replaces) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<published>("s");
    p.thread("writer", [&s] {
      s.first.value = 1;
      s.pointer.store(&s.first);
    });
    p.thread("other writer", [&s] {
      node* expected = &s.first;
      if (s.pointer.compare_exchange(expected, &s.second)) require(s.first.value == 1, "not made yet");
    });
  }));
}

// The vacuity twins: the object is made after it is published.
TEST(rcu_pointer_model, twin_an_object_stored_before_it_is_made_races) {
  EXPECT_TRUE(fails(published_by([](published& s) { s.pointer.store(&s.first); }), "data race on s"));
}
TEST(rcu_pointer_model, twin_an_object_exchanged_before_it_is_made_races) {
  EXPECT_TRUE(
      fails(published_by([](published& s) { (void)s.pointer.exchange(&s.first); }), "data race on s"));
}
TEST(rcu_pointer_model, twin_an_object_compared_and_exchanged_before_it_is_made_races) {
  EXPECT_TRUE(fails(published_by([](published& s) {
                      node* expected = nullptr;
                      (void)s.pointer.compare_exchange(expected, &s.first);
                    }),
                    "data race on s"));
}

}  // namespace
