// Copies between protected bytes and private ones, race-free: which kernels a program gets.
//
// On x86-64 and AArch64 the kernels of copy_native.hpp, as fast as a plain copy. Everywhere else, without vector
// registers (-mgeneral-regs-only, kernels), under sanitizers, under a model checker, and where a program defines
// RTSEQ_PORTABLE_COPY, those of copy_portable.hpp. A whole program uses the same ones, and one -m for all units that
// share values: an inline function that is compiled with AVX-512 may be the one that the linker keeps for all.
#ifndef RTSEQ_DETAIL_COPY_HPP
#define RTSEQ_DETAIL_COPY_HPP

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RTSEQ_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define RTSEQ_SANITIZED 1
#endif
#endif

#if ((defined(__x86_64__) && defined(__SSE2__)) || (defined(__aarch64__) && defined(__ARM_NEON))) && \
    !defined(RTSEQ_SANITIZED) && !defined(RTSEQ_ATOMIC_PROVIDER) && !defined(RTSEQ_PORTABLE_COPY)
#include <rtseq/detail/copy_native.hpp>
#define RTSEQ_COPY_KERNELS native
#else
#include <rtseq/detail/copy_portable.hpp>
#define RTSEQ_COPY_KERNELS portable
#endif

#include <cstddef>
#include <cstdint>

namespace rtseq::detail {

using word = std::uintptr_t;

// From `n` shared bytes at `source` to private ones at `dest`. `Alignment`, a power of two, is what the
// caller knows of the shared side's address. Straight-line code where `n` is a small constant.
template <std::size_t Alignment = 1>
[[gnu::always_inline]] inline void load_bytes(void* dest, const void* source, std::size_t n) noexcept {
  RTSEQ_COPY_KERNELS::load_bytes<Alignment>(dest, source, n);
}

// From `n` private bytes at `source` to shared ones at `dest`.
template <std::size_t Alignment = 1>
[[gnu::always_inline]] inline void store_bytes(void* dest, const void* source, std::size_t n) noexcept {
  RTSEQ_COPY_KERNELS::store_bytes<Alignment>(dest, source, n);
}

// A load of N bytes that stay in memory for a while: by moves wider than the registers in which a compiler could keep them
// (decision 0015). What is looked at at once comes sooner by load_bytes.
template <std::size_t N, std::size_t Alignment>
[[gnu::always_inline]] inline void load_object(void* dest, const void* source) noexcept {
  RTSEQ_COPY_KERNELS::load_object<N, Alignment>(dest, source);
}

// A store of N bytes. Calls `begin` before the first shared byte is written, and where registers hold all of them after
// the last private one is read: a write section that begins there is no longer than its stores, though the private bytes
// may have to be waited for.
template <std::size_t N, std::size_t Alignment, class Begin>
[[gnu::always_inline]] inline void store_object(void* dest, const void* source, Begin begin) noexcept {
  RTSEQ_COPY_KERNELS::store_object<N, Alignment>(dest, source, begin);
}

}  // namespace rtseq::detail

#undef RTSEQ_COPY_KERNELS
#undef RTSEQ_SANITIZED

#endif
