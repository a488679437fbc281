#include "broken.hpp"

#include "area.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <type_traits>

namespace torture {
namespace {

enum class defect {
  none,              // the control: this one must pass
  no_retry,          // a copy is taken as it comes
  no_parity,         // a section that begins while the count is odd may validate
  count_after_data,  // the writer marks the count when the data has changed already
  no_exclusion,      // two writers at once
  stale_reader,      // now and then an old copy is handed out
  wrong_copy,        // the latch's reader looks where the writer writes
  lost_wakeup,       // a sleeper nobody wakes
};

template <defect Defect>
class broken_subject final : public subject {
 public:
  broken_subject(std::size_t size, random_numbers& random)
      : subject{size, false}, data_{size, random}, other_{size, random}, old_{size, random} {}

  allowance allowed(place where) const override {
    return where == place::task ? allowance::sleeping : allowance::wait_free;
  }

  bool read(executor& by) override {
    if constexpr (Defect == defect::wrong_copy) {
      const rtseq::read_token token = latch_.read_latch();
      (latch_.index(token) == 0 ? other_ : data_).load(by.buffer);
      return !latch_.read_retry(token);
    }
    if constexpr (Defect == defect::stale_reader) {
      if (by.random.one_in(100'000)) return old_.load(by.buffer), inspect(by.buffer, size()).whole;
    }
    const std::uintptr_t count = count_.load(std::memory_order_acquire);
    if (Defect != defect::no_parity && (count & 1) != 0) return false;
    data_.load(by.buffer);
    race_point();
    rtseq::detail::data_fence(std::memory_order_acquire);
    return Defect == defect::no_retry || count_.load(std::memory_order_relaxed) == count;
  }

  bool write(executor& by) override {
    const rtseq::lockdep::off the_torture_is_to_find_it;
    std::uint64_t number;
    {
      if constexpr (Defect != defect::no_exclusion) lock_.lock();
      number = ++number_;
      past().begins(by.lane, number);
      fill(by.buffer, size(), make_version(number, 0));
      if constexpr (Defect == defect::stale_reader) {
        if (number == 100) old_.store(by.buffer);
      }
      latch_.write_latch_begin();
      if constexpr (Defect == defect::count_after_data) data_.store(by.buffer);
      mark();
      rtseq::detail::data_fence(std::memory_order_release);
      data_.store(by.buffer);
      race_point();
      mark();
      latch_.write_latch();
      other_.store(by.buffer);
      latch_.write_latch_end();
      if constexpr (Defect != defect::no_exclusion) lock_.unlock();
    }
    wrote(by, number);
    return true;
  }

  bool wait_changed(executor&) override {
    if constexpr (Defect != defect::lost_wakeup) return false;
    for (;;) sleep_ns(1'000'000);
  }

 private:
  void mark() noexcept {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // Atomic all, so that no sanitizer finds what the torture should.
  std::atomic<std::uintptr_t> count_{0};
  struct counter {
    std::atomic<std::uint64_t> n{0};
    std::uint64_t operator++() noexcept {  // two steps: where writers are not kept apart, numbers are lost
      const std::uint64_t next = n.load(std::memory_order_relaxed) + 1;
      race_point();
      n.store(next, std::memory_order_relaxed);
      return next;
    }
  } number_;
  rtseq::pi_mutex lock_;
  rtseq::seqcount_latch latch_;
  area data_;
  area other_;
  area old_;
};

template <defect Defect>
cell make_cell(const char* name) {
  const auto make = [](std::size_t size, random_numbers& random) -> std::unique_ptr<subject> {
    return std::make_unique<broken_subject<Defect>>(size, random);
  };
  return {"broken", std::string("broken/") + name, interrupts::none, make, 256};
}

}  // namespace

std::vector<cell> broken_cells() {
  std::vector<cell> cells;
  cells.push_back(make_cell<defect::none>("none"));
  cells.push_back(make_cell<defect::no_retry>("no_retry"));
  cells.push_back(make_cell<defect::no_parity>("no_parity"));
  cells.push_back(make_cell<defect::count_after_data>("count_after_data"));
  cells.push_back(make_cell<defect::no_exclusion>("no_exclusion"));
  cells.push_back(make_cell<defect::stale_reader>("stale_reader"));
  cells.push_back(make_cell<defect::wrong_copy>("wrong_copy"));
  cells.push_back(make_cell<defect::lost_wakeup>("lost_wakeup"));
  return cells;
}

}  // namespace torture
