// A CPU made of threads: one is its task, the others stand in for its interrupt handlers.
//
// Gives a user-space program the kernel's own rules (a handler excludes the task it interrupts, masking holds
// handlers off, handlers of one CPU run one at a time) with plain threads: to test code meant for a
// kernel, or for handlers that a thread pool runs.
//
//   virtual_cpu cpu;
//   // task thread:                         // handler thread:
//   virtual_cpu::task_scope task(cpu);      cpu.interrupt([&] { ... });
//   seqlock.write_lock_irqsave();
//
// The gate is one word. Masking shuts it; a handler waits there while it is shut or another handler is in.
// Nothing can stop a running thread, so an interrupt that finds the gate open runs beside the task; the task
// is held where it masks, and at its preemption points, until that handler has left. What is
// touched only by handlers and in masked sections is therefore free of races.
//
// Which threads see what:            in_interrupt()   interrupts_enabled()
//   a CPU's task, or no CPU's thread      false        false in a masked section
//   inside interrupt(f)                   true         false; masking there changes nothing
//
// Cost: uncontended one read-modify-write each way. Waiting is polite: spins, then yields, then sleeps.
// Limits: nothing may sleep in a handler or a masked section; a CPU outlives its task and handlers.
#ifndef RTSEQ_CONTEXT_VIRTUAL_CPU_HPP
#define RTSEQ_CONTEXT_VIRTUAL_CPU_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/violation.hpp>

#include <cstdint>
#include <utility>

namespace rtseq {

class virtual_cpu;

namespace detail {

RTSEQ_THREAD_LOCAL(virtual_cpu*, current_virtual_cpu);  // whose task, or handler, this thread is
RTSEQ_THREAD_LOCAL(unsigned, virtual_masked_depth);     // not 0 in a handler
RTSEQ_THREAD_LOCAL(bool, in_virtual_interrupt);

}  // namespace detail

class virtual_cpu {
 public:
  constexpr virtual_cpu() noexcept = default;
  virtual_cpu(const virtual_cpu&) = delete;
  virtual_cpu& operator=(const virtual_cpu&) = delete;

  // Makes the calling thread the CPU's task. Wait-free; if its interrupts are disabled already, the gate is shut, as
  // by save_and_disable.
  // A second task, a thread with a CPU already, or an end with the gate shut is a reported error
  // (violation::context_misuse), after which abort() follows.
  class [[nodiscard]] task_scope {
   public:
    explicit task_scope(virtual_cpu& cpu) noexcept : cpu_(cpu) { cpu_.attach(); }
    ~task_scope() { cpu_.detach(); }
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

   private:
    virtual_cpu& cpu_;
  };

  // Runs `f` as this CPU's handler on the calling thread and returns what it returns. Blocking: waits for the
  // gate and for the handler before it. Handler threads, with or without a CPU of their own. From this
  // CPU's own handler or masked section it would wait for itself: reported (violation::self_deadlock).
  template <class F>
  decltype(auto) interrupt(F&& f) {
    const visit handler(*this);
    return std::forward<F>(f)();
  }

  // Wait-free. Any thread. Does a handler wait at the gate, or for the one before it?
  [[nodiscard]] bool interrupt_pending() const noexcept RTSEQ_NONBLOCKING {
    // relaxed: a moment's view, which orders nothing.
    return word_.load(std::memory_order_relaxed) >= waiting;
  }

  // Holds the calling task while a handler runs. Blocking, bounded by the one handler. Does nothing elsewhere.
  static void preemption_point() noexcept {
    virtual_cpu* const cpu = detail::current_virtual_cpu;
    if (cpu != nullptr && detail::virtual_masked_depth == 0) cpu->wait_for_running_handler();
  }

 private:
  friend struct virtual_cpu_context;

  // The word. It is only ever changed by read-modify-writes, so a release stays visible to whoever reads a
  // later value of it.
  static constexpr std::uint32_t shut = 1;     // set and cleared by the task
  static constexpr std::uint32_t running = 2;  // set and cleared by a handler
  static constexpr std::uint32_t held = 4;     // set by the task, cleared by the next handler to leave
  static constexpr std::uint32_t has_task = 8;
  static constexpr std::uint32_t waiting = 16;  // one handler at the gate; a count from here up

  // A handler's stay, and the thread's own state around it.
  class visit {
   public:
    explicit visit(virtual_cpu& cpu) noexcept
        : cpu_(cpu),
          outer_cpu_(detail::current_virtual_cpu),
          outer_depth_(detail::virtual_masked_depth),
          outer_in_interrupt_(detail::in_virtual_interrupt) {
      if (outer_cpu_ == &cpu && outer_depth_ != 0) {
        detail::fatal_violation(violation::self_deadlock,
                                "virtual_cpu: an interrupt from its own handler or masked section", &cpu);
      }
      cpu_.enter();
      detail::current_virtual_cpu = &cpu;
      detail::virtual_masked_depth = 1;
      detail::in_virtual_interrupt = true;
      RTSEQ_LOCKDEP_HOOK(handler_entered(detail::lockdep::irq::virtual_cpu, 0));
    }
    ~visit() {
      RTSEQ_LOCKDEP_HOOK(handler_left(detail::lockdep::irq::virtual_cpu));
      detail::current_virtual_cpu = outer_cpu_;
      detail::virtual_masked_depth = outer_depth_;
      detail::in_virtual_interrupt = outer_in_interrupt_;
      cpu_.leave();
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

   private:
    virtual_cpu& cpu_;
    virtual_cpu* outer_cpu_;
    unsigned outer_depth_;
    bool outer_in_interrupt_;
  };

  template <class Done>
  static void wait_until(Done done) noexcept {
    constexpr int spins = 256;
    detail::backoff backoff;
    for (int i = 0; !done(); ++i) {
      if (i < spins) {
        detail::cpu_relax();
      } else {
        backoff.pause();
      }
    }
  }

  bool try_enter(std::uint32_t leaving_queue) noexcept {
    // relaxed: a guess; the exchange orders.
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    // acquire: pairs with open's and leave's release; without it the handler could read what was there
    // before the last section or handler.
    return (word & (shut | running)) == 0 &&
           word_.compare_exchange_strong(word, (word | running) - leaving_queue, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }
  void enter() noexcept {
    if (try_enter(0)) return;
    // relaxed: only a count, which tells the task that somebody waits.
    (void)word_.fetch_add(waiting, std::memory_order_relaxed);
    wait_until([this] { return try_enter(waiting); });
  }
  void leave() noexcept {
    // release: pairs with the acquire of the next try_enter, of close, and of a held task; without it they
    // could miss what the handler did.
    (void)word_.fetch_and(~(running | held), std::memory_order_release);
  }

  // Shuts before it waits, so that not more than the one handler that is in delays the task.
  void close() noexcept {
    // acquire, here and in the loop: pairs with leave's release.
    if ((word_.fetch_or(shut, std::memory_order_acquire) & running) == 0) return;
    wait_until([this] { return (word_.load(std::memory_order_acquire) & running) == 0; });
  }
  // Handlers at the gate fire now: the task goes on when one of them has been in.
  void open() noexcept {
    // relaxed: a guess; the exchange orders.
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    std::uint32_t opened;
    do {
      opened = (word & ~shut) | (word >= waiting ? held : 0);
      // release: pairs with try_enter's acquire; without it a handler could miss the section's stores.
    } while (
        !word_.compare_exchange_weak(word, opened, std::memory_order_release, std::memory_order_relaxed));
    if ((opened & held) != 0) [[unlikely]]
      stay_held();
  }
  void wait_for_running_handler() noexcept {
    // relaxed: to see no handler means only that none holds the task; data is touched in masked sections.
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    do {
      if ((word & running) == 0) return;
      // relaxed: asks the running handler to say when it leaves; stay_held orders.
    } while (!word_.compare_exchange_weak(word, word | held, std::memory_order_relaxed,
                                          std::memory_order_relaxed));
    stay_held();
  }
  void stay_held() noexcept {
    // acquire: pairs with leave's release.
    wait_until([this] { return (word_.load(std::memory_order_acquire) & held) == 0; });
  }

  void attach() noexcept {
    if (detail::current_virtual_cpu != nullptr) {
      detail::fatal_violation(violation::context_misuse, "virtual_cpu: this thread has a CPU already", this);
    }
    // acquire: pairs with detach's release; a task sees what the one before it did.
    if ((word_.fetch_or(has_task, std::memory_order_acquire) & has_task) != 0) {
      detail::fatal_violation(violation::context_misuse, "virtual_cpu: a second task on one CPU", this);
    }
    detail::current_virtual_cpu = this;
    if (detail::virtual_masked_depth != 0) close();
  }
  void detach() noexcept {
    if (detail::virtual_masked_depth != 0 || detail::current_virtual_cpu != this) {
      detail::fatal_violation(violation::context_misuse,
                              "virtual_cpu: its task ends on another thread or with interrupts disabled",
                              this);
    }
    detail::current_virtual_cpu = nullptr;
    // release: pairs with attach's acquire.
    (void)word_.fetch_and(~has_task, std::memory_order_release);
  }

  detail::atomic<std::uint32_t> word_{0};
};

RTSEQ_TRUST_NONBLOCKING_BEGIN
struct virtual_cpu_context {
  using flags_type = unsigned;  // the depth as it was
  using lock_type = spinlock;
#if RTSEQ_LOCKDEP
  static constexpr auto lockdep_irq = detail::lockdep::irq::virtual_cpu;
#endif
  static constexpr bool irqsave_masks = true;
  static constexpr bool atomic_when_disabled = true;

  // Tasks: blocking, bounded by the one handler that runs. Handlers, and threads without a CPU: wait-free,
  // there is nothing to mask.
  static flags_type save_and_disable(RTSEQ_LOCKDEP_AT) noexcept {
    const flags_type flags = detail::virtual_masked_depth;
    detail::virtual_masked_depth = flags + 1;
    if (flags == 0) {
      if (virtual_cpu* const cpu = detail::current_virtual_cpu) cpu->close();
    }
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(irq_saved(lockdep_irq));
    return flags;
  }

  // Tasks: lock-free, unless handlers wait: then blocking, bounded by one of them. On the thread that saved.
  static void restore(flags_type flags) noexcept {
    RTSEQ_LOCKDEP_HOOK(irq_restored(lockdep_irq));
    const flags_type masked = detail::virtual_masked_depth;
    detail::virtual_masked_depth = flags;
    if (flags == 0 && masked != 0) {
      if (virtual_cpu* const cpu = detail::current_virtual_cpu) cpu->open();
    }
  }

  // Wait-free. Any context.
  static bool in_interrupt() noexcept RTSEQ_NONBLOCKING { return detail::in_virtual_interrupt; }
  static bool interrupts_enabled() noexcept RTSEQ_NONBLOCKING { return detail::virtual_masked_depth == 0; }
};
RTSEQ_TRUST_NONBLOCKING_END
static_assert(interrupt_context<virtual_cpu_context>);

}  // namespace rtseq

#endif
