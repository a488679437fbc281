// Does a value hold a pointer? As far as the language lets one see.
//
// Looks through arrays, nested aggregates and base classes without naming their fields: an aggregate holds a
// pointer in place n if it can be initialised with n arbitrary values and then one that converts to pointers
// only. Views (classes with a data() that is a pointer) count as pointers. Other classes with private fields
// (std::reference_wrapper) are not looked into, nor are references, nor what comes after the first 64 fields.
#ifndef RTSEQ_DETAIL_HOLDS_POINTER_HPP
#define RTSEQ_DETAIL_HOLDS_POINTER_HPP

#include <cstddef>
#include <type_traits>
#include <utility>

namespace rtseq::detail {

template <class T>
concept pointer_like = std::is_pointer_v<T> ||
    (std::is_class_v<T> && !std::is_aggregate_v<T> &&
     requires(T & t) { requires std::is_pointer_v<decltype(t.data())>; });

// Converts to anything that is not an aggregate, so that the fields of nested ones are initialised in turn.
template <std::size_t>
struct any_field {
  template <class T>
  requires(!std::is_aggregate_v<T>) operator T() const;
};
struct pointer_field {
  template <pointer_like T>
  operator T() const;
};

template <class T, class Places>
struct place;
template <class T, std::size_t... Before>
struct place<T, std::index_sequence<Before...>> {
  static constexpr bool is_pointer = requires { T{any_field<Before>{}..., pointer_field{}}; };
  static constexpr bool is_field = requires { T{any_field<Before>{}..., any_field<sizeof...(Before)>{}}; };
};

template <class T, std::size_t N = 0>
consteval bool aggregate_holds_pointer() {
  constexpr std::size_t furthest = 64;
  using here = place<T, std::make_index_sequence<N>>;
  if constexpr (here::is_pointer) {
    return true;
  } else if constexpr (N + 1 < furthest && here::is_field) {
    return aggregate_holds_pointer<T, N + 1>();
  } else {
    return false;
  }
}

template <class T>
consteval bool holds_pointer() {
  if constexpr (std::is_array_v<T>) {
    return holds_pointer<std::remove_all_extents_t<T>>();
  } else if constexpr (std::is_class_v<T> && std::is_aggregate_v<T>) {
    return aggregate_holds_pointer<T>();
  } else {
    return pointer_like<T>;
  }
}

}  // namespace rtseq::detail

#endif
