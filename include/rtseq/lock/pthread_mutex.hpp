// pthread_mutex_t as a writer lock: seqlock<task_context, pthread_mutex_t>.
//
// As it is initialised statically: a plain mutex. Nothing boosts its owner: a reader of higher priority that finds the
// count odd backs off to the scheduler. Not for signal handlers.
#ifndef RTSEQ_LOCK_PTHREAD_MUTEX_HPP
#define RTSEQ_LOCK_PTHREAD_MUTEX_HPP

#include <rtseq/lock/traits.hpp>

#include <pthread.h>

namespace rtseq {

template <>
struct lock_traits<pthread_mutex_t> {
  static constexpr bool sleeps = true;
  static constexpr bool boosts_owner = false;
  static constexpr bool robust = false;
  static constexpr bool process_shared = false;
  static constexpr bool excludes = true;

  static void lock(pthread_mutex_t& lock) noexcept { ::pthread_mutex_lock(&lock); }
  [[nodiscard]] static bool try_lock(pthread_mutex_t& lock) noexcept {
    return ::pthread_mutex_trylock(&lock) == 0;
  }
  static void unlock(pthread_mutex_t& lock) noexcept { ::pthread_mutex_unlock(&lock); }
};
static_assert(writer_lock<pthread_mutex_t>);

}  // namespace rtseq

#endif
