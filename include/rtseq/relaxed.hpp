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

#include <type_traits>

namespace rtseq {

template <class T>
class relaxed {
  static_assert(std::is_trivially_copyable_v<T>, "rtseq::relaxed<T>: T must be trivially copyable");
  static_assert(detail::atomic<T>::is_always_lock_free,
                "rtseq::relaxed<T>: T must fit a lock-free atomic; split it, or use rtseq::seqlocked");

 public:
  using value_type = T;

  constexpr relaxed() noexcept : value_{T{}} {}
  // NOLINTNEXTLINE(google-explicit-constructor): a field converts from and to its type
  constexpr relaxed(T value) noexcept : value_{value} {}
  relaxed(const relaxed& other) noexcept : value_{other.load()} {}
  relaxed& operator=(const relaxed& other) noexcept {
    store(other.load());
    return *this;
  }

  // Wait-free; any context. The order is relaxed: the count's fences order it.
  [[nodiscard]] T load() const noexcept RTSEQ_NONBLOCKING { return value_.load(detail::data_load_order); }
  void store(T value) noexcept RTSEQ_NONBLOCKING { value_.store(value, detail::data_store_order); }

  // NOLINTNEXTLINE(google-explicit-constructor)
  operator T() const noexcept RTSEQ_NONBLOCKING { return load(); }
  T operator=(T value) noexcept RTSEQ_NONBLOCKING {
    store(value);
    return value;
  }

  // Writer only: a load, then a store.
  T operator+=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() + by); }
  T operator-=(T by) noexcept RTSEQ_NONBLOCKING { return *this = static_cast<T>(load() - by); }
  T operator++() noexcept RTSEQ_NONBLOCKING { return *this += 1; }
  T operator--() noexcept RTSEQ_NONBLOCKING { return *this -= 1; }

 private:
  detail::atomic<T> value_;
};

}  // namespace rtseq

#endif
