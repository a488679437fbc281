// The gate of a virtual CPU: a task that masks, and threads that interrupt it.
#include "model_test.hpp"

#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqlock.hpp>

namespace {

using context = rtseq::virtual_cpu_context;
using rtseq::virtual_cpu;

struct machine {
  virtual_cpu cpu;
  model::var<int> count{0};

  void add_one() { count = count + 1; }
  void masked_section() {
    const context::flags_type flags = context::save_and_disable();
    add_one();
    context::restore(flags);
  }
};
machine& make(program& p) {
  auto& s = p.make<machine>("cpu");
  p.name(s.count, "count");
  return s;
}
void add_handler(program& p, machine& s) {
  p.thread("handler", [&s] { s.cpu.interrupt([&s] { s.add_one(); }); });
}

std::function<void(program&)> task_and_handlers(int sections, int handlers, bool masks) {
  return [=](program& p) {
    auto& s = make(p);
    p.thread("task", [=, &s] {
      const virtual_cpu::task_scope task(s.cpu);
      for (int i = 0; i < sections; ++i) masks ? s.masked_section() : s.add_one();
    });
    for (int i = 0; i < handlers; ++i) add_handler(p, s);
    p.afterwards([=, &s] { require(s.count == sections + handlers, "an increment is lost"); });
  };
}
TEST(virtual_cpu_model, a_handler_and_masked_sections_exclude_each_other) {
  EXPECT_TRUE(proved(task_and_handlers(2, 1, true)));
}
TEST(virtual_cpu_model, two_handlers_and_a_masked_section_exclude_each_other) {
  EXPECT_TRUE(proved(task_and_handlers(1, 2, true)));
}
TEST(virtual_cpu_model, twin_without_masking_races) {
  EXPECT_TRUE(fails(task_and_handlers(1, 1, false), "data race on count"));
}
TEST(virtual_cpu_model, handlers_exclude_each_other_without_a_task) {
  const auto program_that = [](bool passes_the_gate) {
    return [=](program& p) {
      auto& s = make(p);
      for (int i = 0; i < 2; ++i) add_handler(p, s);
      if (passes_the_gate) {
        add_handler(p, s);
      } else {
        p.thread("handler", [&s] { s.add_one(); });
      }
      p.afterwards([&s] { require(s.count == 3, "an increment is lost"); });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "data race on count"));
}
// The handler that is number `last` at the gate leaves it only when the task has gone on. Handlers come after the
// section's begin, so that none is in there, for which the begin would wait.
std::function<void(program&)> a_task_goes_on_before_handler(int last) {
  return [=](program& p) {
    struct flags {
      rtseq::detail::atomic<bool> masked{false}, went_on{false};
    };
    auto& s = make(p);
    auto& task = p.make<flags>("task's state");
    p.thread("task", [&] {
      const virtual_cpu::task_scope scope(s.cpu);
      const context::flags_type flags = context::save_and_disable();
      task.masked.store(true, release);
      context::restore(flags);
      task.went_on.store(true, release);
    });
    for (int i = 0; i < 2; ++i) {
      p.thread("handler", [&s, &task, last] {
        model::assume(task.masked.load(acquire));
        s.cpu.interrupt([&s, &task, last] {
          s.add_one();
          if (s.count != last) return;
          rtseq::detail::backoff backoff;
          while (!task.went_on.load(acquire)) backoff.pause();
        });
      });
    }
  };
}
TEST(virtual_cpu_model, a_section_that_ends_waits_for_one_pending_handler_not_for_two) {
  EXPECT_TRUE(proved(a_task_goes_on_before_handler(2)));
}
TEST(virtual_cpu_model, twin_a_section_that_ends_waits_for_one_pending_handler) {
  EXPECT_TRUE(fails(a_task_goes_on_before_handler(1), "wait for ever"));
}
TEST(virtual_cpu_model, a_preemption_point_waits_for_the_handler_that_runs) {
  const auto program_that = [](bool handler_leaves_first) {
    return [=](program& p) {
      struct flags {
        rtseq::detail::atomic<bool> went_on{false};
      };
      auto& s = make(p);
      auto& task = p.make<flags>("task's state");
      p.thread("task", [&] {
        const virtual_cpu::task_scope scope(s.cpu);
        virtual_cpu::preemption_point();
        task.went_on.store(true, release);
        s.masked_section();
        virtual_cpu::preemption_point();
      });
      p.thread("handler", [&s, &task, handler_leaves_first] {
        s.cpu.interrupt([&] {
          s.add_one();
          rtseq::detail::backoff backoff;
          while (!handler_leaves_first && !task.went_on.load(acquire)) backoff.pause();
        });
      });
      p.afterwards([&s] { require(s.count == 2, "an increment is lost"); });
    };
  };
  EXPECT_TRUE(proved(program_that(true)));
  EXPECT_TRUE(fails(program_that(false), "wait for ever"));
}
// As local_irq_restore: what is pending fires there, and the task that goes on sees what it did.
TEST(virtual_cpu_model, a_handler_that_is_pending_has_run_when_the_section_has_ended) {
  EXPECT_TRUE(proved([](program& p) {
    auto& s = make(p);
    p.thread("task", [&s] {
      const virtual_cpu::task_scope task(s.cpu);
      const context::flags_type flags = context::save_and_disable();
      model::assume(s.cpu.interrupt_pending());
      context::restore(flags);
      require(s.count == 1, "the handler has not run");
    });
    add_handler(p, s);
  }));
}
TEST(virtual_cpu_model, a_task_sees_what_the_task_before_it_did) {
  EXPECT_TRUE(proved(
      [](program& p) {
        auto& s = make(p);
        for (int i = 0; i < 2; ++i) {
          p.thread(i == 0 ? "task" : "next task", [&s] {
            const virtual_cpu::task_scope task(s.cpu);
            s.add_one();
          });
        }
        p.afterwards([&s] { require(s.count == 2, "an increment is lost"); });
      },
      {}, model::reports::end_the_thread));
}
TEST(virtual_cpu_model, a_second_task_is_reported) {
  EXPECT_TRUE(fails(
      [](program& p) {
        auto& s = make(p);
        for (int i = 0; i < 2; ++i) p.thread("task", [&s] { const virtual_cpu::task_scope task(s.cpu); });
      },
      "a second task"));
}
// S2 where handlers are threads: the seqlock's irqsave masks, so the handler never finds the task in mid-write.
TEST(virtual_cpu_model, a_handler_reads_a_seqlock_that_its_task_writes) {
  struct shared {
    virtual_cpu cpu;
    rtseq::seqlock<context> lock;
    rtseq::relaxed<int> a{0}, b{0};
  };
  EXPECT_TRUE(proved([](program& p) {
    auto& s = p.make<shared>("cpu");
    p.thread("task", [&s] {
      const virtual_cpu::task_scope task(s.cpu);
      const auto flags = s.lock.write_lock_irqsave();
      s.a = 1, s.b = 1;
      s.lock.write_unlock_irqrestore(flags);
    });
    p.thread("handler", [&s] {
      s.cpu.interrupt([&s] {
        const auto difference = s.lock.try_read([&s] { return s.a - s.b; });
        require(difference.has_value() && *difference == 0, "a handler meets its own task in mid-write");
      });
    });
  }));
}

}  // namespace
