#include "model_test.hpp"

#include <rtseq/relaxed.hpp>

namespace {

template <class Field>
std::function<void(program&)> shared_field() {
  return [](program& p) {
    auto& field = p.make<Field>("field", 0);
    p.thread("writer", [&field] {
      field = 1;
      field = static_cast<int>(field) + 1;
    });
    p.thread("reader", [&field] {
      const int first = field;
      const int second = field;
      require(first <= second && second <= 2, "values of one field go back in time");
    });
  };
}
TEST(relaxed_model, a_field_may_be_read_while_it_is_written) {
  EXPECT_TRUE(proved(shared_field<rtseq::relaxed<int>>()));
}
TEST(relaxed_model, twin_a_plain_field_races) {
  EXPECT_TRUE(fails(shared_field<model::var<int>>(), "data race on field"));
}
TEST(relaxed_model, a_field_copies_assigns_and_counts) {
  EXPECT_TRUE(proved([](program& p) {
    auto& field = p.make<rtseq::relaxed<int>>("field", 1);
    p.thread("writer", [&field] {
      field += 2;
      ++field;
      const rtseq::relaxed<int> copy = field;
      field = copy;
      require(field == 4, "the writer's own arithmetic");
    });
    p.thread("reader", [&field] { require(field != 2, "a value that nobody wrote"); });
  }));
}
TEST(relaxed_model, twin_arithmetic_is_for_one_writer) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& field = p.make<rtseq::relaxed<int>>("field", 0);
        for (int i = 0; i < 2; ++i) p.thread("writer", [&field] { field += 1; });
        p.afterwards([&field] { require(field == 2, "an increment is lost"); });
      },
      "an increment is lost"));
}

}  // namespace
