#include <rtseq/context/deferred_signal.hpp>

#include <dlfcn.h>
#include <signal.h>

#include <cstdio>

static int handled = 0;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* const plugin = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    return 2;
  }
  const auto inside = reinterpret_cast<bool (*)(const int&)>(::dlsym(plugin, "runs_inside_a_section"));
  if (rtseq::deferred_signal_context::register_handler(SIGUSR1, [](int, siginfo_t*, void*) { ++handled; }) !=
      0)
    return 2;
  const bool broken = inside(handled);
  std::printf("inside the section: %d, handled: %d\n", broken, handled);
  return broken || handled != 1 ? 1 : 0;
}
