// A pointer that readers load inside an RCU section and writers exchange. Wait-free; any context.
//
// It publishes what it points to; when that may be destroyed is <rtseq/rcu.hpp>'s question.
// Cost: a load is an acquire load. Size: a pointer.
#ifndef RTSEQ_RCU_POINTER_HPP
#define RTSEQ_RCU_POINTER_HPP

#include <rtseq/detail/atomic.hpp>

namespace rtseq {

template <class T>
class rcu_pointer {
  static_assert(detail::atomic<T*>::is_always_lock_free);

 public:
  constexpr rcu_pointer() noexcept = default;
  explicit constexpr rcu_pointer(T* initial) noexcept : pointer_(initial) {}
  rcu_pointer(const rcu_pointer&) = delete;
  rcu_pointer& operator=(const rcu_pointer&) = delete;

  // What it points to stays until the section ends.
  [[nodiscard]] T* load() const noexcept {
    // acquire (consume is what is meant, and compilers make it acquire): pairs with the releases below; without
    // it the reader could see the object as it was before it was made.
    return pointer_.load(std::memory_order_acquire);
  }
  // release: pairs with load's acquire.
  void store(T* next) noexcept { pointer_.store(next, std::memory_order_release); }
  // The one before, for rcu_retire. acq_rel: release pairs with load's acquire, acquire with the release of the
  // writer before: without it, its object could be destroyed as it was before it was made.
  [[nodiscard]] T* exchange(T* next) noexcept { return pointer_.exchange(next, std::memory_order_acq_rel); }
  // For writers without a lock among them; false, and `expected` becomes what it is. Orders as above.
  [[nodiscard]] bool compare_exchange(T*& expected, T* next) noexcept {
    return pointer_.compare_exchange_strong(expected, next, std::memory_order_acq_rel,
                                            std::memory_order_acquire);
  }

 private:
  detail::atomic<T*> pointer_{nullptr};
};

}  // namespace rtseq

#endif
