// A field inside protected data, spelled like a plain field.
//
// Readers of a seqcount or seqlock look at fields while a writer may be changing them; with plain fields that
// is a data race. relaxed<T> makes each access a relaxed atomic one and stays out of the way:
//
//   struct position { rtseq::relaxed<double> x, y; };
//
// Cost: that of a plain field, except that the compiler may not merge or cache accesses.
// Limits: T must fit a lock-free atomic. The arithmetic operators load and then store: they are for the
// writer alone, and no substitute for std::atomic. For bytes in bulk use per_byte_memcpy or seqlocked.
#ifndef RTSEQ_RELAXED_HPP
#define RTSEQ_RELAXED_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>

#include <bit>
#include <cstdint>
#include <type_traits>

namespace rtseq {

namespace detail {

// A class may be less aligned than an atomic of its size; an integer of that size stands for it.
template <class T>
using relaxed_storage = std::conditional_t<
    std::is_scalar_v<T>, T,
    std::conditional_t<
        sizeof(T) == 1, std::uint8_t,
        std::conditional_t<sizeof(T) == 2, std::uint16_t,
                           std::conditional_t<sizeof(T) == 4, std::uint32_t,
                                              std::conditional_t<sizeof(T) == 8, std::uint64_t, T>>>>>;

}  // namespace detail

template <class T>
class relaxed {
  using storage = detail::relaxed_storage<T>;
  static_assert(std::is_trivially_copyable_v<T>, "rtseq::relaxed<T>: T must be trivially copyable");
  // Loads and stores of one and two bytes are lock-free also where read-modify-writes of them are not (RISC-V).
  static_assert(detail::atomic<storage>::is_always_lock_free || sizeof(T) <= 2,
                "rtseq::relaxed<T>: T must fit a lock-free atomic; split it, or use rtseq::seqlocked");

 public:
  using value_type = T;

  constexpr relaxed() noexcept : relaxed{T{}} {}
  // NOLINTNEXTLINE(google-explicit-constructor): a field converts from and to its type
  constexpr relaxed(T value) noexcept : value_{std::bit_cast<storage>(value)} {}
  relaxed(const relaxed& other) noexcept : relaxed{other.load()} {}
  relaxed& operator=(const relaxed& other) noexcept {
    store(other.load());
    return *this;
  }

  // Wait-free; any context. The order is relaxed: the count's fences order it.
  [[nodiscard]] T load() const noexcept RTSEQ_NONBLOCKING {
    return std::bit_cast<T>(value_.load(detail::data_load_order));
  }
  void store(T value) noexcept RTSEQ_NONBLOCKING {
    value_.store(std::bit_cast<storage>(value), detail::data_store_order);
  }

  // NOLINTNEXTLINE(google-explicit-constructor)
  operator T() const noexcept RTSEQ_NONBLOCKING { return load(); }
  T operator=(T value) noexcept RTSEQ_NONBLOCKING {
    store(value);
    return value;
  }

  // Writer only: a load, then a store.
  T operator+=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() + by); }
  T operator-=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() - by); }
  T operator|=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() | by); }
  T operator&=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() & by); }
  T operator^=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() ^ by); }
  T operator++() noexcept RTSEQ_NONBLOCKING { return *this += 1; }
  T operator--() noexcept RTSEQ_NONBLOCKING { return *this -= 1; }
  T operator++(int) noexcept RTSEQ_NONBLOCKING {
    const T before = load();
    *this += 1;
    return before;
  }
  T operator--(int) noexcept RTSEQ_NONBLOCKING {
    const T before = load();
    *this -= 1;
    return before;
  }

 private:
  detail::atomic<storage> value_;
};

}  // namespace rtseq

#endif
