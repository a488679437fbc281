// The real-time cases: every kind of reader under every condition that it is made for, and what is promised.
#ifndef RTSEQ_TESTS_RT_CASES_HPP
#define RTSEQ_TESTS_RT_CASES_HPP

#include "preempted.hpp"
#include "roles.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rtseq::rt {

struct named_case {
  const kind* reader;
  std::string under;  // the condition's name
  conditions when;
};

// With so many preempted writes each; fewer for those that must fail.
std::vector<named_case> all_cases(unsigned writes);

// What one lock may take beyond the section that it protects, all wake-ups, switches of context and ticks of the
// timer included: ns of a machine that takes 8 for each instruction.
inline constexpr std::int64_t lock_time = 150'000;

// The longest that a reader of the case, the `number`th, may take beyond the section, ns.
std::int64_t bound(const named_case& it, std::size_t number);

// Empty, or how the promise was broken. Time is judged only where the machine is nobody else's; who ran before
// whom, everywhere.
enum class judge { order, order_and_time };
std::string broken_promise(const named_case& it, const outcome& seen, judge what);

}  // namespace rtseq::rt

#endif
