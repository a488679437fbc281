// What a cell's readers may see, kept beside the protected value: between the last write that had ended before a
// read began and the last that had begun when it ended.
//
// Where writers replace the value without looking (store), versions are ordered for each lane, its writer; where
// they change it under the lock, all have lane 0 and are ordered among each other.
#ifndef TORTURE_HISTORY_HPP
#define TORTURE_HISTORY_HPP

#include "payload.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace torture {

class history {
 public:
  explicit history(bool lane_by_lane) noexcept : lane_by_lane_{lane_by_lane} {}

  bool lane_by_lane() const noexcept { return lane_by_lane_; }

  // A writer's own lane, before and after the write number `number`.
  void begins(unsigned lane, std::uint64_t number) noexcept {
    lanes_[lane].begun.store(number, std::memory_order_release);
  }
  void ended(unsigned lane, std::uint64_t number) noexcept {
    lanes_[lane].ended.store(number, std::memory_order_release);
  }
  std::uint64_t last_begun(unsigned lane) const noexcept {
    return lanes_[lane].begun.load(std::memory_order_acquire);
  }

  using numbers = std::array<std::uint64_t, lanes>;  // by the lane that a version names
  numbers all_ended() const noexcept { return collect(&marks::ended); }
  numbers all_begun() const noexcept { return collect(&marks::begun); }

 private:
  struct alignas(64) marks {
    std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> ended{0};
  };
  numbers collect(std::atomic<std::uint64_t> marks::*which) const noexcept {
    numbers result{};
    for (unsigned i = 0; i < lanes; ++i) {
      const std::uint64_t number = (lanes_[i].*which).load(std::memory_order_acquire);
      std::uint64_t& into = result[lane_by_lane_ ? i : 0];
      into = std::max(into, number);
    }
    return result;
  }

  const bool lane_by_lane_;
  std::array<marks, lanes> lanes_;
};

// One reader's memory: what it has seen, nothing may be older than.
class observer {
 public:
  // Null, or what is wrong with a value of `size` bytes read between `ended` and `begun`.
  const char* objection(reading seen, std::size_t size, const history::numbers& ended,
                        const history::numbers& begun) noexcept;
  // The same where only this reader's own past is known.
  const char* objection(reading seen, std::size_t size) noexcept;

  std::uint64_t last_number() const noexcept { return last_number_; }

 private:
  const char* advance(unsigned lane, std::uint64_t number) noexcept;

  history::numbers newest_{};
  std::uint64_t last_number_ = 0;
};

}  // namespace torture

#endif
