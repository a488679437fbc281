// A moment of the monotonic clock, made from whatever time point or duration the caller has. Those who wait
// include <chrono>: it is as large as everything else that a seqlock needs.
#ifndef RTSEQ_DETAIL_DEADLINE_HPP
#define RTSEQ_DETAIL_DEADLINE_HPP

#include <time.h>

#include <cstdint>
#include <limits>
#include <type_traits>

namespace rtseq::detail {

template <class T>
concept time_point_like = requires(const T& t) {
  t.time_since_epoch();
  T::clock::is_steady;
};

class deadline {
 public:
  // A time_point of std::chrono::steady_clock, or of another steady clock, whatever its epoch.
  template <time_point_like TimePoint>
  deadline(const TimePoint& end) noexcept  // NOLINT(google-explicit-constructor): a time point is a deadline
      : deadline{from(end, TimePoint::clock::now())} {
    static_assert(TimePoint::clock::is_steady, "rtseq: a deadline is a time point of a steady clock");
  }

  // That long from now. A std::chrono::duration; what is too long to count is for ever.
  template <class Duration>
  static deadline after(const Duration& time) noexcept {
    const std::int64_t length = nanoseconds(time);
    const std::int64_t start = now();
    return deadline{length > INT64_MAX - start ? INT64_MAX : start + length};
  }

  // Wait-free.
  bool passed() const noexcept { return now() >= end_; }

  // As the kernel wants it; where its seconds have 32 bits, the end of those at the latest.
  timespec time() const noexcept {
    constexpr auto last = std::numeric_limits<time_t>::max();
    if (end_ / second > last) return {last, 0};
    return {static_cast<time_t>(end_ / second), static_cast<long>(end_ % second)};
  }

 private:
  static constexpr std::int64_t second = 1'000'000'000;

  explicit deadline(std::int64_t end) noexcept : end_{end} {}

  template <class TimePoint, class Now>
  static deadline from(const TimePoint& end, const Now& clock_now) noexcept {
    return end <= clock_now ? deadline{0} : after(end - clock_now);
  }

  // At least 0.
  template <class Duration>
  static std::int64_t nanoseconds(const Duration& d) noexcept {
    using period = typename Duration::period;
    if constexpr (std::is_integral_v<typename Duration::rep> && period::num == 1 && period::den == second) {
      return d.count() < 0 ? 0 : static_cast<std::int64_t>(d.count());
    } else {  // exact up to 104 days
      const double ns = static_cast<double>(d.count()) * (static_cast<double>(period::num) * second) /
                        static_cast<double>(period::den);
      if (!(ns > 0)) return 0;
      return ns < 9e18 ? static_cast<std::int64_t>(ns) : INT64_MAX;
    }
  }
  static std::int64_t now() noexcept {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * second + t.tv_nsec;
  }

  std::int64_t end_;
};

}  // namespace rtseq::detail

#endif
