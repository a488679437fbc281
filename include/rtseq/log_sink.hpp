// What a log hands to its sink, and the sink it has by default: standard error.
#ifndef RTSEQ_LOG_SINK_HPP
#define RTSEQ_LOG_SINK_HPP

#include <rtseq/detail/annotations.hpp>

#include <errno.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rtseq {

struct log_record {
  std::uint64_t sequence;  // of its log: 0, 1, 2… (wraps with std::size_t); a drop message has the next one's
  std::uint64_t time_ns;  // CLOCK_MONOTONIC, when it was written
  std::uint32_t thread;   // kernel id of its writer; of a handler: the thread that it interrupted
  bool truncated;         // the writer's text was longer
  std::size_t dropped;    // not 0: no writer's record but the log's own "N records dropped", with this N
  std::string_view text;  // ends with the call
};

using log_sink = void (*)(void* cookie, const log_record& record);

namespace detail {

RTSEQ_TRUST_NONBLOCKING_BEGIN
inline std::uint64_t monotonic_ns() noexcept RTSEQ_NONBLOCKING {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}
RTSEQ_TRUST_NONBLOCKING_END

// Text that is composed from its end: no allocation, no locale, any context.
template <std::size_t Bytes>
class backwards_text {
 public:
  void prepend(std::string_view text) noexcept {
    while (!text.empty() && begin_ != bytes_) {
      *--begin_ = text.back();
      text.remove_suffix(1);
    }
  }
  void prepend(std::uint64_t number, int width, char pad) noexcept {
    do {
      const char digit[] = {static_cast<char>('0' + number % 10)};
      prepend({digit, 1});
      number /= 10;
      --width;
    } while (number != 0);
    for (; width > 0; --width) prepend({&pad, 1});
  }
  std::string_view text() const noexcept {
    return {begin_, static_cast<std::size_t>(bytes_ + Bytes - begin_)};
  }

 private:
  char bytes_[Bytes];
  char* begin_ = bytes_ + Bytes;
};

class drop_message {
 public:
  explicit drop_message(std::size_t count) noexcept : count_(count) {
    text_.prepend(count == 1 ? " record dropped" : " records dropped");
    text_.prepend(count, 1, ' ');
  }
  std::size_t count() const noexcept { return count_; }
  std::string_view text() const noexcept { return text_.text(); }

 private:
  std::size_t count_;
  backwards_text<40> text_;
};

}  // namespace detail

// "[  123.456789] 4711: text" and a newline, in one system call; a truncated text ends in "...". Keeps errno.
// Blocking as the descriptor is.
inline void log_to_stderr(void*, const log_record& record) noexcept {
  const std::uint64_t us = record.time_ns / 1000;
  detail::backwards_text<64> prefix;
  prefix.prepend(": ");
  prefix.prepend(record.thread, 1, ' ');
  prefix.prepend("] ");
  prefix.prepend(us % 1'000'000, 6, '0');
  prefix.prepend(".");
  prefix.prepend(us / 1'000'000, 5, ' ');
  prefix.prepend("[");
  std::string_view text = record.text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::string_view end = record.truncated ? "...\n" : "\n";
  const auto part = [](std::string_view bytes) {
    return iovec{const_cast<char*>(bytes.data()), bytes.size()};
  };
  const iovec parts[] = {part(prefix.text()), part(text), part(end)};
  const int saved = errno;
  if (::writev(STDERR_FILENO, parts, 3) < 0) errno = saved;  // nowhere to say that nothing can be said
}

}  // namespace rtseq

#endif
