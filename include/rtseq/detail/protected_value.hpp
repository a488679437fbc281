// What seqlocked and latched keep: the bytes of one T, accessed race-free.
#ifndef RTSEQ_DETAIL_PROTECTED_VALUE_HPP
#define RTSEQ_DETAIL_PROTECTED_VALUE_HPP

#include <rtseq/detail/copy.hpp>
#include <rtseq/detail/holds_pointer.hpp>

#include <bit>
#include <cstddef>
#include <type_traits>

namespace rtseq {

// Say true for a T whose pointers stay valid for as long as anybody may hold a copy of it: to static storage,
// or reclaimed through RCU. A reader may otherwise follow a pointer that the writer has freed.
template <class T>
inline constexpr bool pointers_are_stable = false;

namespace detail {

// Room for a T that is filled in later, whether or not T has a default constructor.
template <class T>
union uninitialized {
  uninitialized() noexcept {}
  T value;
};

template <class T>
class protected_value {
  static_assert(std::is_trivially_copyable_v<T>, "rtseq: a protected T must be trivially copyable");
  static_assert(!std::is_const_v<T> && !std::is_volatile_v<T>,
                "rtseq: a protected T must not be const or volatile");
  static_assert(!std::is_array_v<T>, "rtseq: a protected T must not be an array: std::array can be returned");
  static_assert(
      pointers_are_stable<T> || !holds_pointer<T>(),
      "rtseq: a protected T must not hold pointers, whose target a writer might free while a reader "
      "follows them; publish through RCU, or specialise rtseq::pointers_are_stable<T>");

 public:
  // Constant initialisation where T has it: a static value is there before any code runs.
  constexpr protected_value() noexcept(noexcept(T())) requires std::is_default_constructible_v<T> : value_() {
  }
  constexpr explicit protected_value(const T& value) noexcept : value_(value) {}

  // Perhaps torn: the caller checks. Stays: `into` is where the value is to be, not on the way there.
  template <bool Stays = false>
  void load_to(T& into) const noexcept {
    if constexpr (Stays) {
      load_object<sizeof(T), alignment>(__builtin_addressof(into), __builtin_addressof(value_));
    } else {
      load_bytes<alignment>(__builtin_addressof(into), __builtin_addressof(value_), sizeof(T));
    }
  }
  void store(const T& from) noexcept {
    store_bytes<alignment>(__builtin_addressof(value_), __builtin_addressof(from), sizeof(T));
  }
  // `begin` opens the write section; as late as it can be.
  template <class Begin>
  [[gnu::always_inline]] void store(const T& from, Begin begin) noexcept {
    store_object<sizeof(T), alignment>(__builtin_addressof(value_), __builtin_addressof(from), begin);
  }

 private:
  static constexpr std::size_t alignment = alignof(T) > sizeof(word) ? alignof(T) : sizeof(word);
  alignas(alignment) T value_;  // once constructed, accessed by its bytes only
};

// The alignment that keeps all of a small object on one cache line: its count, its lock and its value. A larger one
// takes several lines anyway. At least `AtLeast`.
template <std::size_t AtLeast, class... Members>
constexpr std::size_t one_line() noexcept {
  static_assert(std::has_single_bit(AtLeast), "rtseq: Alignment must be a power of two");
  constexpr std::size_t line = 64;
  constexpr std::size_t size = (sizeof(Members) + ...);
  constexpr std::size_t natural = size <= line ? std::bit_ceil(size) : alignof(word);
  return natural < AtLeast ? AtLeast : natural;
}

// In registers, or without a default constructor: not filled in where it is returned.
template <class T>
concept returned_by_copy = sizeof(T) <= 2 * sizeof(word) || !std::is_nothrow_default_constructible_v<T>;

// A T from `attempt`, which fills one in and says whether it is valid; else from `contended`, which fills one in
// for certain.
template <class T, class Attempt, class Contended>
[[gnu::always_inline]] inline T valid_value(Attempt attempt, Contended contended) {
  T result;  // returned in place, without a second copy
  if (!attempt(result)) [[unlikely]]
    contended(result);
  return result;
}

// The slow path is a call from the end of the fast one, so that the fast one saves no registers.
template <class T, class Contended>
[[gnu::cold, gnu::noinline]] T contended_value(Contended contended) {
  uninitialized<T> result;
  contended(result.value);
  return result.value;
}
template <returned_by_copy T, class Attempt, class Contended>
[[gnu::always_inline]] inline T valid_value(Attempt attempt, Contended contended) {
  uninitialized<T> result;
  if (attempt(result.value)) [[likely]]
    return result.value;
  return contended_value<T>(contended);
}

}  // namespace detail
}  // namespace rtseq

#endif
