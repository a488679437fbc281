// Writer-side locks: what rtseq calls on one, and what each can promise.
//
// Any type with lock(), try_lock() and unlock() is a writer lock. Its promises are the static members
// named below, taken to be the weakest where it has none; a type that cannot be given members (std::mutex,
// absl::Mutex) has a specialisation of lock_traits instead.
#ifndef RTSEQ_LOCK_TRAITS_HPP
#define RTSEQ_LOCK_TRAITS_HPP

#include <rtseq/detail/annotations.hpp>
#include <rtseq/detail/atomic.hpp>
#include <rtseq/detail/thread.hpp>
#include <rtseq/violation.hpp>

#include <concepts>

namespace rtseq {

// Specialise it for a lock that cannot have members of its own.
template <class L>
struct lock_traits;

template <class L>
concept basic_writer_lock = requires(L& lock) {
  lock.lock();
  { lock.try_lock() } -> std::same_as<bool>;
  lock.unlock();
};

template <basic_writer_lock L>
struct lock_traits<L> {
  // Makes whoever locks it wait for the others. False: the program promises that nobody else will (single_writer).
  static constexpr bool excludes = [] {
    if constexpr (requires { L::excludes; }) return L::excludes;
    return true;
  }();
  // Its owner may sleep, and who waits for it sleeps until woken: forbidden in atomic sections. A spinlock does not,
  // though its waiters give the processor away for a moment.
  static constexpr bool sleeps = [] {
    if constexpr (requires { L::sleeps; }) return L::sleeps;
    return true;
  }();
  // A waiter lends its priority to the owner, so that a reader may wait by locking.
  static constexpr bool boosts_owner = [] {
    if constexpr (requires { L::boosts_owner; }) return L::boosts_owner;
    return false;
  }();
  // Locking tells when the last owner died.
  static constexpr bool robust = [] {
    if constexpr (requires { L::robust; }) return L::robust;
    return false;
  }();
  // Works in memory that processes share.
  static constexpr bool process_shared = [] {
    if constexpr (requires { L::process_shared; }) return L::process_shared;
    return false;
  }();

  static void lock(L& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.lock(); }
  [[nodiscard]] static bool try_lock(L& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS { return lock.try_lock(); }
  static void unlock(L& lock) RTSEQ_NO_THREAD_SAFETY_ANALYSIS { lock.unlock(); }
};

template <class L>
concept writer_lock = requires(L& lock) {
  { lock_traits<L>::sleeps } -> std::convertible_to<bool>;
  { lock_traits<L>::boosts_owner } -> std::convertible_to<bool>;
  lock_traits<L>::lock(lock);
  { lock_traits<L>::try_lock(lock) } -> std::same_as<bool>;
  lock_traits<L>::unlock(lock);
};

// One that readers may take too. A specialisation of lock_traits that does not say is one.
template <class L>
concept excluding_lock = writer_lock<L> && !requires {
  requires !lock_traits<L>::excludes;
};

namespace detail {

template <class L>
concept knows_its_owner = requires(const L& lock) {
  { lock.held_by_this_thread() }
  noexcept->std::same_as<bool>;
};

// Who holds a lock, for locks that cannot say. Empty for those that can.
template <class L>
class lock_owner {
 public:
  // relaxed: a thread asks only about itself, and it sees its own stores in order.
  void set() noexcept { owner_.store(this_thread_id(), std::memory_order_relaxed); }
  void clear() noexcept { owner_.store(0, std::memory_order_relaxed); }
  bool is_this_thread(const L&) const noexcept {
    return owner_.load(std::memory_order_relaxed) == this_thread_id();
  }

 private:
  atomic<thread_id> owner_{0};
};

template <knows_its_owner L>
class lock_owner<L> {
 public:
  void set() noexcept {}
  void clear() noexcept {}
  bool is_this_thread(const L& lock) const noexcept { return lock.held_by_this_thread(); }
};

}  // namespace detail
}  // namespace rtseq

#endif
