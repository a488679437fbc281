// The end marker of a list is written in two stores; a reader comes between and walks past the end.
#include "scenario.hpp"

#include <rtseq/relaxed.hpp>

#include <cstdint>

namespace {

constexpr std::int32_t no_zone = -1;
constexpr int room = 4;    // entries; the walk below may not leave them
constexpr int usable = 1;  // zones of a higher kind are passed over; the end is of kind 0

struct alignas(8) reference {
  std::int32_t zone, kind;
};

// The entry of the first usable zone or of the end; `room`: it would have walked out of the list.
template <class Entry>
int walk(const Entry (&list)[room]) {
  for (int i = 0; i < room; ++i) {
    if (reference(list[i]).kind <= usable) return i;
  }
  return room;
}

struct in_two_stores {
  rtseq::relaxed<std::int32_t> zone, kind;
  explicit operator reference() const { return {zone, kind}; }
};
struct in_one_word {
  rtseq::relaxed<reference> word;
  explicit operator reference() const { return word; }
};

TEST_F(scenario, S21_torn_cursor) {
  // One zone of kind 3 and the end; behind it what an older, longer list has left.
  in_two_stores naive[room] = {{0, 3}, {1, 3}, {2, 3}, {3, 3}};
  naive[1].zone = no_zone;
  const int between = walk(naive);
  naive[1].kind = 0;
  naive_fails(
      between == room && walk(naive) == 1,
      "between the two stores the end was passed over: the reader walked out of the list's 4 entries");

  static_assert(sizeof(rtseq::relaxed<reference>) == 8);
  in_one_word list[room] = {{reference{0, 3}}, {reference{1, 1}}, {reference{2, 3}}, {reference{3, 3}}};
  const int before = walk(list);
  const reference old = list[before].word;
  list[1].word = reference{no_zone, 0};
  const int after = walk(list);
  const reference now = list[after].word;
  rtseq_holds(
      before == 1 && old.zone == 1 && after == 1 && now.zone == no_zone,
      "relaxed<reference> is one lock-free word: a reader meets the old entry or the end, never half; "
      "what does not fit one word does not compile");
}

}  // namespace
