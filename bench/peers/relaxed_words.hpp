// Relaxed atomic words between fences: what the standard offers.
#ifndef RTSEQ_BENCH_PEERS_RELAXED_WORDS_HPP
#define RTSEQ_BENCH_PEERS_RELAXED_WORDS_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>

#include "fenced.hpp"

namespace rtseq::bench {

// Word is a machine word, or a byte.
template <class T, class Word>
class atomic_bytes {
 public:
  void load_to(T& copy) const {
    for (std::size_t i = 0; i < words; ++i) {
      const Word word = words_[i].load(std::memory_order_relaxed);
      std::memcpy(reinterpret_cast<std::byte*>(&copy) + i * sizeof(Word), &word, bytes_of(i));
    }
  }
  void store(const T& value) {
    for (std::size_t i = 0; i < words; ++i) {
      Word word{};
      std::memcpy(&word, reinterpret_cast<const std::byte*>(&value) + i * sizeof(Word), bytes_of(i));
      words_[i].store(word, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr std::size_t words = (sizeof(T) + sizeof(Word) - 1) / sizeof(Word);
  static constexpr std::size_t bytes_of(std::size_t word) {
    return sizeof(T) % sizeof(Word) == 0 ? sizeof(Word)
                                         : std::min(sizeof(Word), sizeof(T) - word * sizeof(Word));
  }
  std::atomic<Word> words_[words]{};
};

template <class T>
using word_bytes = atomic_bytes<T, std::size_t>;
template <class T>
using relaxed_words = fenced<T, word_bytes>;

}  // namespace rtseq::bench

#endif
