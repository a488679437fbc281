// Points at which a thread may lose its processor. Each is a countdown; where it ends, the thread pauses, yields or
// sleeps, and a new countdown is drawn. Async-signal-safe: a handler counts down what it interrupted.
//
// Stands below the library's headers (provider.hpp includes it), so it includes none of them.
#ifndef TORTURE_RACE_POINT_HPP
#define TORTURE_RACE_POINT_HPP

#include <sched.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace torture {

// splitmix64 (Steele, Lea, Flood 2014): every seed is a good one.
class random_numbers {
 public:
  constexpr random_numbers() noexcept = default;
  constexpr explicit random_numbers(std::uint64_t seed) noexcept : state_{seed} {}
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // From 0 to `n` - 1.
  unsigned below(unsigned n) noexcept {
    return static_cast<unsigned>(((next() & 0xffff'ffffu) * std::uint64_t{n}) >> 32);
  }
  bool one_in(unsigned n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_ = 0;
};

inline void sleep_ns(long ns) noexcept {
  const timespec nap{0, ns};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
}

namespace detail {

struct race_state {
  unsigned countdown;  // 0 at first, which wraps: a thread that did not ask for it is not disturbed
  unsigned spread;     // countdowns are below 2^spread
  random_numbers random;
};
inline constinit thread_local race_state races{};

[[gnu::cold, gnu::noinline]] inline void lose_the_processor() noexcept {
  race_state& s = races;
  if (s.spread == 0) return;
  // Short countdowns are as likely as long ones: bursts that hit neighbouring accesses, then quiet.
  s.countdown = 1 + s.random.below(1u << (1 + s.random.below(s.spread)));
  const unsigned what = s.random.below(128);
  if (what < 96) {
    for (unsigned n = s.random.below(64); n != 0; --n) std::atomic_signal_fence(std::memory_order_seq_cst);
  } else if (what < 120) {
    ::sched_yield();
  } else {
    sleep_ns(static_cast<long>(1 + s.random.below(what == 127 ? 100'000 : 10'000)));
  }
}

}  // namespace detail

inline void race_point() noexcept {
  if (--detail::races.countdown == 0) [[unlikely]]
    detail::lose_the_processor();
}

// From now on this thread is disturbed, on average once in a few hundred (spread 12) to thousand (15) points.
inline void disturb_this_thread(std::uint64_t seed, unsigned spread) noexcept {
  detail::races = {1, spread, random_numbers{seed}};
}

}  // namespace torture

#endif
