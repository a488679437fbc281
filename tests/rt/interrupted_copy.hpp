// A store of one protected value that runs something of the test's in the middle of its copy.
//
// The value is two pages long, and before a store its second page is made read-only: the copy faults there,
// with the count odd, and the fault's handler runs what the test wants and makes the page writable again.
#ifndef RTSEQ_TESTS_RT_INTERRUPTED_COPY_HPP
#define RTSEQ_TESTS_RT_INTERRUPTED_COPY_HPP

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>

namespace rtseq::rt {

inline constexpr std::size_t page = 4096;

struct alignas(page) two_pages {
  std::array<std::uint64_t, 2 * page / sizeof(std::uint64_t)> words{};

  bool whole() const {
    return std::all_of(words.begin(), words.end(), [this](std::uint64_t w) { return w == words[0]; });
  }
};

template <class Value>
class interrupted_copy {
 public:
  interrupted_copy() {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &action, &before_);
  }
  ~interrupted_copy() { ::sigaction(SIGSEGV, &before_, nullptr); }
  interrupted_copy(const interrupted_copy&) = delete;
  interrupted_copy& operator=(const interrupted_copy&) = delete;

  void store(const std::function<void()>& in_mid_copy) {
    next_.words.fill(next_.words[0] + 1);
    current_ = this;
    in_mid_copy_ = &in_mid_copy;
    protect(PROT_READ);
    value_.store(next_);
  }
  // Not to be stored to before a store has reached its second page.
  Value& value() { return value_; }
  two_pages load() const { return value_.load(); }

 private:
  // Counts and lock lie on the object's first page; then comes the value, or the first of two.
  std::byte* second_page() noexcept { return reinterpret_cast<std::byte*>(&value_) + 2 * page; }
  void protect(int how) noexcept {
    if (::mprotect(second_page(), page, how) != 0) std::abort();
  }

  static void on_fault(int, siginfo_t* info, void*) {
    const auto* const where = static_cast<std::byte*>(info->si_addr);
    if (current_ == nullptr || where < current_->second_page() || where >= current_->second_page() + page) {
      std::abort();  // a fault of somebody else's
    }
    interrupted_copy& it = *current_;
    current_ = nullptr;
    it.protect(PROT_READ | PROT_WRITE);
    (*it.in_mid_copy_)();
  }

  static inline interrupted_copy* current_ = nullptr;
  const std::function<void()>* in_mid_copy_ = nullptr;
  struct sigaction before_ {};
  two_pages next_;
  Value value_{two_pages{}};
  static_assert(alignof(Value) == page);
};

}  // namespace rtseq::rt

#endif
