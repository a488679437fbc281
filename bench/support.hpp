// What the benchmarks share: values of a given size, and the alternatives that a user would pick.
#ifndef RTSEQ_BENCH_SUPPORT_HPP
#define RTSEQ_BENCH_SUPPORT_HPP

#include <atomic>
#include <cstddef>
#include <cstring>
#include <mutex>

namespace rtseq::bench {

template <std::size_t Bytes>
struct value {
  unsigned char bytes[Bytes];
};

// The limit: no protection at all.
template <class T>
class plain {
 public:
  T load() const { return value_; }
  void store(const T& value) { value_ = value; }

 private:
  T value_{};
};

// The usual user-space sequence lock: memcpy between fences. Fast, and a data race.
template <class T>
class racy_seqlock {
 public:
  T load() const {
    T copy;
    for (;;) {
      const std::size_t before = count_.load(std::memory_order_acquire);
      std::memcpy(&copy, &value_, sizeof copy);
      std::atomic_thread_fence(std::memory_order_acquire);
      if ((before & 1) == 0 && count_.load(std::memory_order_relaxed) == before) return copy;
    }
  }
  void store(const T& value) {
    const std::size_t before = count_.load(std::memory_order_relaxed);
    count_.store(before + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(&value_, &value, sizeof value);
    count_.store(before + 2, std::memory_order_release);
  }

 private:
  std::atomic<std::size_t> count_{0};
  T value_{};
};

template <class T>
class locked {
 public:
  T load() const {
    const std::lock_guard guard{mutex_};
    return value_;
  }
  void store(const T& value) {
    const std::lock_guard guard{mutex_};
    value_ = value;
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace rtseq::bench

#endif
