#include "model_test.hpp"

#include <rtseq/lock/pi_mutex.hpp>

#include <chrono>

namespace {

struct guarded {
  rtseq::pi_mutex lock;
  model::var<int> count{0};
};

// `lock` and `unlock` around an increment of plain data, by every thread.
template <class Lock, class Unlock>
std::function<void(program&)> increments(int threads, int times, Lock lock, Unlock unlock) {
  return [=](program& p) {
    auto& s = p.make<guarded>("s");
    p.name(s.lock, "lock"), p.name(s.count, "count");
    for (int i = 0; i < threads; ++i) {
      p.thread(i == 0   ? "first"
               : i == 1 ? "second"
                        : "third",
               [=, &s] {
                 for (int n = 0; n < times; ++n) {
                   lock(s.lock);
                   s.count = s.count + 1;
                   unlock(s.lock);
                 }
               });
    }
    p.afterwards([=, &s] { require(s.count == threads * times, "an increment is lost"); });
  };
}
const auto lock = [](rtseq::pi_mutex& it) { it.lock(); };
const auto unlock = [](rtseq::pi_mutex& it) { it.unlock(); };
const auto nothing = [](rtseq::pi_mutex&) {};

TEST(pi_mutex_model, excludes_two_threads_twice) { EXPECT_TRUE(proved(increments(2, 2, lock, unlock))); }
TEST(pi_mutex_model, excludes_three_threads) { EXPECT_TRUE(proved(increments(3, 1, lock, unlock))); }
TEST(pi_mutex_model, twin_without_the_lock_races) {
  EXPECT_TRUE(fails(increments(2, 1, nothing, nothing), "data race"));
}
TEST(pi_mutex_model, twin_without_the_unlock_waits_for_ever) {
  EXPECT_TRUE(fails(increments(2, 1, lock, nothing), "wait for ever"));
}

TEST(pi_mutex_model, try_lock_excludes) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<guarded>("s");
    for (int i = 0; i < 2; ++i) {
      p.thread("thread", [&s] {
        if (!s.lock.try_lock()) return;
        s.count = s.count + 1;
        s.lock.unlock();
      });
    }
    p.afterwards([&s] { require(s.count >= 1, "neither got the lock"); });
  }));
}

// A deadline that is over at once: who gives up has marked the word, and the owner must still unlock it.
TEST(pi_mutex_model, try_lock_until_excludes_and_gives_up) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<guarded>("s");
    for (int i = 0; i < 2; ++i) {
      p.thread("thread", [&s] {
        if (!s.lock.try_lock_until(rtseq::detail::deadline::after(std::chrono::nanoseconds{0}))) return;
        s.count = s.count + 1;
        s.lock.unlock();
      });
    }
    p.afterwards([&s] {
      require(s.count >= 1, "neither got the lock");
      require(s.lock.try_lock(), "the lock is still held");
    });
  }));
}

TEST(pi_mutex_model, relocking_by_the_owner_is_reported) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = p.make<guarded>("s");
        p.thread("thread", [&s] { s.lock.lock(), s.lock.lock(); });
        p.thread("other", [&s] { s.lock.lock(), s.lock.unlock(); });
      },
      "locked again by its owner"));
}

}  // namespace
