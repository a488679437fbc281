// Everything that a user might take to share a value, by the names that the results have.
#ifndef RTSEQ_BENCH_CANDIDATES_HPP
#define RTSEQ_BENCH_CANDIDATES_HPP

#include <oneapi/tbb/spin_rw_mutex.h>
#include <rtseq/latched.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/seqlocked.hpp>

#include <mutex>
#include <shared_mutex>
#include <tuple>

#include "peers/absl_mutex.hpp"
#include "peers/byte_loop.hpp"
#include "peers/ck_sequence.hpp"
#include "peers/fenced_memcpy.hpp"
#include "peers/locked.hpp"
#include "peers/plain.hpp"
#include "peers/pthread_rwlock.hpp"
#include "peers/relaxed_words.hpp"
#include "peers/urcu.hpp"
#include "support.hpp"

namespace rtseq::bench {

// Readers that write nothing and may have to repeat; the plain copy is the limit.
template <class T>
auto sequences() {
  return std::tuple{
      candidate<plain<T>>{"plain"},
      candidate<seqlocked<T>>{"seqlocked"},
      candidate<seqlocked<T, task_context, single_writer>>{"seqlocked_single_writer"},
      candidate<latched<T>>{"latched"},
      candidate<fenced_memcpy<T>>{"memcpy_between_fences"},
      candidate<relaxed_words<T>>{"relaxed_words"},
      candidate<byte_loop<T>>{"byte_loop"},
      candidate<ck_sequenced<T>>{"ck_sequence"},
  };
}

// Readers that lock, and RCU.
template <class T>
auto locks_and_rcu() {
  return std::tuple{
      candidate<locked<T, std::mutex>>{"std_mutex"},
      candidate<read_locked<T, std::shared_mutex>>{"std_shared_mutex"},
      candidate<read_locked<T, pthread_rwlock>>{"pthread_rwlock"},
      candidate<locked<T, absl_mutex>>{"absl_mutex"},
      candidate<read_locked<T, absl_mutex>>{"absl_mutex_readers"},
      candidate<read_locked<T, absl_mutex_unchecked>>{"absl_mutex_readers_unchecked"},
      candidate<read_locked<T, tbb::spin_rw_mutex>>{"tbb_spin_rw_mutex"},
      candidate<urcu<T, rcu_memb>>{"urcu_memb"},
      candidate<urcu<T, rcu_qsbr>>{"urcu_qsbr"},
      candidate<urcu<T, rcu_bp>>{"urcu_bp"},
  };
}

template <class T>
auto all_candidates() {
  return std::tuple_cat(sequences<T>(), locks_and_rcu<T>());
}

}  // namespace rtseq::bench

#endif
