// What the public headers declare, and what the comments above it say: enough C++ for these headers' own style.
#ifndef RTSEQ_TESTS_RT_HEADERS_HPP
#define RTSEQ_TESTS_RT_HEADERS_HPP

#include <functional>
#include <string>
#include <vector>

namespace rtseq::rt {

struct declaration {
  std::string name;  // a public function's, or a class's
  bool is_class;
  std::string
      comment;  // the nearest above it that `speaks`, as one line; a class's only if it stands right above
};

// Without constructors, destructors, operators, what is in namespace detail, and what is lockdep's.
std::vector<declaration> declarations_in(const std::string& path,
                                         const std::function<bool(const std::string& comment)>& speaks);

}  // namespace rtseq::rt

#endif
