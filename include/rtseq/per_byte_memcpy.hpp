// memcpy for bytes that another thread may be changing: not a data race, though perhaps torn.
//
// The names and the meaning of P1478R8. One side is shared and accessed atomically, byte by byte as far as
// the language is concerned; the other side is private. Whether the bytes belong together is for the caller
// to find out, with a seqcount for instance. For a whole value use seqlocked; for a field, relaxed.
//
// Cost: what a plain copy costs with the native kernels (x86-64, AArch64), else one access a machine word; for
// acquire or release one fence (no instruction on x86).
// Limits: threads that access the same bytes name the same address and size; a part of an object that is
// also copied whole would mix access sizes on the same bytes.
// Source: P1478R8, "Byte-wise atomic memcpy".
#ifndef RTSEQ_PER_BYTE_MEMCPY_HPP
#define RTSEQ_PER_BYTE_MEMCPY_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/copy.hpp>

#include <cstddef>

namespace rtseq {

// Copies `n` bytes from the shared `source` to `dest`; returns `dest`. Wait-free; any context.
// `order` is relaxed or acquire (with acquire, a reader may check a count next); a stronger one means
// acquire.
inline void* atomic_load_per_byte_memcpy(void* dest, const void* source, std::size_t n,
                                         std::memory_order order) noexcept RTSEQ_NONBLOCKING {
  detail::load_bytes(dest, source, n);
  // acquire: the loads above come before whatever follows. Pairs with the writer's release fence.
  if (order != std::memory_order_relaxed) detail::data_fence(std::memory_order_acquire);
  return dest;
}

// Copies `n` bytes from `source` to the shared `dest`; returns `dest`. Wait-free; any context.
// `order` is relaxed or release (with release, a writer may have marked a count first); a stronger one means
// release.
inline void* atomic_store_per_byte_memcpy(void* dest, const void* source, std::size_t n,
                                          std::memory_order order) noexcept RTSEQ_NONBLOCKING {
  // release: whatever came before comes before the stores below. Pairs with the reader's acquire fence.
  if (order != std::memory_order_relaxed) detail::data_fence(std::memory_order_release);
  detail::store_bytes(dest, source, n);
  return dest;
}

}  // namespace rtseq

#endif
