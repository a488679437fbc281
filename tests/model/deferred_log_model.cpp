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

TEST(deferred_log_model, a_slot_is_used_again_only_after_it_was_read) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make<2>(p);
    static bool kept;
    p.thread("producer", [&s] {
      s.log.write(text.substr(0, 1));
      s.log.write(text.substr(0, 2));
      kept = s.log.write(text.substr(0, 3));
    });
    p.thread("consumer", [&s] { s.log.flush(); });
    p.afterwards([&s] {
      s.log.flush();
      require(s.with(1) == 1 && s.with(2) == 1 && s.with(3) == (kept ? 1 : 0), "a record is lost");
      require(s.dropped == (kept ? 0 : 1), "a dropped record is not told of");
      require(s.delivered[0] == 1 && s.delivered[1] == 2, "one producer's records change their order");
    });
  }));
}

TEST(deferred_log_model, a_handler_writes_at_any_step_of_a_write) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make<4>(p);
    p.thread("producer", [&s] {
      model::interrupt([&s] { s.log.write(text.substr(0, 2)); });
      s.log.write(text.substr(0, 1));
    });
    p.thread("consumer", [&s] { s.log.flush(); });
    p.afterwards([&s] {
      s.log.flush();
      require(s.with(1) == 1 && s.with(2) <= 1, "a record is lost");
    });
  }));
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
