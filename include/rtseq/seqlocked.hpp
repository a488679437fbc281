// One value, any number of readers and writers.
//
//   rtseq::seqlocked<pose> current;
//   current.store(p);               // any thread; handlers too, with a context that masks them
//   pose p = current.load();        // any thread, any handler
//
// For values that are read more often than written and copied whole: clocks, poses, prices, configuration.
// For a reader that may never wait, however briefly, use latched.
//
// Cost: load copies the value and reads the count twice; store copies it between an uncontended lock and
// unlock. Size: sizeof(T) and 16 bytes, rounded up to a power of two if that is at most 64: a small one lies on one
// cache line. What other threads write beside it costs its readers; the argument Alignment keeps that away:
// seqlocked<pose, task_context, pi_mutex, 64> has its cache lines to itself, in an array too.
// Limits: T is trivially copyable and holds no pointers (see pointers_are_stable). load_versioned, update and the tries put
// a copy on the stack, which may be a handler's small one. One -m for all units of a program (detail/copy.hpp).
#ifndef RTSEQ_SEQLOCKED_HPP
#define RTSEQ_SEQLOCKED_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/deadline.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/protected_value.hpp>
#include <rtseq/detail/sequence.hpp>
#include <rtseq/detail/writer_side.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace rtseq {

// Alignment: in bytes, a power of two; at least what the value and its size ask for.
template <class T, interrupt_context Context = task_context, class Lock = typename Context::lock_type,
          std::size_t Alignment = 1>
class seqlocked {
  using writer_side = detail::writer_side<Context, Lock>;

 public:
  using value_type = T;

#if RTSEQ_LOCKDEP
  constexpr seqlocked(RTSEQ_LOCKDEP_NAME) noexcept(noexcept(T())) requires std::is_default_constructible_v<T>
      : count_{lockdep_name, "seqlocked", writer_side::lockdep_count}, writers_{lockdep_name, "seqlocked"} {}
  constexpr explicit seqlocked(const T& initial, RTSEQ_LOCKDEP_NAME) noexcept
      : value_{initial},
        count_{lockdep_name, "seqlocked", writer_side::lockdep_count},
        writers_{lockdep_name, "seqlocked"} {}
  detail::lockdep::map& lockdep_map() const noexcept { return writers_.lockdep_map(); }
  detail::lockdep::map& lockdep_count_map() const noexcept { return count_.lockdep_map(); }
#else
  constexpr seqlocked() noexcept(noexcept(T())) requires std::is_default_constructible_v<T>
  = default;
  constexpr seqlocked(lockdep::name) noexcept(noexcept(T())) requires std::is_default_constructible_v<T> {}
  constexpr explicit seqlocked(const T& initial) noexcept : value_{initial} {}
  constexpr seqlocked(const T& initial, lockdep::name) noexcept : value_{initial} {}
#endif
  seqlocked(const seqlocked&) = delete;
  seqlocked& operator=(const seqlocked&) = delete;

  // The value as one store left it. Lock-free while nobody writes; waits for a writer in mid-write as
  // seqlock::read_begin does. Any context.
  [[nodiscard]] T load(RTSEQ_LOCKDEP_AT) const {
    RTSEQ_LOCKDEP_HERE;
    RTSEQ_LOCKDEP_HOOK(waits_for_even(count_.lockdep_map(), &writers_.lockdep_map()));
    return detail::valid_value<T>([this](T& into) { return attempt<!detail::returned_by_copy<T>>(into); },
                                  [this](T& into) { load_waiting(into); });
  }

  // Fills `into` and returns true, or returns false if a write came between; `into` is then unchanged.
  // Wait-free; any context.
  [[nodiscard]] bool try_load(T& into) const noexcept RTSEQ_NONBLOCKING {
    detail::uninitialized<T> copy;
    if (!attempt(copy.value)) return false;
    into = copy.value;
    return true;
  }

  // The same until a deadline, waiting as load does: a duration, or a time_point of steady_clock. At least
  // one try. Blocking, bounded by the deadline; 50 us more if the lock does not boost its owner.
  template <class Duration>
  [[nodiscard]] bool try_load_for(T& into, const Duration& time) const {
    return try_load_until(into, detail::deadline::after(time));
  }
  [[nodiscard]] bool try_load_until(T& into, const detail::deadline& end) const {
    do {
      if (try_load(into)) return true;
      const std::optional<read_token> even = writers_.begin_until(count_, end);
      if (!even) return false;
      detail::uninitialized<T> copy;
      value_.load_to(copy.value);
      if (!count_.retry(*even)) {
        into = copy.value;
        return true;
      }
    } while (!end.passed());
    return false;
  }

  // Replaces the value. Blocking: writers take turns; with single_writer wait-free. Any context, if it masks the
  // handlers that store.
  void store(const T& value RTSEQ_LOCKDEP_AND_AT) {
    RTSEQ_LOCKDEP_HERE;
    const detail::exclusive_section held{writers_};
    publish(value);
  }

  // Calls `change` with a reference to a copy of the value and stores the copy: no store comes between. If
  // `change` throws, nothing is stored. Blocking; wait-free but for `change` with single_writer. `change` runs with the
  // lock held and interrupts off, but readers pass it by and wait only for the copy back.
  template <class F>
  void update(F&& change RTSEQ_LOCKDEP_AND_AT) {
    RTSEQ_LOCKDEP_HERE;
    const detail::exclusive_section held{writers_};
    detail::uninitialized<T> copy;
    value_.load_to(copy.value);
    {
      RTSEQ_LOCKDEP_CALLBACK;
      std::forward<F>(change)(copy.value);
    }
    publish(copy.value);
  }

  // The value, and a token for the questions below. Lock-free while nobody writes; waits as load does.
  [[nodiscard]] std::pair<T, read_token> load_versioned(RTSEQ_LOCKDEP_AT) const {
    RTSEQ_LOCKDEP_HERE;
    detail::uninitialized<T> copy;
    const read_token token = load_waiting(copy.value);
    return {copy.value, token};
  }

  // Has anything been stored since `token`? Wait-free; any context.
  [[nodiscard]] bool changed_since(read_token token) const noexcept RTSEQ_NONBLOCKING {
    return count_.changed_since(token);
  }

  // Sleeps until something has been stored since `token`. Blocking; takes the lock. Tasks.
  void wait_changed(read_token token RTSEQ_LOCKDEP_AND_AT) const requires excluding_lock<Lock> {
    RTSEQ_LOCKDEP_HERE;
    writers_.wait_changed(count_, token);
  }

 private:
  template <bool Stays = false>
  bool attempt(T& into) const noexcept {
    const read_token token = count_.begin();
    if (detail::sequence::odd(token)) [[unlikely]]
      return false;
    value_.template load_to<Stays>(into);
    return !count_.retry(token);
  }

  // Waits for writers in mid-write; returns the token with which the value is valid.
  [[gnu::noinline]] read_token load_waiting(T& into) const {
    for (;;) {
      const read_token token = writers_.begin(count_);
      value_.load_to(into);
      if (!count_.retry(token)) return token;
      detail::look_away();
    }
  }

  void publish(const T& value) {
    value_.store(value, [this]() noexcept { count_.write_begin(); });
    count_.write_end();
    writers_.wake_sleepers(count_);
  }

  using stored = detail::protected_value<T>;

  // The value first: where the object begins on a cache line, no move straddles two (decision 0016).
  alignas(stored) alignas(detail::one_line<Alignment, detail::sequence, writer_side, stored>()) stored value_;
  detail::sequence count_;
  mutable writer_side writers_;  // mutable: readers wait there
};

}  // namespace rtseq

#endif
