// Relaxed atomic bytes between fences: P1478's reference, as its paper writes it.
#ifndef RTSEQ_BENCH_PEERS_BYTE_LOOP_HPP
#define RTSEQ_BENCH_PEERS_BYTE_LOOP_HPP

#include "relaxed_words.hpp"

namespace rtseq::bench {

template <class T>
using single_bytes = atomic_bytes<T, unsigned char>;
template <class T>
using byte_loop = fenced<T, single_bytes>;

}  // namespace rtseq::bench

#endif
