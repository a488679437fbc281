// The real-time cases: every kind of reader under every condition that it is made for, and what is promised.
#ifndef RTSEQ_TESTS_RT_CASES_HPP
#define RTSEQ_TESTS_RT_CASES_HPP

#include "preempted.hpp"
#include "roles.hpp"

#include <cstdint>
#include <optional>
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

// The longest that a reader of the case, the `number`th, may take beyond the section, ns, where one lock may take
// `lock_time`.
std::int64_t bound(const named_case& it, std::size_t number, std::int64_t lock_time);

// What one lock may take on a machine, ns.
struct lock_times {
  std::int64_t most;
  bool but_for_one;  // the longest wait of each reader is not judged
};

// Empty, or how the promise was broken. Time is judged only where the machine is nobody else's and its `limits` known;
// who ran before whom, everywhere.
std::string broken_promise(const named_case& it, const outcome& seen, std::optional<lock_times> limits = {});

}  // namespace rtseq::rt

#endif
