// The pages of one zone: who may take them, and how many are left, in one word.
//
// Because "is the zone here" and "how many pages are free" change together, no page is ever handed out from a
// zone that has been removed: an allocation's compare-exchange fails if the zone left between its look and
// its take. Pages that are out when the zone leaves come home to the same word; the zone's memory may go when
// all are.
//
//   plug -> online, all free -> (take, give) -> unplug -> offline, some out -> (give) -> all home -> reclaim
#ifndef ZONELIST_ZONE_PAGES_HPP
#define ZONELIST_ZONE_PAGES_HPP

#include <atomic>
#include <cstdint>

namespace zonelist {

// On a cache line of its own: readers on all CPUs write here.
class alignas(64) zone_pages {
 public:
  // ---- Readers: any number, tasks and handlers. Lock-free.

  // Takes `pages`, or nothing and says false: fewer are free, or the zone is not there.
  [[nodiscard]] bool take(std::uint64_t pages) noexcept {
    // acquire: a verdict "nothing here" is checked by the seqlock's read_retry after it; pairs with the
    // release in unplug(), so that who sees the zone gone also sees the odd count under which it went.
    std::uint64_t word = word_.load(std::memory_order_acquire);
    while ((word & online) != 0 && (word & free_mask) >= pages) {
      // acquire on success: pairs with give()'s and plug()'s release; what the last owner, or who brought the
      // zone, did to the pages is over.
      if (word_.compare_exchange_weak(word, word - pages, std::memory_order_acquire,
                                      std::memory_order_acquire)) {
        return true;
      }
    }
    return false;
  }

  // Gives back what take() gave. Wait-free where the processor can add to memory. The zone may be gone by
  // then.
  void give(std::uint64_t pages) noexcept {
    // release: pairs with take()'s and reclaim()'s acquire.
    word_.fetch_add(pages, std::memory_order_release);
  }

  // ---- The writer, before its write section: more memory than the lists say misleads nobody.

  // The zone is there, all its pages free. Only for a zone that was never there, or was reclaimed.
  void plug(std::uint64_t pages) noexcept {
    // release: pairs with take()'s acquire. A plain store loses no give(): no page of the zone is out.
    word_.store(online | pages, std::memory_order_release);
  }

  // ---- The writer, inside its write section: memory that goes makes lists and walks wrong.

  // No page leaves the zone from here on.
  void unplug() noexcept {
    // release: pairs with take()'s acquire. An addition under way on another CPU is not lost: it is one word.
    word_.fetch_and(free_mask, std::memory_order_release);
  }

  // ---- The writer, outside it.

  // If all `pages` of a zone that is gone have come home, takes them away and says true.
  [[nodiscard]] bool reclaim(std::uint64_t pages) noexcept {
    std::uint64_t all_home = pages;
    // acquire: pairs with give()'s release; the memory goes after its last user's last access.
    return word_.compare_exchange_strong(all_home, 0, std::memory_order_acquire, std::memory_order_relaxed);
  }

  // A picture of the moment. relaxed: only for reports, and for tests when nobody else is there.
  bool is_online() const noexcept { return (word_.load(std::memory_order_relaxed) & online) != 0; }
  std::uint64_t free() const noexcept { return word_.load(std::memory_order_relaxed) & free_mask; }

 private:
  static constexpr std::uint64_t online = std::uint64_t{1} << 63;
  static constexpr std::uint64_t free_mask = online - 1;
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace zonelist

#endif
