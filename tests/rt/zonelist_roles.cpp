// The zonelist cache (examples/zonelist) with FIFO handlers above its writer, preempted in its odd section.
#include "roles.hpp"

#include <cache.hpp>
#include <hotplug.hpp>
#include <random.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/context/threaded.hpp>
#include <rtseq/deferred_log.hpp>

#include <cstdlib>
#include <memory>

namespace rtseq::rt {
namespace {

const std::function<void()>* in_odd_section = nullptr;  // the writer's alone

// Calls in_odd_section where the section begins.
template <class Context>
class interrupted_seqlock : public rtseq::seqlock<Context> {
  using base = rtseq::seqlock<Context>;

 public:
  typename base::flags_type write_lock_irqsave() RTSEQ_NO_THREAD_SAFETY_ANALYSIS {
    const auto flags = base::write_lock_irqsave();
    if (in_odd_section != nullptr) (*in_odd_section)();
    return flags;
  }
};

template <class Context>
class machine_with_memory_that_moves {
 public:
  machine_with_memory_that_moves() { rebuild(); }

  void rebuild(const std::function<void()>* in_mid_write = nullptr) {
    in_odd_section = in_mid_write;
    (void)nodes_.step(random_, [this](int node) { return cache_.reclaim(node); });
    if (!cache_.rebuild(nodes_.now()).ok()) std::abort();
    in_odd_section = nullptr;
  }

  // What an interrupt handler does: gets a page, is refused what nobody has, and finds its lists whole.
  bool allocate_and_look() {
    constexpr std::uint32_t too_many = UINT32_MAX;
    zonelist::reader_stats stats;
    const auto page = cache_.allocate(0, 1, stats);
    if (!page) return false;
    cache_.free(*page);
    return !cache_.allocate(0, too_many, stats) && cache_.list_is_intact(0, stats);
  }

 private:
  static void discard(void*, const rtseq::log_record&) {}
  static rtseq::deferred_log& log() {
    static rtseq::deferred_log quiet(discard);
    return quiet;
  }

  zonelist::random_source random_{1};
  zonelist::hotplug nodes_ = zonelist::hotplug::on_ring(8);
  zonelist::cache<Context, interrupted_seqlock<Context>> cache_{nodes_.everything(), log()};
};

template <class Context>
pair_of_roles zonelist_roles() {
  const auto it = std::make_shared<machine_with_memory_that_moves<Context>>();
  return {[it](const auto& in_mid_write) { it->rebuild(&in_mid_write); },
          [it](const watchdog&) { return it->allocate_and_look(); }};
}

}  // namespace

void add_zonelist_kinds(std::vector<kind>& kinds) {
  using enum expectation;
  kinds.push_back(
      {"zonelist cache, threaded_context", bounded, false, false, zonelist_roles<rtseq::threaded_context>});
  kinds.push_back(
      {"zonelist cache, signal_context", bounded, true, false, zonelist_roles<rtseq::signal_context>});
}

}  // namespace rtseq::rt
