// exec with something held: the C library's entries, seen by lockdep. They stand in front of its own because a program
// that calls one finds it in this library first.
#include "lockdep_state.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>

namespace {

constexpr char how[] = "another program replaces this one";

template <class Function, class... Arguments>
int call_next(const char* name, Arguments... arguments) noexcept {
  rtseq::detail::lockdep::check_exit(how);
  if (auto* const next = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name))) return next(arguments...);
  errno = ENOSYS;
  return -1;
}

// Calls `run` with the arguments of an execl…() as an array, and its `rest`, which stands behind the null. On the
// stack: the child of a vfork() may not allocate.
template <class Run>
int with_array(const char* first, va_list& rest, Run run) noexcept {
  va_list counted;
  va_copy(counted, rest);
  std::size_t count = 1;
  for (const char* argument = first; argument != nullptr; argument = va_arg(counted, const char*)) ++count;
  va_end(counted);
  auto** const arguments = static_cast<char**>(__builtin_alloca(count * sizeof(char*)));
  std::size_t i = 0;
  for (const char* argument = first; argument != nullptr; argument = va_arg(rest, const char*)) {
    arguments[i++] = const_cast<char*>(argument);
  }
  arguments[i] = nullptr;
  return run(arguments, rest);
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
int fexecve(int descriptor, char* const* arguments, char* const* environment) noexcept {
  return call_next<decltype(fexecve)>("fexecve", descriptor, arguments, environment);
}

int execl(const char* path, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  const int result =
      with_array(first, rest, [path](char* const* arguments, va_list&) { return ::execv(path, arguments); });
  va_end(rest);
  return result;
}
int execlp(const char* file, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  const int result =
      with_array(first, rest, [file](char* const* arguments, va_list&) { return ::execvp(file, arguments); });
  va_end(rest);
  return result;
}
int execle(const char* path, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  const int result = with_array(first, rest, [path](char* const* arguments, va_list& after) {
    return ::execve(path, arguments, va_arg(after, char* const*));
  });
  va_end(rest);
  return result;
}
}
