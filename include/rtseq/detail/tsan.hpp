// Tells ThreadSanitizer of an order that it cannot see: one made by a library that is not instrumented.
#ifndef RTSEQ_DETAIL_TSAN_HPP
#define RTSEQ_DETAIL_TSAN_HPP

#include <rtseq/detail/atomic.hpp>

#if defined(RTSEQ_TSAN) && RTSEQ_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace rtseq::detail {

// What happened before a release of `object` happens before what follows an acquire of it.
inline void tsan_release([[maybe_unused]] const void* object) noexcept {
#if defined(RTSEQ_TSAN) && RTSEQ_TSAN
  __tsan_release(const_cast<void*>(object));
#endif
}
inline void tsan_acquire([[maybe_unused]] const void* object) noexcept {
#if defined(RTSEQ_TSAN) && RTSEQ_TSAN
  __tsan_acquire(const_cast<void*>(object));
#endif
}

}  // namespace rtseq::detail

#endif
