// Concurrency Kit's ck_sequence: memcpy between its begin and its retry. One writer at a time.
#ifndef RTSEQ_BENCH_PEERS_CK_SEQUENCE_HPP
#define RTSEQ_BENCH_PEERS_CK_SEQUENCE_HPP

#include <ck_sequence.h>

#include <cstring>

namespace rtseq::bench {

template <class T>
class ck_sequenced {
 public:
  T load() const {
    T copy;
    unsigned version;
    do {
      version = ck_sequence_read_begin(&sequence_);
      std::memcpy(&copy, &value_, sizeof copy);
    } while (ck_sequence_read_retry(&sequence_, version));
    return copy;
  }
  void store(const T& value) {
    ck_sequence_write_begin(&sequence_);
    std::memcpy(&value_, &value, sizeof value);
    ck_sequence_write_end(&sequence_);
  }

 private:
  ck_sequence_t sequence_{};
  T value_{};
};

}  // namespace rtseq::bench

#endif
