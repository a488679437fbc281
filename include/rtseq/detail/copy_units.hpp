// What the native copy kernels move at a time.
#ifndef RTSEQ_DETAIL_COPY_UNITS_HPP
#define RTSEQ_DETAIL_COPY_UNITS_HPP

#include <cstddef>

namespace rtseq::detail::native {

// Bytes as an operand of assembly.
template <std::size_t N>
struct [[gnu::may_alias]] operand {
  unsigned char bytes[N];
};

// N bytes in a vector register. An architecture's file has its other sizes.
template <std::size_t N>
struct vector_type;
template <>
struct vector_type<16> {
  typedef unsigned char type __attribute__((vector_size(16)));
};
template <std::size_t N>
using vector = typename vector_type<N>::type;

}  // namespace rtseq::detail::native

#endif
