// A sequence lock as textbooks have it: a count, fences, and between them Bytes, which says how the value is copied.
// One writer at a time; a reader that finds the count odd pauses and looks again, as Linux's read_seqbegin does.
#ifndef RTSEQ_BENCH_PEERS_FENCED_HPP
#define RTSEQ_BENCH_PEERS_FENCED_HPP

#include <rtseq/detail/thread.hpp>

#include <atomic>
#include <cstddef>

namespace rtseq::bench {

template <class T, template <class> class Bytes>
class fenced {
 public:
  T load() const {
    T copy;
    for (;;) {
      const std::size_t before = count_.load(std::memory_order_acquire);
      if ((before & 1) != 0) {
        rtseq::detail::cpu_relax();
        continue;
      }
      bytes_.load_to(copy);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (count_.load(std::memory_order_relaxed) == before) return copy;
    }
  }
  void store(const T& value) {
    const std::size_t before = count_.load(std::memory_order_relaxed);
    count_.store(before + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    bytes_.store(value);
    count_.store(before + 2, std::memory_order_release);
  }

 private:
  std::atomic<std::size_t> count_{0};
  Bytes<T> bytes_;
};

}  // namespace rtseq::bench

#endif
