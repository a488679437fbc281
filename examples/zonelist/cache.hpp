// The zonelist cache: for each node the lists of zones to allocate from, rebuilt under a writer's lock and
// walked lock-free by threads and interrupt handlers. What the library is for.
//
// Two copies of the lists. A rebuild brings the zones that come and fills the copy that nobody is sent to,
// with no count odd; then one short write section makes what belongs together change together: zones go, and
// readers are sent to the other copy. Its length does not depend on the number of nodes, only on how many
// zones go (S23).
//
// An allocation walks its list with no cookie. What it finds needs no validation: holding the pages proves
// it. Only "nothing found" may be wrong: the walk may have begun before memory moved and ended after (S1). So
// the slow path walks again between read_begin and read_retry, and says "out of memory" only if nothing
// changed between the two.
//
// A slow reader may still walk a copy while the next rebuild but one fills it. It stays in bounds and meets
// real zones only; and its cookie does not validate, because a write section retired that copy before it was
// filled (list_table.hpp).
//
// Context: what an interrupt is. Seqlock: no_seqlock shows what happens without one. Hooks: race points, for
// tests.
#ifndef ZONELIST_CACHE_HPP
#define ZONELIST_CACHE_HPP

#include "published_lists.hpp"
#include "topology.hpp"
#include "zone_changes.hpp"
#include "zone_directory.hpp"
#include "zone_pages.hpp"

#include <absl/algorithm/container.h>
#include <absl/base/thread_annotations.h>
#include <absl/container/inlined_vector.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <rtseq/context.hpp>
#include <rtseq/deferred_log.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lockdep.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqlock.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace zonelist {

// Pages that an allocation got. Given back with cache::free().
struct page_block {
  std::uint16_t zone = 0;  // its number in the cache's directory
  std::uint32_t pages = 0;
};

// What one reader went through. Its own: no two readers share one.
struct reader_stats {
  std::uint64_t restarts = 0;  // walks repeated because what they found may have been a rebuild's doing
};

struct no_hooks {
  static void walked_past_a_zone() noexcept {}  // a reader found nothing in a zone and goes on to the next
};

// False for a lock that says so of itself.
template <class Seqlock>
inline constexpr bool walks_are_validated = true;
template <class Seqlock>
requires requires { Seqlock::validates; }
inline constexpr bool walks_are_validated<Seqlock> = Seqlock::validates;

// Held for a whole rebuild, as Linux's mem_hotplug_lock: by tasks, never by a reader.
class ABSL_SCOPED_LOCKABLE hotplug_section {
 public:
  explicit hotplug_section(rtseq::pi_mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_{mutex} {
    mutex_.lock();
  }
  ~hotplug_section() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  hotplug_section(const hotplug_section&) = delete;
  hotplug_section& operator=(const hotplug_section&) = delete;

 private:
  rtseq::pi_mutex& mutex_;
};

template <rtseq::interrupt_context Context, class Seqlock = rtseq::seqlock<Context>, class Hooks = no_hooks>
class cache {
 public:
  // Room for the online nodes of `everything` and their populated zones. Nothing is there before the first
  // rebuild. `log` is told what comes and goes; it outlives the cache.
  cache(const topology& everything, rtseq::deferred_log& log)
      : log_{log},
        directory_{everything},
        pages_(directory_.zones()),
        present_(directory_.zones()),
        copies_{published_lists{directory_}, published_lists{directory_}} {}

  const zone_directory& directory() const noexcept { return directory_; }
  zone_pages& pages_of(std::uint16_t zone) noexcept { return pages_[zone]; }

  // ---- Readers. Any number; tasks and handlers. `node` is one of the directory's.

  // The best zone's pages; empty: out of memory, and that is true. Lock-free; only one that found nothing,
  // and then finds the count odd, waits as read_begin does, for no longer than publish() takes.
  [[nodiscard]] std::optional<page_block> allocate(int node, std::uint32_t pages, reader_stats& stats,
                                                   list_kind kind = list_kind::fallback) {
    const auto row = static_cast<std::size_t>(directory_.row_of(node));
    if (const auto block = walk(row, pages, kind)) return block;
    if constexpr (!walks_are_validated<Seqlock>) return std::nullopt;
    return allocate_with_cookie(row, pages, stats, kind);
  }

  // Wait-free where the processor can add to memory. Also for a zone that is gone.
  void free(page_block block) noexcept { pages_[block.zone].give(block.pages); }

  // Reads a whole list until nothing came between. Is it one that a rebuild published? Waits as allocate().
  [[nodiscard]] bool list_is_intact(int node, reader_stats& stats,
                                    list_kind kind = list_kind::fallback) const {
    const auto row = static_cast<std::size_t>(directory_.row_of(node));
    for (;; ++stats.restarts) {
      const auto cookie = lock_.read_begin();
      const bool intact = active_copy().is_whole(row, kind, generation_.load());
      if (!lock_.read_retry(cookie)) return intact;
    }
  }

  // ---- Writers. Tasks only; blocking: one rebuild at a time.

  // Makes the machine `now`: zones that are new in it come, those that it lacks go, others keep their pages,
  // and the lists follow. Returns how long the count was odd. FailedPrecondition: a zone comes back that has
  // pages out from last time. InvalidArgument: the cache was not made for that machine. Then nothing has
  // changed.
  absl::StatusOr<std::chrono::nanoseconds> rebuild(const topology& now) ABSL_LOCKS_EXCLUDED(hotplug_) {
    auto odd_time = change_to(now);
    log_.flush();
    return odd_time;
  }

  // Have all pages of `node` that went come home? A node that has not may not come back yet.
  [[nodiscard]] bool reclaim(int node) ABSL_LOCKS_EXCLUDED(hotplug_) {
    const hotplug_section one_at_a_time(hotplug_);
    bool all_home = true;
    for (std::uint16_t z = 0; z < directory_.zones(); ++z) {
      if (directory_.describe(z).node == node && !pages_[z].is_online()) all_home &= reclaim_zone(z);
    }
    return all_home;
  }

 private:
  using going_zones = absl::InlinedVector<zone_change, 4>;  // a node's zones

  const published_lists& active_copy() const noexcept { return copies_[active_.load()]; }
  published_lists& spare_copy() noexcept { return copies_[1 - active_.load()]; }

  std::optional<page_block> walk(std::size_t row, std::uint32_t pages, list_kind kind) {
    std::optional<page_block> got;
    const auto try_zone = [&](list_word word) {
      if (pages_[word.zone_index()].take(pages)) {
        got = page_block{word.zone_index(), pages};
        return true;
      }
      Hooks::walked_past_a_zone();
      return false;
    };
    active_copy().table(kind).walk(row, try_zone, [](list_word) {});
    return got;
  }

  [[gnu::noinline]] std::optional<page_block> allocate_with_cookie(std::size_t row, std::uint32_t pages,
                                                                   reader_stats& stats, list_kind kind) {
    for (;;) {
      ++stats.restarts;
      const auto cookie = lock_.read_begin();
      if (const auto block = walk(row, pages, kind)) {
        rtseq::lockdep::read_end_unvalidated(lock_);  // holding the pages proves it
        return block;
      }
      if (!lock_.read_retry(cookie)) return std::nullopt;
    }
  }

  absl::StatusOr<std::chrono::nanoseconds> change_to(const topology& now) ABSL_LOCKS_EXCLUDED(hotplug_) {
    const hotplug_section one_at_a_time(hotplug_);
    auto changes =
        zone_changes(directory_, now, [this](std::uint16_t zone) { return pages_[zone].is_online(); });
    if (!changes.ok()) return changes.status();
    for (const zone_change& c : *changes) {
      if (c.pages != 0 && !reclaim_zone(c.zone)) {
        return absl::FailedPreconditionError(
            absl::StrCat(std::string{c.message.text()}, ", but some are out from last time"));
      }
    }
    bring(*changes);
    spare_copy().fill(now, generation_.load() + 1);
    // What is left goes in the odd section, which so takes no longer for what comes. On the stack: after many lists were
    // filled, each place that the section looks at elsewhere comes from memory.
    going_zones going;
    absl::c_copy_if(*changes, std::back_inserter(going), [](const zone_change& c) { return c.pages == 0; });
    return publish(going, log_line{absl::StrCat("lists of ", now.nodes.size(), " nodes rebuilt")});
  }

  // Zones that no list names yet, or that only a slow reader's old list still names: in either case real
  // pages.
  void bring(const std::vector<zone_change>& changes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(hotplug_) {
    for (const zone_change& c : changes) {
      if (c.pages == 0) continue;
      present_[c.zone] = c.pages;
      pages_[c.zone].plug(c.pages);
      log_.write(c.message.text());
    }
  }

  // The odd section. The memory that goes, goes before readers are sent to the lists without it: were it not
  // for the count and the held-off interrupts, a reader that looks in between would find the old lists and no
  // memory.
  std::chrono::nanoseconds publish(const going_zones& going, const log_line& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(hotplug_) {
    using clock = std::chrono::steady_clock;
    const rtseq::write_irqsave_guard odd{lock_};
    const auto from = clock::now();
    // Printing may wait for a lock whose holder waits for an even count (S3): deferred until the lock is
    // released, from after it is taken (S20).
    rtseq::deferred_enter();
    for (const zone_change& c : going) {
      pages_[c.zone].unplug();
      log_.print(c.message.text());
    }
    log_.print(message.text());
    generation_.store(generation_.load() + 1);
    active_.store(1 - active_.load());
    rtseq::deferred_exit();
    return clock::now() - from;
  }

  bool reclaim_zone(std::uint16_t zone) ABSL_EXCLUSIVE_LOCKS_REQUIRED(hotplug_) {
    if (present_[zone] != 0 && !pages_[zone].reclaim(present_[zone])) return false;
    present_[zone] = 0;
    return true;
  }

  rtseq::deferred_log& log_;
  const zone_directory directory_;
  std::vector<zone_pages> pages_;
  rtseq::pi_mutex hotplug_;
  // Pages of each zone that is there, or is gone and has not been reclaimed.
  std::vector<std::uint64_t> present_ ABSL_GUARDED_BY(hotplug_);

  Seqlock lock_;
  // Which copy readers are sent to, and the generation of its lists: changed together, in a write section.
  rtseq::relaxed<std::uint32_t> active_{0};
  rtseq::relaxed<std::uint32_t> generation_{0};
  std::array<published_lists, 2> copies_;
};

}  // namespace zonelist

#endif
