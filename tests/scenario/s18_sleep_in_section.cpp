// A writer sleeps inside a section whose readers spin.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/seqlock.hpp>

#include <atomic>
#include <fstream>
#include <semaphore>
#include <string>
#include <thread>

namespace {

// Does this process's thread sleep? ("S" in /proc's stat.)
bool sleeps(rtseq::detail::thread_id thread) {
  std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  const auto name_end = text.rfind(')');
  return name_end != std::string::npos && text.compare(name_end, 3, ") S") == 0;
}

TEST_F(scenario, S18_sleep_in_section) {
  {
    naive::seqcount count;
    std::binary_semaphore odd{0}, wake{0};
    std::thread writer([&] {
      count.write_begin();
      odd.release();
      wake.acquire();  // sleeps
      count.write_end();
    });
    odd.acquire();
    const bool gave_up = !count.read_begin();
    wake.release();
    writer.join();
    naive_fails(gave_up, "the writer slept in its section and the reader spun all the while: gave up after " +
                             std::to_string(naive::budget) + " spins");
  }
  rtseq::seqlock<> lock;
  pair_of_words data;
  std::atomic<rtseq::detail::thread_id> reader_id{0};
  bool whole = false;
  std::thread reader;
  {
    const rtseq::write_guard section{lock};
    reader = std::thread([&] {
      reader_id = rtseq::detail::this_thread_id();
      whole = lock.read([&] { return data.load(); }).is(2);
    });
    while (reader_id == 0 || !sleeps(reader_id)) std::this_thread::yield();
    data.store(2);
  }
  reader.join();
  rtseq_holds(whole, "the default lock sleeps: the reader spun 128 times at most, slept, and was woken");

  const reports collected;
  rtseq::seqlock<rtseq::virtual_cpu_context> spinning;
  rtseq::seqlock<rtseq::virtual_cpu_context, rtseq::pi_mutex> sleeping;
  {
    const rtseq::write_irqsave_guard section{spinning};
    const rtseq::write_guard inner{sleeping};
  }
  rtseq_holds(reports::count() == 1 && reports::last() == rtseq::violation::sleep_in_atomic,
              "a sleeping rtseq lock inside a section with interrupts off is reported (sleep_in_atomic)");
  LOCKDEP_FINDS(sleep_in_spinning_section, "any lock that sleeps, under one that spins", [] {
    rtseq::seqlock<rtseq::task_context, rtseq::spinlock> outer;
    rtseq::seqlock<> inner;
    const rtseq::write_guard section{outer};
    const rtseq::write_guard sleeps{inner};
  });
}

}  // namespace
