// The subjects: every type over a context and a lock, used in every way that its contract allows in a place.
#ifndef TORTURE_SUBJECTS_HPP
#define TORTURE_SUBJECTS_HPP

#include "area.hpp"
#include "subject.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/context/virtual_cpu.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/absl_mutex.hpp>
#include <rtseq/lock/single_writer.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>
#include <type_traits>

namespace torture {

template <class Context>
inline constexpr bool interrupts_are_signals =
    std::is_same_v<Context, rtseq::signal_context> || std::is_same_v<Context, rtseq::deferred_signal_context>;

template <class Lock>
inline constexpr bool signal_safe =
    std::is_same_v<Lock, rtseq::pi_mutex> || std::is_same_v<Lock, rtseq::spinlock>;

// What a type that knows its context and lock allows: a handler of the context's own may do what a task may, short
// of sleeping; a signal that the context knows nothing of may find its own thread anywhere, so it never waits.
template <class Context, class Lock>
constexpr allowance allowed_in(place where) {
  if (where == place::task) return allowance::sleeping;
  if (where == place::interrupt) return allowance::locking;
  if (!interrupts_are_signals<Context>) return allowance::wait_free;
  return signal_safe<Lock> ? allowance::locking : allowance::lock_free;
}

// One of the ways to read up to what is allowed here: `counts` are how many there are at each allowance.
inline unsigned draw(executor& by, allowance allowed, std::array<unsigned, 3> counts) noexcept {
  unsigned ways = counts[0];
  if (allowed >= allowance::lock_free) ways += counts[1];
  if (allowed >= allowance::locking) ways += counts[2];
  return by.random.below(ways);
}

// The lock of writers who have no seqlock, with the context's interrupts held off.
template <class Context, class Lock>
class writers_lock {
 public:
  explicit writers_lock(Lock& lock) : lock_{lock} {
    if constexpr (Context::irqsave_masks) flags_ = Context::save_and_disable();
    rtseq::lock_traits<Lock>::lock(lock_);
  }
  ~writers_lock() {
    rtseq::lock_traits<Lock>::unlock(lock_);
    if constexpr (Context::irqsave_masks) Context::restore(flags_);
  }
  writers_lock(const writers_lock&) = delete;
  writers_lock& operator=(const writers_lock&) = delete;

 private:
  Lock& lock_;
  [[maybe_unused]] typename Context::flags_type flags_{};
};

// seqcount<> beside a lock, or seqcount<Lock> over it.
template <class Context, class Lock, bool Associated>
class seqcount_subject final : public subject {
 public:
  seqcount_subject(std::size_t size, random_numbers& random) : subject{size, false}, data_{size, random} {}

  allowance allowed(place where) const override {
    const allowance allowed = allowed_in<Context, Lock>(where);
    // Such a count lends its reader's priority by taking the lock, and knows no context that it could hold off
    // meanwhile: handlers that take the lock too are not for it.
    constexpr bool readers_lock = Associated && rtseq::lock_traits<Lock>::boosts_owner;
    if (where == place::signal && readers_lock) return std::min(allowed, allowance::lock_free);
    return allowed;
  }

  bool read(executor& by) override {
    switch (draw(by, allowed(by.where), {2, 1, 0})) {
      case 0:
        if (const auto token = count_.try_read_begin()) return copy(by, *token);
        return false;
      case 1:
        return copy(by, count_.raw_read_begin());
      default:
        while (!copy(by, count_.read_begin())) ++by.repeated;
        return true;
    }
  }

  bool write(executor& by) override {
    std::uint64_t number;
    {
      const writers_lock<Context, Lock> held{lock_};
      number = make_next(by);
      if (by.random.one_in(16)) count_.write_invalidate();
      if (by.random.one_in(16)) count_.write_barrier();
      count_.write_begin();
      race_point();
      data_.store(by.buffer);
      race_point();
      count_.write_end();
    }
    wrote(by, number);
    return true;
  }

 private:
  using count_type = std::conditional_t<Associated, rtseq::seqcount<Lock>, rtseq::seqcount<>>;
  static count_type make_count([[maybe_unused]] Lock& lock) {
    if constexpr (Associated) {
      return count_type{lock};
    } else {
      return count_type{};
    }
  }
  bool copy(executor& by, rtseq::read_token token) {
    data_.load(by.buffer);
    race_point();
    return !count_.read_retry(token);
  }

  Lock lock_;
  count_type count_{make_count(lock_)};
  area data_;
};

template <class Context, class Lock>
class latch_subject final : public subject {
 public:
  latch_subject(std::size_t size, random_numbers& random)
      : subject{size, false}, copies_{{size, random}, {size, random}} {}

  allowance allowed(place where) const override { return allowed_in<Context, Lock>(where); }

  bool read(executor& by) override {
    if (by.random.one_in(4)) return attempt(by);
    while (!attempt(by)) ++by.repeated;
    return true;
  }
  bool write(executor& by) override {
    std::uint64_t number;
    {
      const writers_lock<Context, Lock> held{lock_};
      number = make_next(by);
      latch_.write_latch_begin();
      copies_[0].store(by.buffer);
      race_point();
      latch_.write_latch();
      copies_[1].store(by.buffer);
      race_point();
      latch_.write_latch_end();
    }
    wrote(by, number);
    return true;
  }

 private:
  bool attempt(executor& by) {
    const rtseq::read_token token = latch_.read_latch();
    copies_[latch_.index(token)].load(by.buffer);
    race_point();
    return !latch_.read_retry(token);
  }

  Lock lock_;
  rtseq::seqcount_latch latch_;
  area copies_[2];
};

template <class Context, class Lock>
class seqlock_subject final : public subject {
 public:
  seqlock_subject(std::size_t size, random_numbers& random) : subject{size, false}, data_{size, random} {}

  allowance allowed(place where) const override { return allowed_in<Context, Lock>(where); }

  bool read(executor& by) override {
    unsigned passes = 0;
    const auto section = [&] {
      ++passes;
      data_.load(by.buffer);
      race_point();
    };
    const auto done = [&](bool valid) {
      by.repeated += passes > 1 ? passes - 1 : 0;
      return valid;
    };
    switch (draw(by, allowed(by.where), {2, 2, 2})) {
      case 0: {
        const auto token = lock_.try_read_begin();
        if (!token) return false;
        section();
        return !lock_.read_retry(*token);
      }
      case 1:
        return done(lock_.try_read(section, 1 + by.random.below(3)));
      case 2:
        if (by.random.one_in(2)) {
          lock_.read(section);
        } else {
          lock_.read([&] { return section(), passes; });
        }
        return done(true);
      case 3: {
        rtseq::read_token token = lock_.read_begin();
        section();
        while (lock_.read_retry(token)) {
          token = lock_.read_begin();
          section();
        }
        return done(true);
      }
      case 4:
        lock_.read_or_lock(section, by.random.below(3));
        return done(true);
      default:
        if (!Context::irqsave_masks && by.random.one_in(2)) {
          const rtseq::read_excl_guard guard{lock_};
          section();
        } else {
          const rtseq::read_excl_irqsave_guard guard{lock_};
          section();
        }
        return done(true);
    }
  }

  bool write(executor& by) override {
    std::uint64_t number;
    switch (by.random.below(Context::irqsave_masks ? 2 : 3)) {
      case 0: {
        // Interrupts first is right here: a try never sleeps.
        const rtseq::irqsave_guard<Context> interrupts_off;
        if (!lock_.try_write_lock()) return false;
        number = change(by);
        lock_.write_unlock();
        break;
      }
      case 1: {
        const rtseq::write_irqsave_guard guard{lock_};
        number = change(by);
        break;
      }
      default: {
        const rtseq::write_guard guard{lock_};
        number = change(by);
      }
    }
    wrote(by, number);
    return true;
  }

  bool wait_changed(executor& by) override {
    const rtseq::read_token token = lock_.read_begin();
    data_.load(by.buffer);
    if (lock_.read_retry(token)) return true;
    race_point();
    lock_.wait_changed(token);
    if (!lock_.changed_since(token)) report_error(by, "wait_changed returned, and nothing had changed");
    return true;
  }

 private:
  std::uint64_t change(executor& by) {
    const std::uint64_t number = make_next(by);
    race_point();
    data_.store(by.buffer);
    race_point();
    return number;
  }

  rtseq::seqlock<Context, Lock> lock_;
  area data_;
};

template <class Value>
Value initial_value() noexcept {
  Value value;
  fill(value.bytes, sizeof value.bytes, 0);
  return value;
}
template <class Value>
void copy_out(const Value& value, executor& by) noexcept {
  std::memcpy(by.buffer, value.bytes, sizeof value.bytes);
}
template <class Value>
Value copy_in(const executor& by) noexcept {
  Value value;
  std::memcpy(value.bytes, by.buffer, sizeof value.bytes);
  return value;
}

// What update() hands out under the lock must be the newest value: compares it, and puts in the next.
template <class Value>
class checked_change {
 public:
  checked_change(executor& by, std::uint64_t& number) noexcept : by_{by}, number_{number} {}
  template <class MakeNext>
  void operator()(Value& value, MakeNext make_next) const {
    const reading found = inspect(value.bytes, sizeof value.bytes);
    number_ = make_next();
    constexpr std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * version_width(sizeof value.bytes));
    if (!found.whole || found.version != (make_version(number_ - 1, 0) & mask)) {
      report_error(by_, "update was not given the newest value");
    }
    value = copy_in<Value>(by_);
    race_point();
  }

 private:
  executor& by_;
  std::uint64_t& number_;
};

template <class Value, class Context, class Lock>
class seqlocked_subject final : public subject {
 public:
  explicit seqlocked_subject(bool stores) : subject{sizeof(Value), stores} {}

  allowance allowed(place where) const override { return allowed_in<Context, Lock>(where); }

  bool read(executor& by) override {
    switch (draw(by, allowed(by.where), {1, 2, 0})) {
      case 0: {
        Value value;
        if (!value_.try_load(value)) return false;
        copy_out(value, by);
        return true;
      }
      case 1:
        copy_out(value_.load(), by);
        return true;
      default:
        copy_out(value_.load_versioned().first, by);
        return true;
    }
  }
  bool write(executor& by) override {
    std::uint64_t number = 0;
    if (past().lane_by_lane()) {
      number = make_next_of_lane(by);
      value_.store(copy_in<Value>(by));
    } else {
      value_.update([&](Value& value) {
        checked_change<Value>{by, number}(value, [&] { return make_next(by); });
      });
    }
    wrote(by, number);
    return true;
  }
  bool wait_changed(executor& by) override {
    const auto [value, token] = value_.load_versioned();
    copy_out(value, by);
    race_point();
    value_.wait_changed(token);
    if (!value_.changed_since(token)) report_error(by, "wait_changed returned, and nothing had changed");
    return true;
  }

 private:
  rtseq::seqlocked<Value, Context, Lock> value_{initial_value<Value>()};
};

// seqlocked without a lock: tasks write, and hand the right to do so on by a mutex that readers know nothing of.
template <class Value, class Context>
class single_writer_subject final : public subject {
 public:
  explicit single_writer_subject(bool) : subject{sizeof(Value), false} {}

  allowance allowed(place where) const override { return allowed_in<Context, rtseq::single_writer>(where); }
  bool writes_from(place where) const override { return where == place::task; }

  bool read(executor& by) override {
    if (draw(by, allowed(by.where), {1, 1, 0}) == 0) {
      Value value;
      if (!value_.try_load(value)) return false;
      copy_out(value, by);
    } else {
      copy_out(value_.load(), by);
    }
    return true;
  }
  bool write(executor& by) override {
    std::uint64_t number = 0;
    {
      const std::lock_guard mine{right_to_write_};
      value_.update([&](Value& value) {
        checked_change<Value>{by, number}(value, [&] { return make_next(by); });
      });
    }
    wrote(by, number);
    return true;
  }

 private:
  std::mutex right_to_write_;
  rtseq::seqlocked<Value, Context, rtseq::single_writer> value_{initial_value<Value>()};
};

template <class Value, class Context, class Lock>
class latched_subject final : public subject {
 public:
  explicit latched_subject(bool stores) : subject{sizeof(Value), stores} {}

  allowance allowed(place where) const override { return allowed_in<Context, Lock>(where); }
  bool writes_from(place where) const override {
    return allowed(where) >= allowance::locking || (past().lane_by_lane() && signal_safe<Lock>);
  }

  bool read(executor& by) override {
    if (by.random.one_in(4)) {
      Value value;
      if (!value_.try_load(value)) return false;
      copy_out(value, by);
    } else {
      copy_out(value_.load(), by);
    }
    return true;
  }
  bool write(executor& by) override {
    std::uint64_t number = 0;
    if (past().lane_by_lane()) {
      number = make_next_of_lane(by);
      const Value value = copy_in<Value>(by);
      if (allowed(by.where) < allowance::locking || by.random.one_in(2)) {
        if (!value_.try_store(value)) return false;
      } else {
        value_.store(value);
      }
    } else {
      value_.update([&](Value& changing) {
        checked_change<Value>{by, number}(changing, [&] { return make_next(by); });
      });
    }
    wrote(by, number);
    return true;
  }

 private:
  rtseq::latched<Value, Context, Lock> value_{initial_value<Value>()};
};

}  // namespace torture

#endif
