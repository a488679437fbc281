// exec with something held: the C library's entries, seen by lockdep. They stand in front of its own because a program
// that calls one finds it in this library first.
#include "lockdep_state.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>

namespace {

constexpr char how[] = "another program replaces this one";

template <class Function, class... Arguments>
int call_next(const char* name, Arguments... arguments) noexcept {
  rtseq::detail::lockdep::check_exit(how);
  if (auto* const next = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name))) return next(arguments...);
  errno = ENOSYS;
  return -1;
}

}  // namespace

extern "C" {

int execve(const char* path, char* const* arguments, char* const* environment) noexcept {
  return call_next<decltype(execve)>("execve", path, arguments, environment);
}
int execv(const char* path, char* const* arguments) noexcept {
  return call_next<decltype(execv)>("execv", path, arguments);
}
int execvp(const char* file, char* const* arguments) noexcept {
  return call_next<decltype(execvp)>("execvp", file, arguments);
}
int execvpe(const char* file, char* const* arguments, char* const* environment) noexcept {
  return call_next<decltype(execvpe)>("execvpe", file, arguments, environment);
}
}
