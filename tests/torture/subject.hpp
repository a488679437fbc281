// What is tortured: one protected value behind one type, context and lock, seen without its template parameters.
#ifndef TORTURE_SUBJECT_HPP
#define TORTURE_SUBJECT_HPP

#include "history.hpp"
#include "payload.hpp"
#include "race_point.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace torture {

// Where code runs. An `interrupt` is a handler that is a thread (threaded_context, virtual_cpu_context).
enum class place { task, interrupt, signal };

// How much a place may do; each includes those before it.
enum class allowance { wait_free, lock_free, locking, sleeping };

// A thread's task side, or the handler on top of it: what it has drawn, seen and done.
struct executor {
  place where = place::task;
  unsigned lane = lanes;  // `lanes`: may not write
  random_numbers random;
  observer seen;
  alignas(64) std::byte buffer[max_size];

  std::uint64_t reads = 0;     // valid, each checked
  std::uint64_t refused = 0;   // try forms that gave up, reads and writes
  std::uint64_t repeated = 0;  // read sections run again, where that can be seen
  std::uint64_t writes = 0;
  std::uint64_t waits = 0;  // wait_changed that returned
  std::uint64_t worst_read_ns = 0;
};

// A subject's writes go through these. `number` is the write's place in its lane, or in the cell.
class subject {
 public:
  subject(std::size_t size, bool lane_by_lane) noexcept : size_{size}, past_{lane_by_lane} {}
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;

  // One read, of a kind that `by` draws, into its buffer. False: it was a try form, and refused.
  virtual bool read(executor& by) = 0;
  // One write. False: refused.
  virtual bool write(executor& by) = 0;
  // Sleeps until the value is another than the one in `by`'s buffer. False: not offered.
  virtual bool wait_changed(executor&) { return false; }

  virtual allowance allowed(place) const = 0;
  bool may_write(const executor& by) const { return by.lane < lanes && writes_from(by.where); }
  virtual bool writes_from(place where) const { return allowed(where) >= allowance::locking; }

  std::size_t size() const noexcept { return size_; }
  history& past() noexcept { return past_; }
  const history& past() const noexcept { return past_; }

 protected:
  // Inside the lock: makes the next version in the writer's buffer. Not atomic: writers exclude each other.
  std::uint64_t make_next(executor& by) noexcept {
    const std::uint64_t number = ++number_;
    past_.begins(by.lane, number);
    fill(by.buffer, size_, make_version(number, 0));
    return number;
  }
  // Outside it: the next of the writer's own lane.
  std::uint64_t make_next_of_lane(executor& by) noexcept {
    const std::uint64_t number = by.writes + 1;
    past_.begins(by.lane, number);
    fill(by.buffer, size_, make_version(number, by.lane));
    return number;
  }
  void wrote(executor& by, std::uint64_t number) noexcept {
    past_.ended(by.lane, number);
    ++by.writes;
  }

 private:
  const std::size_t size_;
  history past_;
  std::uint64_t number_ = 0;
};

// A finding, printed at once; the run goes on. Async-signal-safe. `size` and the like are in the cell's name.
void report_error(const executor& by, const char* what) noexcept;

// Whose handlers a cell's threads have beside plain signals.
enum class interrupts { none, signals, deferred_signals, threads, virtual_cpus };

// What runs for a slice of the time.
struct cell {
  std::string type;  // a row of the table
  std::string name;  // type/context/lock/size: what --filter matches
  interrupts handlers = interrupts::none;
  std::unique_ptr<subject> (*make)(std::size_t size, random_numbers& random) = nullptr;
  std::size_t size = 0;
};

}  // namespace torture

#endif
