// The limit: no protection at all, and for stores a plain copy plus the two stores that no sequence lock can save.
#ifndef RTSEQ_BENCH_PEERS_PLAIN_HPP
#define RTSEQ_BENCH_PEERS_PLAIN_HPP

#include <atomic>
#include <cstddef>

namespace rtseq::bench {

template <class T>
class plain {
 public:
  T load() const { return value_; }
  void store(const T& value) { value_ = value; }

 private:
  T value_{};
};

template <class T>
class plain_counted {
 public:
  T load() const { return value_; }
  void store(const T& value) {
    const std::size_t now = count_.load(std::memory_order_relaxed);
    count_.store(now + 1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // or the compiler makes one store of the two
    value_ = value;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    count_.store(now + 2, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t> count_{0};
  T value_{};
};

}  // namespace rtseq::bench

#endif
