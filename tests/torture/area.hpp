// Protected bytes as users of a bare count keep them: fields of relaxed<T>, or raw bytes at any address.
#ifndef TORTURE_AREA_HPP
#define TORTURE_AREA_HPP

#include "payload.hpp"
#include "race_point.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/per_byte_memcpy.hpp>
#include <rtseq/relaxed.hpp>

namespace torture {

class area {
 public:
  // Fields as wide as `size` divides into, or bytes at an odd address: drawn.
  area(std::size_t size, random_numbers& random) noexcept : size_{size} {
    unsigned widest = 0;
    while (widest < 3 && size % (std::size_t{2} << widest) == 0) ++widest;
    layout_ = random.below(2) == 0 ? as_bytes : static_cast<layout>(random.below(widest + 1));
    offset_ = layout_ == as_bytes ? random.below(17) : 0;
    order_ = random.below(2) == 0;
    std::array<std::byte, max_size> value;
    fill(value.data(), size, 0);
    store(value.data());
  }
  area(const area&) = delete;
  area& operator=(const area&) = delete;

  // Perhaps torn.
  void load(std::byte* into) const noexcept {
    switch (layout_) {
      case as_u8:
        return load_fields(storage_.u8, into);
      case as_u16:
        return load_fields(storage_.u16, into);
      case as_u32:
        return load_fields(storage_.u32, into);
      case as_u64:
        return load_fields(storage_.u64, into);
      case as_bytes:
        rtseq::atomic_load_per_byte_memcpy(into, storage_.bytes + offset_, size_,
                                           order_ ? std::memory_order_acquire : std::memory_order_relaxed);
    }
  }
  void store(const std::byte* from) noexcept {
    switch (layout_) {
      case as_u8:
        return store_fields(storage_.u8, from);
      case as_u16:
        return store_fields(storage_.u16, from);
      case as_u32:
        return store_fields(storage_.u32, from);
      case as_u64:
        return store_fields(storage_.u64, from);
      case as_bytes:
        rtseq::atomic_store_per_byte_memcpy(storage_.bytes + offset_, from, size_,
                                            order_ ? std::memory_order_release : std::memory_order_relaxed);
    }
  }

 private:
  enum layout { as_u8, as_u16, as_u32, as_u64, as_bytes };  // u8 to u64: the exponent of the width

  template <class T>
  void load_fields(const rtseq::relaxed<T>* fields, std::byte* into) const noexcept {
    for (std::size_t i = 0; i < size_ / sizeof(T); ++i) {
      const T field = fields[i];
      std::memcpy(into + i * sizeof(T), &field, sizeof(T));
    }
  }
  template <class T>
  void store_fields(rtseq::relaxed<T>* fields, const std::byte* from) noexcept {
    for (std::size_t i = 0; i < size_ / sizeof(T); ++i) {
      T field;
      std::memcpy(&field, from + i * sizeof(T), sizeof(T));
      fields[i] = field;
    }
  }

  union alignas(64) members {
    members() noexcept : bytes{} {}
    std::byte bytes[max_size + 16];
    rtseq::relaxed<std::uint8_t> u8[max_size];
    rtseq::relaxed<std::uint16_t> u16[max_size / 2];
    rtseq::relaxed<std::uint32_t> u32[max_size / 4];
    rtseq::relaxed<std::uint64_t> u64[max_size / 8];
  };

  const std::size_t size_;
  layout layout_;
  std::size_t offset_;
  bool order_;
  members storage_;
};

}  // namespace torture

#endif
