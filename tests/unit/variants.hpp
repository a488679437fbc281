// The contexts and locks that the tests of seqlock, guards and values run over.
#ifndef RTSEQ_TESTS_UNIT_VARIANTS_HPP
#define RTSEQ_TESTS_UNIT_VARIANTS_HPP

#include <gtest/gtest.h>

#include <mutex>
#include <rtseq/context.hpp>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <type_traits>
#if defined(RTSEQ_TEST_ABSL)
#include <rtseq/lock/absl_mutex.hpp>
#endif

#include "support.hpp"

namespace rtseq::tests {

template <class Context, class Lock = typename Context::lock_type>
struct variant {
  using context = Context;
  using lock = Lock;
};

using variants =
    testing::Types<variant<task_context>, variant<task_context, spinlock>, variant<task_context, std::mutex>,
#if defined(RTSEQ_TEST_ABSL)
                   variant<task_context, absl_mutex>,
#endif
                   variant<signal_context>, variant<deferred_signal_context>, variant<threaded_context>,
                   variant<virtual_cpu_context>>;

template <class Context>
const char* why_not_look_at_the_mask() {
  return std::is_same_v<Context, signal_context> ? why_not_block_all_signals() : nullptr;
}

}  // namespace rtseq::tests

#endif
