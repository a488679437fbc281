// One value in two copies: a reader never waits for a writer, not even for one that it has interrupted, that
// is preempted, or that never comes back.
//
// For readers that nothing can hold off: handlers of unmaskable signals, profilers, the hardest deadlines.
// Where a reader may wait for one short write section, seqlocked is smaller and its writes cost half.
//
// Cost: load as with seqlocked, and it repeats only if a whole store came between; store copies twice.
// Size: twice sizeof(T) and 16 bytes, rounded up to a power of two if that is at most 64; Alignment as seqlocked's.
// Limits: T as in seqlocked.
// Source: Linux seqcount_latch_t; timekeeping's ktime_get_mono_fast_ns.
#ifndef RTSEQ_LATCHED_HPP
#define RTSEQ_LATCHED_HPP

#include <rtseq/context.hpp>
#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/lockdep_hooks.hpp>
#include <rtseq/detail/protected_value.hpp>
#include <rtseq/detail/writer_side.hpp>
#include <rtseq/seqcount_latch.hpp>

#include <cstddef>
#include <utility>

namespace rtseq {

template <class T, interrupt_context Context = task_context, class Lock = typename Context::lock_type,
          std::size_t Alignment = 1>
class latched {
  using writer_side = detail::writer_side<Context, Lock>;

 public:
  using value_type = T;

#if RTSEQ_LOCKDEP
  constexpr latched(RTSEQ_LOCKDEP_NAME) noexcept(noexcept(T())) requires std::is_default_constructible_v<T>
      : latch_{lockdep_name}, writers_{lockdep_name, "latched"} {}
  constexpr explicit latched(const T& initial, RTSEQ_LOCKDEP_NAME) noexcept
      : copies_{stored{initial}, stored{initial}}, latch_{lockdep_name}, writers_{lockdep_name, "latched"} {}
  detail::lockdep::map& lockdep_map() const noexcept { return writers_.lockdep_map(); }
  detail::lockdep::map& lockdep_latch_map() const noexcept { return latch_.lockdep_map(); }
#else
  constexpr latched() noexcept(noexcept(T())) requires std::is_default_constructible_v<T>
  = default;
  constexpr latched(lockdep::name) noexcept(noexcept(T())) requires std::is_default_constructible_v<T> {}
  constexpr explicit latched(const T& initial) noexcept : copies_{stored{initial}, stored{initial}} {}
  constexpr latched(const T& initial, lockdep::name) noexcept : copies_{stored{initial}, stored{initial}} {}
#endif
  latched(const latched&) = delete;
  latched& operator=(const latched&) = delete;

  // The value as one store left it: the newest complete one, or the one before while a store is under way.
  // Lock-free, never waits; any context.
  [[nodiscard]] T load() const noexcept {
    return detail::valid_value<T>([this](T& into) { return attempt<!detail::returned_by_copy<T>>(into); },
                                  [this](T& into) { load_repeatedly(into); });
  }

  // The same in one attempt: false, and `into` unchanged, if a store came between. Wait-free; any context.
  [[nodiscard]] bool try_load(T& into) const noexcept RTSEQ_NONBLOCKING {
    detail::uninitialized<T> copy;
    if (!attempt(copy.value)) return false;
    into = copy.value;
    return true;
  }

  // Replaces the value. Blocking: writers take turns; with single_writer wait-free. Any context, if it masks the
  // handlers that store.
  void store(const T& value RTSEQ_LOCKDEP_AND_AT) {
    RTSEQ_LOCKDEP_HERE;
    const detail::exclusive_section held{writers_};
    publish(value);
  }

  // The same, or false if another writer is at work (perhaps the one that the caller has interrupted). Never waits;
  // costs what the context's save_and_disable and restore do, and wakes whoever waits for the lock. Any context.
  [[nodiscard]] bool try_store(const T& value RTSEQ_LOCKDEP_AND_AT) noexcept {
    RTSEQ_LOCKDEP_HERE;
    const detail::try_exclusive_section held{writers_};
    if (held) publish(value);
    return static_cast<bool>(held);
  }

  // Calls `change` with a reference to a copy of the value and stores the copy: no store comes between. If
  // `change` throws, nothing is stored. Blocking; wait-free but for `change` with single_writer.
  template <class F>
  void update(F&& change RTSEQ_LOCKDEP_AND_AT) {
    RTSEQ_LOCKDEP_HERE;
    const detail::exclusive_section held{writers_};
    detail::uninitialized<T> copy;
    copies_[0].load_to(copy.value);
    {
      RTSEQ_LOCKDEP_CALLBACK;
      std::forward<F>(change)(copy.value);
    }
    publish(copy.value);
  }

 private:
  using stored = detail::protected_value<T>;

  template <bool Stays = false>
  bool attempt(T& into) const noexcept {
    const read_token token = latch_.read_latch();
    copies_[latch_.index(token)].template load_to<Stays>(into);
    return !latch_.read_retry(token);
  }

  [[gnu::noinline]] void load_repeatedly(T& into) const noexcept {
    while (!attempt(into)) {}
  }

  void publish(const T& value) noexcept {
    latch_.write_latch_begin();
    copies_[0].store(value);
    latch_.write_latch();
    copies_[1].store(value);
    latch_.write_latch_end();
  }

  // The copies first, as in seqlocked.
  alignas(stored) alignas(
      detail::one_line<Alignment, seqcount_latch, writer_side, stored[2]>()) stored copies_[2];
  seqcount_latch latch_;
  writer_side writers_;
};

}  // namespace rtseq

#endif
