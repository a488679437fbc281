// memcpy between fences: the usual user-space sequence lock. Fast, and a data race.
#ifndef RTSEQ_BENCH_PEERS_FENCED_MEMCPY_HPP
#define RTSEQ_BENCH_PEERS_FENCED_MEMCPY_HPP

#include <cstring>

#include "fenced.hpp"

namespace rtseq::bench {

template <class T>
class memcpy_bytes {
 public:
  void load_to(T& copy) const { std::memcpy(&copy, &value_, sizeof copy); }
  void store(const T& value) { std::memcpy(&value_, &value, sizeof value); }

 private:
  T value_{};
};

template <class T>
using fenced_memcpy = fenced<T, memcpy_bytes>;

}  // namespace rtseq::bench

#endif
