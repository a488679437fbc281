#include "history.hpp"

namespace torture {

const char* observer::advance(unsigned lane, std::uint64_t number) noexcept {
  last_number_ = number;
  if (number < newest_[lane]) return "went back in time: older than a value that this reader has seen";
  newest_[lane] = number;
  return nullptr;
}

const char* observer::objection(reading seen, std::size_t size) noexcept {
  if (!seen.whole) return "torn: not all bytes are of one version";
  if (version_width(size) < sizeof seen.version) return nullptr;
  return advance(seen.version % lanes, seen.version >> lane_bits);
}

const char* observer::objection(reading seen, std::size_t size, const history::numbers& ended,
                                const history::numbers& begun) noexcept {
  if (!seen.whole) return "torn: not all bytes are of one version";
  const unsigned lane = seen.version % lanes;
  std::uint64_t number = seen.version >> lane_bits;
  if (const std::size_t width = version_width(size); width < sizeof seen.version) {
    // The newest number that has begun and ends in these bits; known for certain if only one in question does.
    const std::uint64_t span = std::uint64_t{1} << (8 * width - lane_bits);
    number = begun[lane] - (begun[lane] - number) % span;
    if (begun[lane] - ended[lane] >= span) return nullptr;
    if (number > begun[lane]) return "from nowhere: no write of it has begun";  // below 0
  }
  if (number < ended[lane]) return "stale: a newer write had ended before the read began";
  if (number > begun[lane]) return "from nowhere: no write of it has begun";
  return advance(lane, number);
}

}  // namespace torture
