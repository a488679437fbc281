// std::mutex as a writer lock: seqlock<task_context, std::mutex>.
//
// Portable and familiar, but nothing boosts its owner: a reader of higher priority that finds the count odd
// backs off to the scheduler. Not for signal handlers.
#ifndef RTSEQ_LOCK_STD_MUTEX_HPP
#define RTSEQ_LOCK_STD_MUTEX_HPP

#include <rtseq/lock/traits.hpp>

#include <mutex>

namespace rtseq {

// lock_traits' own members fit it as they are: it sleeps, and promises nothing else.
using std_mutex = std::mutex;
static_assert(writer_lock<std_mutex>);

}  // namespace rtseq

#endif
