// What the model programs share: is a program proved, does its twin fail?
#ifndef MODEL_MODEL_TEST_HPP
#define MODEL_MODEL_TEST_HPP

#include "provider.hpp"

#include <rtseq/violation.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace model {

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

enum class reports {
  are_findings,
  end_the_thread,  // for programs in which another thread may break a rule, and is told so
};

inline verdict explore_reporting(const std::function<void(program&)>& setup, options how,
                                 reports what = reports::are_findings) {
  const rtseq::violation_handler before = rtseq::set_violation_handler(
      what == reports::are_findings
          ? [](const rtseq::violation_report& report) noexcept { require(false, report.message); }
          : [](const rtseq::violation_report&) noexcept { assume(false); });
  verdict v = explore(setup, how);
  rtseq::set_violation_handler(before);
  return v;
}

inline testing::AssertionResult proved(const std::function<void(program&)>& setup, options how = {},
                                       reports what = reports::are_findings) {
  const verdict v = explore_reporting(setup, how, what);
  std::printf("             %llu executions, %llu in vain, %.2f s\n",
              static_cast<unsigned long long>(v.executions), static_cast<unsigned long long>(v.waiting),
              v.seconds);
  if (!v.finding.empty()) return testing::AssertionFailure() << v.finding << '\n' << v.trace;
  if (!v.finished) return testing::AssertionFailure() << "not finished in " << how.seconds << " s";
  if (v.executions == 0) return testing::AssertionFailure() << "no execution is complete: nothing is proved";
  return testing::AssertionSuccess();
}

// For proofs that are promised to be quick. Sanitizers, and a compiler that does not optimise, may take longer.
constexpr options within(double seconds) {
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr bool slowed_down = true;
#elif defined(__has_feature)
  constexpr bool slowed_down = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  constexpr bool slowed_down = false;
#endif
  return {.seconds = slowed_down ? options{}.seconds : seconds, .once = false};
}

// For vacuity twins: something is found, and `finding` is somewhere in it.
inline testing::AssertionResult fails(const std::function<void(program&)>& setup, const char* finding,
                                      options how = {}) {
  const verdict v = explore_reporting(setup, how);
  if (v.finding.empty())
    return testing::AssertionFailure() << "nothing was found in " << v.executions << " executions";
  if (v.finding.find(finding) != std::string::npos) {
    std::printf("             fails as it should, after %llu executions\n",
                static_cast<unsigned long long>(v.executions));
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "found something else: " << v.finding << '\n' << v.trace;
}

// Interrupts are handlers of model::interrupt. `Lock`: the writers' lock.
template <class Lock>
struct interruptible {
  using flags_type = bool;
  using lock_type = Lock;
  static constexpr bool irqsave_masks = true;
  static constexpr bool atomic_when_disabled = false;
  static flags_type save_and_disable() noexcept { return allow_interrupts(false); }
  static void restore(flags_type were_allowed) noexcept { allow_interrupts(were_allowed); }
  static bool in_interrupt() noexcept { return model::in_interrupt(); }
  static bool interrupts_enabled() noexcept { return interrupts_allowed(); }
};

}  // namespace model

using model::acq_rel;  // not model::relaxed: there is rtseq::relaxed
using model::acquire;
using model::fails;
using model::program;
using model::proved;
using model::release;
using model::require;
using model::seq_cst;
using model::within;

#endif
