// A reader sleeps while a narrow count comes round to the same value.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/seqcount.hpp>

#include <cstdint>
#include <cstring>

namespace {

// As many writes as `count` steps by 2: the last bytes of a count are its number. (One by one, 2^31 take seconds.)
void write_often(rtseq::seqcount<>& count, std::uintptr_t by) {
  std::uintptr_t number = 0;
  static_assert(RTSEQ_LOCKDEP || sizeof count == sizeof number);
  void* const bytes = reinterpret_cast<char*>(&count) + sizeof count - sizeof number;
  std::memcpy(&number, bytes, sizeof number);
  number += by;
  std::memcpy(bytes, &number, sizeof number);
}

TEST_F(scenario, S13_wrap) {
  naive::basic_seqcount<std::uint8_t> narrow;
  pair_of_words data;
  const auto begun = narrow.read_begin();
  const int a = data.a;
  for (int write = 1; write <= 128; ++write) {
    narrow.write_begin();
    data.store(write + 1);
    narrow.write_end();
  }
  const pair_value read{a, data.b};
  naive_fails(
      begun && read.torn() && !narrow.read_retry(*begun),
      "an 8-bit count was the same after 128 writes: a torn value validated; 32 bits last 2^31 writes");

  const rtseq::lockdep::off one_thread_plays_both_sides;
  rtseq::seqcount<> count;
  const rtseq::read_token token = count.read_begin();
  for (int write = 0; write < 128; ++write) {
    count.write_begin();
    count.write_end();
  }
  rtseq_holds(count.read_retry(token), "it did not validate after those 128");
  static_assert(RTSEQ_LOCKDEP || sizeof(rtseq::seqcount<>) == sizeof(void*));
  if constexpr (sizeof(void*) == 8) {
    const rtseq::read_token before = count.read_begin();
    write_often(count, std::uintptr_t{1} << (sizeof(void*) * 4));
    rtseq_holds(count.read_retry(before) && count.try_read_begin().has_value(),
                "nor after 2^31 more: the count is as wide as a pointer, 64 bits here, 2^63 writes");
  }
}

}  // namespace
