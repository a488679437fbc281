// compiled with: -fsanitize=thread
//
// The deferred log's ring: its records are plain memory, which the checker sees through the compiler's calls
// (plain.cpp). The texts are told apart by their lengths.
#include "model_test.hpp"

#include <rtseq/deferred_log.hpp>

#include <string_view>

namespace {

constexpr std::string_view text{"abcdefgh"};

template <std::size_t Records>
struct logged {
  using log_type = rtseq::basic_deferred_log<Records, 8>;
  model::var<int> in_sink{0};    // races if two threads are in the sink
  model::var<int> delivered[6];  // by sequence number: the text's length
  model::var<int> dropped{0};
  log_type log;

  logged() : log{&sink, this} {}
  static void sink(void* cookie, const rtseq::log_record& record) {
    auto& self = *static_cast<logged*>(cookie);
    self.in_sink = self.in_sink + 1;
    if (record.dropped != 0) {
      self.dropped = self.dropped + static_cast<int>(record.dropped);
      return;
    }
    require(record.sequence < 6, "a sequence number that no record has");
    require(self.delivered[record.sequence] == 0, "a record is delivered twice");
    require(!record.text.empty(), "a record is delivered before it is written");
    self.delivered[record.sequence] = static_cast<int>(record.text.size());
  }
  int count() const {
    int n = 0;
    for (const auto& length : delivered) n += length != 0;
    return n;
  }
  // The sequence number of the record of this length, -1: none.
  int position(int length) const {
    for (int i = 0; i < 6; ++i)
      if (delivered[i] == length) return i;
    return -1;
  }
  // How many records have this length.
  int with(int length) const {
    int n = 0;
    for (const auto& it : delivered) n += it == length;
    return n;
  }
};

template <std::size_t Records>
logged<Records>& make(program& p) {
  auto& s = p.make<logged<Records>>("log");
  p.name(s.in_sink, "in sink"), p.name(s.delivered, "delivered"), p.name(s.dropped, "told dropped");
  return s;
}

TEST(deferred_log_model, two_producers_and_a_consumer_lose_nothing) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make<4>(p);
    p.thread("producer", [&s] { s.log.write(text.substr(0, 1)); });
    p.thread("other producer", [&s] { s.log.write(text.substr(0, 2)); });
    p.thread("consumer", [&s] { s.log.flush(); });
    p.afterwards([&s] {
      s.log.flush();
      require(s.with(1) == 1 && s.with(2) == 1 && s.count() == 2, "a record is lost");
    });
  }));
}

TEST(deferred_log_model, who_prints_leaves_no_record_behind) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make<4>(p);
    p.thread("printer", [&s] { s.log.print(text.substr(0, 1)); });
    p.thread("other printer", [&s] { s.log.print(text.substr(0, 2)); });
    p.afterwards([&s] { require(s.with(1) == 1 && s.with(2) == 1, "a record is stuck"); });
  }));
}

// `looks`: does the producer look whether the ring took its third record?
std::function<void(program&)> three_records_in_two_slots(bool looks) {
  return [=](program& p) {
    auto& s = make<2>(p);
    static bool kept;
    p.thread("producer", [&s, looks] {
      s.log.write(text.substr(0, 1));
      s.log.write(text.substr(0, 2));
      kept = s.log.write(text.substr(0, 3)) || !looks;
    });
    p.thread("consumer", [&s] { s.log.flush(); });
    p.afterwards([&s] {
      s.log.flush();
      require(s.with(1) == 1 && s.with(2) == 1 && s.with(3) == (kept ? 1 : 0), "a record is lost");
      require(s.dropped == (kept ? 0 : 1), "a dropped record is not told of");
      require(s.delivered[0] == 1 && s.delivered[1] == 2, "one producer's records change their order");
    });
  };
}
TEST(deferred_log_model, a_slot_is_used_again_only_after_it_was_read) {
  EXPECT_TRUE(proved(three_records_in_two_slots(true)));
}
TEST(deferred_log_model, twin_the_ring_refuses_a_record_while_both_slots_are_unread) {
  EXPECT_TRUE(fails(three_records_in_two_slots(false), "a record is lost"));
}

// A producer of two records, a handler that writes a third at any step of it, a consumer, and perhaps another
// producer, all at once. Lengths: the producer's 1 and 3, the handler's 2, the other producer's 4.
struct kept_records {
  bool accepted[5];  // by length
  bool handler_ran;
  int begun, ended;  // of the producer's writes
  int began_before_handler, ended_before_handler;
};
enum class handler {
  writes,
  does_nothing,              // for twins: it only says that it wrote
  is_after_the_interrupted,  // for twins: its record is expected after one that had no place in the ring yet
};
template <std::size_t Records>
std::function<void(program&)> interrupted_producer(bool other_producer, handler what = handler::writes) {
  return [=](program& p) {
    auto& s = make<Records>(p);
    static kept_records kept;
    p.thread("producer", [&s, what] {
      kept = {};
      model::interrupt([&s, what] {
        kept.handler_ran = true;
        kept.began_before_handler = kept.begun, kept.ended_before_handler = kept.ended;
        kept.accepted[2] = what == handler::does_nothing || s.log.write(text.substr(0, 2));
      });
      for (const std::size_t length : {1U, 3U}) {
        ++kept.begun;
        kept.accepted[length] = s.log.write(text.substr(0, length));
        ++kept.ended;
      }
    });
    static bool other_accepted;
    other_accepted = false;
    if (other_producer) p.thread("other producer", [&s] { other_accepted = s.log.write(text.substr(0, 4)); });
    p.thread("consumer", [&s] { s.log.flush(); });
    p.afterwards([&s, other_producer, what] {
      s.log.flush();
      kept.accepted[4] = other_accepted;
      int accepted = 0;
      for (int length = 1; length <= 4; ++length) {
        require(s.with(length) == (kept.accepted[length] ? 1 : 0), "a record is lost");
        accepted += kept.accepted[length] ? 1 : 0;
      }
      const int written = 2 + (kept.handler_ran ? 1 : 0) + (other_producer ? 1 : 0);
      require(s.count() == accepted && s.dropped == written - accepted, "a dropped record is not told of");
      const auto in_order = [&s](int first, int second) {
        return !kept.accepted[first] || !kept.accepted[second] || s.position(first) < s.position(second);
      };
      require(in_order(1, 3), "one producer's records change their order");
      if (!kept.handler_ran) return;
      const int ended =
          what == handler::is_after_the_interrupted ? kept.began_before_handler : kept.ended_before_handler;
      require((ended < 1 || in_order(1, 2)) && (ended < 2 || in_order(3, 2)),
              "a handler's record before what its thread had written");
      const int begun = kept.began_before_handler;
      require((begun > 0 || in_order(2, 1)) && (begun > 1 || in_order(2, 3)),
              "a handler's record after what its thread wrote later");
    });
  };
}
TEST(deferred_log_model, a_handler_writes_at_any_step_of_its_threads_writes) {
  EXPECT_TRUE(proved(interrupted_producer<4>(false)));
}
TEST(deferred_log_model, two_producers_and_a_handler_on_top_of_one_and_a_consumer) {
  EXPECT_TRUE(proved(interrupted_producer<4>(true)));
}
TEST(deferred_log_model, two_producers_and_a_handler_in_a_ring_that_is_too_small) {
  EXPECT_TRUE(proved(interrupted_producer<2>(true)));
}
TEST(deferred_log_model, twin_a_handlers_record_that_is_not_written_is_missed) {
  EXPECT_TRUE(fails(interrupted_producer<4>(true, handler::does_nothing), "a record is lost"));
}
TEST(deferred_log_model, twin_a_handler_comes_before_a_record_that_has_no_place_yet) {
  EXPECT_TRUE(fails(interrupted_producer<4>(false, handler::is_after_the_interrupted),
                    "a handler's record before what its thread had written"));
}

TEST(deferred_log_model, twin_without_a_flush_the_record_stays) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = make<4>(p);
        p.thread("producer", [&s] { s.log.write(text.substr(0, 1)); });
        p.thread("consumer", [&s] { s.log.flush(); });
        p.afterwards([&s] { require(s.count() == 1, "a record is lost"); });
      },
      "a record is lost"));
}
TEST(deferred_log_model, twin_plain_memory_of_the_program_races) {
  struct shared {
    int value = 0;
  };
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<shared>("shared");
        p.thread("one", [&s] { s.value = 1; });
        p.thread("two", [&s] { s.value = 2; });
      },
      "data race on shared"));
}

}  // namespace
