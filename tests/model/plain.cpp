// Plain accesses of the headers themselves, for programs that are compiled with -fsanitize=thread: the compiler
// calls these functions before each one, and they take ThreadSanitizer's place. Only the program's shared
// objects matter; what lies elsewhere is a thread's own.
#include "checker.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

void access(void* address, std::size_t size, bool writes) {
  // By naturally aligned units, so that accesses of the same field meet.
  auto* at = static_cast<std::byte*>(address);
  while (size != 0) {
    std::size_t unit = 8;
    while (unit > size || reinterpret_cast<std::uintptr_t>(at) % unit != 0) unit /= 2;
    model::detail::plain_access(at, unit, writes);
    at += unit;
    size -= unit;
  }
}

}  // namespace

#pragma GCC diagnostic ignored "-Wmissing-declarations"
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define MODEL_PLAIN(size)                                                                     \
  void __tsan_read##size(void* at) { access(at, size, false); }                               \
  void __tsan_write##size(void* at) { access(at, size, true); }                               \
  void __tsan_unaligned_read##size(void* at) { access(at, size, false); }                     \
  void __tsan_unaligned_write##size(void* at) { access(at, size, true); }                     \
  void __tsan_read_write##size(void* at) { access(at, size, false), access(at, size, true); } \
  void __tsan_unaligned_read_write##size(void* at) { access(at, size, false), access(at, size, true); }
MODEL_PLAIN(1)
MODEL_PLAIN(2)
MODEL_PLAIN(4)
MODEL_PLAIN(8)
MODEL_PLAIN(16)

void __tsan_read_range(void* at, unsigned long size) { access(at, size, false); }
void __tsan_write_range(void* at, unsigned long size) { access(at, size, true); }
void* __tsan_memcpy(void* to, const void* from, unsigned long size) { return std::memcpy(to, from, size); }
void* __tsan_memset(void* to, int value, unsigned long size) { return std::memset(to, value, size); }

// Real atomics are no part of the program: the tests' own, and the violation handler.
#define MODEL_REAL(bits)                                                                               \
  std::uint##bits##_t __tsan_atomic##bits##_load(const volatile std::uint##bits##_t* at, int) {        \
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                      \
  }                                                                                                    \
  void __tsan_atomic##bits##_store(volatile std::uint##bits##_t* at, std::uint##bits##_t value, int) { \
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                                     \
  }                                                                                                    \
  std::uint##bits##_t __tsan_atomic##bits##_exchange(volatile std::uint##bits##_t* at,                 \
                                                     std::uint##bits##_t value, int) {                 \
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                           \
  }                                                                                                    \
  std::uint##bits##_t __tsan_atomic##bits##_fetch_add(volatile std::uint##bits##_t* at,                \
                                                      std::uint##bits##_t value, int) {                \
    return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);                                            \
  }
MODEL_REAL(8)
MODEL_REAL(32)
MODEL_REAL(64)
}
