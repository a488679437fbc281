// What a grace period orders, for ThreadSanitizer: liburcu is not instrumented. No code without it.
#ifndef RTSEQ_DETAIL_RCU_EDGES_HPP
#define RTSEQ_DETAIL_RCU_EDGES_HPP

#include <rtseq/detail/tsan.hpp>

#if defined(RTSEQ_TSAN) && RTSEQ_TSAN
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace rtseq::detail {

template <class Flavour>
class rcu_edges {
 public:
  // Every section that ended before the grace period did happens before what follows it.
  static void section_ends() noexcept { tsan_release(&readers_); }
  static void grace_period_ends() noexcept { tsan_acquire(&readers_); }
  // What came before the grace period happens before every section that began after it did.
  static void grace_period_begins() noexcept { tsan_release(&writers_); }
  static void section_begins() noexcept { tsan_acquire(&writers_); }
  // Deleters that have run happen before the end of a barrier.
  static void deleter_ends() noexcept { tsan_release(&deleters_); }
  // liburcu's barrier allocates what its other thread frees: of their order ThreadSanitizer knows nothing. So it does
  // not look at what this thread writes inside that one call. Nothing of the user's is hidden: the barrier runs none of
  // the user's code on this thread (deleters run on liburcu's), and what it waits for is ordered by the acquire below.
  static void barrier() noexcept {
#if defined(RTSEQ_TSAN) && RTSEQ_TSAN
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    Flavour::barrier();
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
#else
    Flavour::barrier();
#endif
    tsan_acquire(&deleters_);
  }

 private:
  static inline char readers_, writers_, deleters_;
};

}  // namespace rtseq::detail

#endif
