// What a first attempt at a sequence lock looks like. Its accesses are sequentially consistent and its data
// relaxed atomics, so that nothing here is a data race and no barrier is missing (that is S10): what fails is the
// logic. Waits are bounded, so that a livelock is something to report.
#ifndef SCENARIO_NAIVE_HPP
#define SCENARIO_NAIVE_HPP

#include <rtseq/relaxed.hpp>

#include <atomic>
#include <optional>

namespace naive {

inline constexpr int budget = 10'000;  // spins after which somebody who waits gives up

template <class Count = unsigned>
class basic_seqcount {
 public:
  // Nothing: the count was odd for all of the budget. The real thing would spin on.
  std::optional<Count> read_begin(int spins = budget) const {
    for (; spins > 0; --spins) {
      if (const Count now = count_; (now & 1) == 0) return now;
    }
    return std::nullopt;
  }
  bool read_retry(Count begun) const { return count_ != begun; }

  void write_begin() { step(); }
  void write_end() { step(); }

  // The two halves of write_begin and of write_end, for those who interleave them.
  Count load() const { return count_; }
  void store(Count now) { count_ = now; }

 private:
  void step() { count_ = static_cast<Count>(count_ + 1); }
  std::atomic<Count> count_{0};
};
using seqcount = basic_seqcount<>;

// Somebody's lock, with an owner who may be stuck.
class spinlock {
 public:
  bool lock(int spins = budget) {
    for (; spins > 0; --spins) {
      if (!locked_.exchange(true)) return true;
    }
    return false;
  }
  void unlock() { locked_ = false; }

 private:
  std::atomic<bool> locked_{false};
};

}  // namespace naive

// Two words that belong together: torn if they differ.
struct pair_value {
  int a, b;
  bool torn() const { return a != b; }
  bool is(int n) const { return a == n && b == n; }
};
struct pair_of_words {
  rtseq::relaxed<int> a{1}, b{1};
  void store(int n) { a = n, b = n; }
  pair_value load() const { return {a, b}; }
};

#endif
