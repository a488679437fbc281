// Interrupts that are threads: threaded_context and virtual_cpu_context.
#ifndef ZONELIST_INTERRUPT_THREADS_HPP
#define ZONELIST_INTERRUPT_THREADS_HPP

#include "refused.hpp"
#include "run_end.hpp"

#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

namespace zonelist {

// Fires each handler on a thread of its own, from construction to destruction: `hz` times a second, or as
// often as it can but for a nap now and then, so that two cores are enough. The constructing thread is the
// writer.
template <class Context, class Handler>
class interrupt_threads {
 public:
  interrupt_threads(const std::vector<std::unique_ptr<Handler>>& handlers, std::optional<int> hz,
                    const run_end&) {
    for (const auto& handler : handlers) {
      threads_.push_back(start_thread([this, &handler = *handler, hz] { serve(handler, hz); }));
    }
  }
  ~interrupt_threads() {
    // relaxed: the handlers' results are ordered by the join.
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }
  interrupt_threads(const interrupt_threads&) = delete;
  interrupt_threads& operator=(const interrupt_threads&) = delete;

 private:
  void serve(Handler& handler, std::optional<int> hz) {
    using clock = std::chrono::steady_clock;
    constexpr unsigned fires_between_naps = 1024;
    auto due = clock::now();
    for (unsigned fires = 1; !stop_.load(std::memory_order_relaxed); ++fires) {
      cpu_.fire(handler);
      if (hz) {
        due += std::chrono::nanoseconds(1'000'000'000 / *hz);
        std::this_thread::sleep_until(due);
      } else if (fires % fires_between_naps == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }

  // PREEMPT_RT: the thread is the handler, and locks hold it off.
  struct threaded {
    void fire(Handler& handler) {
      const rtseq::threaded_context::handler_scope in_handler;
      handler();
    }
  };
  // The handlers of the writer's CPU: they wait at its gate while it masks them, and run one at a time.
  struct virtual_cpu {
    void fire(Handler& handler) { cpu.interrupt(handler); }
    rtseq::virtual_cpu cpu;
    rtseq::virtual_cpu::task_scope writer{cpu};
  };

  std::conditional_t<std::is_same_v<Context, rtseq::virtual_cpu_context>, virtual_cpu, threaded> cpu_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace zonelist

#endif
