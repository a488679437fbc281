// The writers' lock of a value that has a single writer: none. As any user may write it (<rtseq/lock/traits.hpp>).
#ifndef RTSEQ_BENCH_ONE_WRITER_HPP
#define RTSEQ_BENCH_ONE_WRITER_HPP

namespace rtseq::bench {

struct one_writer {
  static constexpr bool sleeps = false;
  static constexpr bool boosts_owner = false;
  void lock() noexcept {}
  bool try_lock() noexcept { return true; }
  void unlock() noexcept {}
  bool held_by_this_thread() const noexcept { return false; }
};

}  // namespace rtseq::bench

#endif
