// Every kind of writer and reader that the real-time cases run, naive ones too.
#ifndef RTSEQ_TESTS_RT_ROLES_HPP
#define RTSEQ_TESTS_RT_ROLES_HPP

#include "preempted.hpp"

#include <string>
#include <vector>

namespace rtseq::rt {

enum class expectation {
  bounded,      // no read waits longer than what is left of the section, and a constant
  times_out,    // no read lasts longer than short_time, and a constant
  never_waits,  // no read gives up the processor
  inverts,      // a read waits for the hog
  livelocks,    // a read never comes back
};

inline constexpr std::int64_t short_time = 20'000;  // ns: shorter than most sections

struct kind {
  std::string name;
  expectation expected;
  bool in_handlers;  // may a handler on another thread read?
  bool is_value;     // the copy of one value, not fields
  pair_of_roles (*make)();
  bool hog_only = false;  // judged under "hog" alone: waits as another does that is judged under all
};

const std::vector<kind>& all_kinds();
// Where the build has examples/zonelist.
void add_zonelist_kinds(std::vector<kind>& kinds);

}  // namespace rtseq::rt

#endif
