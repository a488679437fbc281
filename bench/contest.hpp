// Readers and a writer at work on one object for a while, each pinned to its processor.
#ifndef RTSEQ_BENCH_CONTEST_HPP
#define RTSEQ_BENCH_CONTEST_HPP

#include <pthread.h>
#include <sched.h>
#include <latency_histogram.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include "support.hpp"

namespace rtseq::bench {

// How often the writer stores.
struct pace {
  const char* name;
  bool writes = true;
  std::chrono::nanoseconds period{0};  // 0: as fast as it can
};
inline constexpr std::array paces{pace{"none", false, {}}, pace{"1kHz", true, std::chrono::milliseconds{1}},
                                  pace{"100kHz", true, std::chrono::microseconds{10}},
                                  pace{"flat_out", true, {}}};

// One thread's share of the result, on lines of its own.
struct alignas(128) tally {
  std::uint64_t operations = 0;
  std::chrono::duration<double> seconds{0};

  double rate() const { return seconds.count() > 0 ? static_cast<double>(operations) / seconds.count() : 0; }
};

struct contest_setup {
  unsigned readers = 1;
  pace writer;
  unsigned writer_cpu = 0;
  unsigned reader_cpu = 0;  // of the first; the others are on those after it
};

struct contest_result {
  double reads_per_second = 0;  // of all readers
  double writes_per_second = 0;
};

inline unsigned cpus() { return std::max(1U, std::thread::hardware_concurrency()); }

inline void pin_to(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % cpus(), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// Runs `step` until `stop`, and says how often and how long.
template <class Step>
void tally_steps(tally& result, const std::atomic<bool>& stop, Step step) {
  using clock = std::chrono::steady_clock;
  std::uint64_t operations = 0;
  const auto from = clock::now();
  while (!stop.load(std::memory_order_relaxed)) operations += step();
  result.seconds = clock::now() - from;
  result.operations = operations;
}

// `latencies`, if any, is told how long each load took.
template <class T, class P>
void read_until(const P& shared, zonelist::latency_histogram* latencies, tally& result,
                const std::atomic<bool>& stop) {
  using clock = std::chrono::steady_clock;
  const auto load = [&] {
    alignas(64) T copy = shared.load();
    look_at(copy);
    return 1U;
  };
  if (latencies == nullptr) return tally_steps(result, stop, load);
  tally_steps(result, stop, [&] {
    const auto from = clock::now();
    load();
    latencies->record(clock::now() - from);
    return 1U;
  });
}

template <class T, class P>
void write_until(P& shared, std::chrono::nanoseconds period, tally& result, const std::atomic<bool>& stop) {
  using clock = std::chrono::steady_clock;
  alignas(64) T next{};
  const auto store = [&] {
    ++next.words[0];
    look_at(next);
    shared.store(next);
    return 1U;
  };
  if (period.count() == 0) return tally_steps(result, stop, store);
  auto due = clock::now();
  tally_steps(result, stop,
              [&] {  // awake between two stores: a wake-up takes longer than the shortest period
                if (clock::now() < due) return 0U;
                due += period;
                return store();
              });
}

// `latencies`: of one reader.
template <class T, class P>
contest_result run_contest(P& shared, const contest_setup& setup,
                           zonelist::latency_histogram* latencies = nullptr) {
  std::vector<tally> readers(setup.readers);
  tally writer;
  std::atomic<bool> stop{false};
  std::latch ready{static_cast<std::ptrdiff_t>(setup.readers) + (setup.writer.writes ? 1 : 0)};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < setup.readers; ++i) {
      threads.emplace_back([&, i] {
        pin_to(setup.reader_cpu + i);
        [[maybe_unused]] const thread_scope_of<P> scope;
        ready.arrive_and_wait();
        read_until<T>(shared, latencies, readers[i], stop);
      });
    }
    if (setup.writer.writes) {
      threads.emplace_back([&] {
        pin_to(setup.writer_cpu);
        [[maybe_unused]] const thread_scope_of<P> scope;
        ready.arrive_and_wait();
        write_until<T>(shared, setup.writer.period, writer, stop);
      });
    }
    ready.wait();
    std::this_thread::sleep_for(slice());
    stop.store(true, std::memory_order_relaxed);
  }
  contest_result result{0, writer.rate()};
  for (const tally& reader : readers) result.reads_per_second += reader.rate();
  return result;
}

}  // namespace rtseq::bench

#endif
