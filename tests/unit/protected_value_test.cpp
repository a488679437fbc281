#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <rtseq/detail/holds_pointer.hpp>
#include <rtseq/detail/protected_value.hpp>
#include <span>
#include <string_view>

namespace {

using rtseq::detail::holds_pointer;

struct point {
  double x, y, z;
};
struct nested {
  int id;
  point corners[3];
  char name[20];
};
struct mixed {
  bool flag;
  enum class kind { a } k;
  float matrix[3][3];
  std::optional<int> perhaps;
};
struct with_constructor {
  explicit with_constructor(int n) : value{n} {}
  int value;
};
struct bit_fields {
  unsigned a : 3;
  unsigned b : 5;
};
struct large {
  char bytes[4096];
};

TEST(protected_value, values_without_pointers_are_let_in) {
  static_assert(!holds_pointer<int>());
  static_assert(!holds_pointer<point>());
  static_assert(!holds_pointer<nested>());
  static_assert(!holds_pointer<mixed>());
  static_assert(!holds_pointer<with_constructor>());
  static_assert(!holds_pointer<bit_fields>());
  static_assert(!holds_pointer<large>());
  static_assert(!holds_pointer<std::array<long, 8>>());
  static_assert(!holds_pointer<std::optional<double>>());
}

struct node {
  int key;
  node* next;
};
struct buried {
  int a;
  struct {
    point p;
    struct {
      const char* name;
    } deeper;
  } inner;
};
struct callback {
  int id;
  void (*call)(int);
};
struct behind_an_array {
  char tag[10];
  void* handle;
};
struct derived : node {
  int extra;
};
struct view_inside {
  int length;
  std::string_view text;
};

TEST(protected_value, pointers_are_found_wherever_the_language_lets_one_see) {
  static_assert(holds_pointer<int*>());
  static_assert(holds_pointer<void (*)()>());
  static_assert(holds_pointer<node>());
  static_assert(holds_pointer<buried>());
  static_assert(holds_pointer<callback>());
  static_assert(holds_pointer<behind_an_array>());
  static_assert(holds_pointer<derived>());
  static_assert(holds_pointer<node[2]>());
  static_assert(holds_pointer<std::array<int*, 4>>());
  static_assert(holds_pointer<std::string_view>());
  static_assert(holds_pointer<std::span<int>>());
  static_assert(holds_pointer<view_inside>());
}

}  // namespace

// The opt-in: these pointers are to static storage.
template <>
inline constexpr bool rtseq::pointers_are_stable<node> = true;

namespace {

TEST(protected_value, stable_pointers_may_be_protected) {
  rtseq::detail::protected_value<node> value{node{1, nullptr}};
  node copy{0, nullptr};
  value.store(node{2, &copy});
  value.load_to(copy);
  EXPECT_EQ(copy.key, 2);
  EXPECT_EQ(copy.next, &copy);
}

}  // namespace
