// What the system refuses to a run that cannot do without: one line, and exit status 1.
#ifndef ZONELIST_REFUSED_HPP
#define ZONELIST_REFUSED_HPP

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace zonelist {

// Nothing is destroyed: threads that were to be had may be at work on it.
[[noreturn]] inline void end_refused(const char* what, int error) {
  std::fprintf(stderr, "zonelist: %s: %s\n", what, std::strerror(error));
  std::_Exit(EXIT_FAILURE);
}

template <class Body>
std::thread start_thread(Body body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& refused) {
    end_refused("threads", refused.code().value());
  }
}

}  // namespace zonelist

#endif
