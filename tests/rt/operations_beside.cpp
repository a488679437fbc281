#include "adder.hpp"
#include "promises.hpp"

#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/violation.hpp>
#if defined(RTSEQ_RT_RCU)
#include <rtseq/rcu.hpp>
#endif

namespace rtseq::rt {
namespace {

template <class Context>
void add_context(std::vector<operation>& list, const std::string& name, const std::string& header,
                 const promise& save, const promise& restore, const promise& ask = promises::constant,
                 const std::function<void()>& before = {}) {
  const bool asks = &ask != &promises::constant;
  adder add{list, name, header};
  const auto mask = [] { Context::restore(Context::save_and_disable()); };
  add("save_and_disable", save, irqsave<Context>(none), mask).before = before;
  add("restore", restore, irqsave<Context>(none), mask).before = before;
  add("in_interrupt", promises::constant, none, [] { (void)Context::in_interrupt(); }).before = before;
  add("interrupts_enabled", ask, asks ? calls{call::sigmask} : none, [] {
    (void)Context::interrupts_enabled();
  }).before = before;
  if constexpr (requires { typename Context::handler_scope; }) {
    const char* const scope = asks ? "signal_handler_scope" : "handler_scope";
    add(scope, promises::constant, none, [] { const typename Context::handler_scope handler; });
  }
}

void add_contexts(std::vector<operation>& list) {
  using promises::constant;
  add_context<rtseq::signal_context>(list, "signal_context", "context/signal.hpp", promises::masks,
                                     promises::masks, promises::masks);
  adder{list, "all_signals", "context/signal.hpp"}("set", constant, none,
                                                   [] { (void)rtseq::all_signals::set(); });

  const std::string deferred = "context/deferred_signal.hpp";
  add_context<rtseq::deferred_signal_context>(list, "deferred_signal_context", deferred, constant,
                                              promises::unmasks_deferred);
  adder add_deferred{list, "deferred_signal_context", deferred};
  add_deferred("register_handler", promises::sets_up, {}, not_without_the_kernel);
  add_deferred("unregister_handler", promises::sets_up, {}, not_without_the_kernel);

  static rtseq::virtual_cpu cpu;
  const auto become_its_task = [] { static const thread_local rtseq::virtual_cpu::task_scope task{cpu}; };
  const std::string of_cpus = "context/virtual_cpu.hpp";
  add_context<rtseq::virtual_cpu_context>(list, "virtual_cpu_context", of_cpus, promises::masks_cpu,
                                          promises::unmasks_cpu, constant, become_its_task);
  adder add{list, "virtual_cpu", of_cpus};
  add("interrupt", promises::interrupts, none, [] { cpu.interrupt([] {}); });
  add("preemption_point", promises::masks_cpu, none, [] { cpu.preemption_point(); }).before = become_its_task;
  add("interrupt_pending", constant, none, [] { (void)cpu.interrupt_pending(); });
  add("task_scope", constant, none, [] { const rtseq::virtual_cpu::task_scope task{cpu}; });

  add_context<rtseq::threaded_context>(list, "threaded_context", "context/threaded.hpp", constant, constant);
  add_context<rtseq::task_context>(list, "task_context", "context.hpp", constant, constant);
}

void add_log(std::vector<operation>& list) {
  static rtseq::deferred_log log{[](void*, const rtseq::log_record&) {}};
  const auto deferral = [] {
    rtseq::deferred_enter();
    rtseq::deferred_exit();
  };
  adder add{list, "deferred_log", "deferred_log.hpp"};
  add("write", promises::logs, its_id, [] { log.write("something happened"); });
  add("print", promises::prints, its_id, [] { log.print("something happened"); });
  add("flush", promises::prints, its_id, [] { log.flush(); });
  add("dropped", promises::constant, none, [] { (void)log.dropped(); });
  adder add_free{list, "", "deferred_log.hpp"};
  add_free("in_deferral", promises::constant, none, [] { (void)rtseq::in_deferral(); });
  add_free("deferred_enter", promises::constant, none, deferral);
  add_free("deferred_exit", promises::constant, none, deferral);
  adder{list, "", "log_sink.hpp"}("log_to_stderr", promises::writes_out, {}, not_without_the_kernel);
  adder{list, "", "violation.hpp"}("set_violation_handler", promises::constant, none,
                                   [] { rtseq::set_violation_handler(nullptr); });
}

#if defined(RTSEQ_RT_RCU)
template <class Flavour>
void add_flavour(std::vector<operation>& list, const std::string& flavour) {
  const auto read = [] { const rtseq::rcu_reader<Flavour> reader; };
  const auto registered = [] { static const thread_local rtseq::rcu_thread<Flavour> registration; };
  adder add{list, "rcu_domain", "rcu.hpp", flavour};
  for (const char* function : {"lock", "try_lock", "unlock"})
    add(function, promises::reads_pointers, none, read).before = registered;
}

void add_rcu(std::vector<operation>& list) {
  add_flavour<rtseq::rcu_bp>(list, "rcu_bp");
  add_flavour<rtseq::rcu_memb>(list, "rcu_memb");
  add_flavour<rtseq::rcu_mb>(list, "rcu_mb");
  add_flavour<rtseq::rcu_qsbr>(list, "rcu_qsbr");
  const auto registered = [] { static const thread_local rtseq::rcu_thread<rtseq::rcu_qsbr> registration; };
  adder add{list, "", "rcu.hpp"};
  add("rcu_quiescent_state", promises::reads_pointers, none, [] { rtseq::rcu_quiescent_state(); }).before =
      registered;
  add("rcu_offline", promises::reads_pointers, none, [] { const rtseq::rcu_offline<> offline; }).before =
      registered;
  add("rcu_default_domain", promises::constant, none, [] { (void)rtseq::rcu_default_domain(); });
  add("rcu_retire", promises::retires, {}, not_without_the_kernel);
  adder{list, "rcu_obj_base", "rcu.hpp"}("retire", promises::retires, {}, not_without_the_kernel);
  add("rcu_synchronize", promises::waits_for_readers, {}, not_without_the_kernel);
  add("rcu_barrier", promises::waits_for_readers, {}, not_without_the_kernel);
  add("rcu_thread", promises::sets_up, {}, not_without_the_kernel);

  static rtseq::rcu_pointer<const int> pointer;
  static const int value = 1;
  adder add_pointer{list, "rcu_pointer", "rcu_pointer.hpp"};
  add_pointer("load", promises::constant, none, [] { (void)pointer.load(); });
  add_pointer("store", promises::constant, none, [] { pointer.store(&value); });
  add_pointer("exchange", promises::constant, none, [] { (void)pointer.exchange(&value); });
  add_pointer("compare_exchange", promises::constant, none, [] {
    const int* expected = nullptr;
    (void)pointer.compare_exchange(expected, &value);
  });
}
#endif

}  // namespace

void add_what_is_beside(std::vector<operation>& list) {
  add_contexts(list);
  add_log(list);
#if defined(RTSEQ_RT_RCU)
  add_rcu(list);
#endif
}

}  // namespace rtseq::rt
