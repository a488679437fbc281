// How the list of operations is written down.
#ifndef RTSEQ_TESTS_RT_ADDER_HPP
#define RTSEQ_TESTS_RT_ADDER_HPP

#include "operations.hpp"

#include <rtseq/context/signal.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtseq::rt {

using calls = std::vector<call>;
inline const calls none;
inline const calls its_id{call::gettid};
inline const std::function<void()> not_without_the_kernel;

// Adds what one type, or one header, has.
class adder {
 public:
  adder(std::vector<operation>& list, std::string of, std::string header, std::string when = "")
      : list_{list}, of_{std::move(of)}, header_{std::move(header)}, when_{std::move(when)} {}

  operation& operator()(const char* function, const promise& promised, const calls& asks,
                        std::function<void()> run, const std::string& when = "") {
    const char* const comma = when_.empty() || when.empty() ? "" : ", ";
    list_.push_back({of_, function, header_, &promised, when_ + comma + when, asks, std::move(run)});
    return list_.back();
  }

 private:
  std::vector<operation>& list_;
  const std::string of_, header_, when_;
};

// What `Context`'s one-step forms ask the kernel, around what the lock asks.
template <class Context>
calls irqsave(calls inner) {
  if (std::is_same_v<Context, rtseq::signal_context>) {
    inner.insert(inner.begin(), call::sigmask);
    inner.push_back(call::sigmask);
  }
  return inner;
}

// Contexts, the log and RCU.
void add_what_is_beside(std::vector<operation>& list);

}  // namespace rtseq::rt

#endif
