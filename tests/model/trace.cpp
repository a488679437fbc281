#include "explorer.hpp"

#include <algorithm>
#include <cstdio>

namespace model {

namespace {

const char* text_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
    default:
      return "consume";
  }
}

// An order of events that a person can follow: causes first, stores in modification order where that can be,
// the same thread for as long as possible.
std::vector<event_id> told(const graph& g) {
  std::vector<event_id> order;
  std::vector<bool> done(g.events.size());
  const auto is_done = [&](event_id id) { return id == initial || done[static_cast<std::size_t>(id)]; };
  std::array<std::size_t, max_threads> next{};
  std::size_t thread = 0;
  while (order.size() < g.events.size()) {
    int best = 1000;
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < max_threads; ++i) {
      const std::size_t t = (thread + i) % max_threads;
      if (next[t] == g.threads[t].size()) continue;
      const event_id id = g.threads[t][next[t]];
      const event& e = g.at(id);
      if (e.reads() && !is_done(e.source)) continue;
      int oddity = 0;
      if (e.reads() || e.writes()) {
        const auto& all = g.writes[e.location];
        const int place = e.writes() ? g.place_of(e.location, id) : g.place_of(e);
        for (int other = 0; other < static_cast<int>(all.size()); ++other) {
          const bool told_already = is_done(all[static_cast<std::size_t>(other)]);
          if (other > place && told_already) oddity += 10;                 // a stale read, a late insertion
          if (e.writes() && other < place && !told_already) oddity += 10;  // before an older one
        }
        if (e.writes()) {  // rather after those who still read what it overwrites
          for (const event& reader : g.events) {
            if (reader.reads() && reader.location == e.location && g.place_of(reader) < place &&
                !done[static_cast<std::size_t>(&reader - g.events.data())])
              oddity += 1;
          }
        }
      }
      if (oddity < best) {
        best = oddity;
        chosen = t;
      }
    }
    thread = chosen;
    const event_id id = g.threads[thread][next[thread]++];
    done[static_cast<std::size_t>(id)] = true;
    order.push_back(id);
  }
  return order;
}

std::string number(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10000 ? "%llu" : "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

std::string describe(const void* address, const std::vector<name_of>& names) {
  const name_of* best = nullptr;
  const auto* const at = static_cast<const char*>(address);
  for (const name_of& name : names) {
    const auto* const first = static_cast<const char*>(name.address);
    if (at >= first && at < first + name.size && (best == nullptr || name.size <= best->size)) best = &name;
  }
  if (best == nullptr) {
    char text[32];
    std::snprintf(text, sizeof text, "%p", address);
    return text;
  }
  const auto offset = at - static_cast<const char*>(best->address);
  return offset == 0 ? best->text : best->text + '+' + std::to_string(offset);
}

std::string trace_of(const graph& g, const std::vector<std::string>& threads,
                     const std::vector<location>& memory, const std::vector<name_of>& names) {
  const std::vector<event_id> order = told(g);
  std::vector<std::size_t> step(g.events.size());
  for (std::size_t i = 0; i < order.size(); ++i) step[static_cast<std::size_t>(order[i])] = i + 1;

  std::string trace;
  char line[256];
  for (const event_id id : order) {
    const event& e = g.at(id);
    const char* what = "fence";
    std::string effect, remark;
    if (e.what == kind::choice) {
      if (e.value == 0) continue;
      what = "choice";
      effect = "alternative " + number(e.value) + " (of interrupts: that one begins)";
    }
    if (e.reads() || e.writes()) {
      const std::string where = describe(memory[e.location].address, names);
      const auto& all = g.writes[e.location];
      if (e.writes()) {
        what = e.second_half() ? "  and write" : "store";
        effect = where + " = " + number(e.value);
        const auto place = static_cast<std::size_t>(g.place_of(e.location, id));
        for (std::size_t newer = place + 1; newer < all.size(); ++newer) {
          if (const std::size_t s = step[static_cast<std::size_t>(all[newer])];
              s < step[static_cast<std::size_t>(id)]) {
            remark = "older than step " + std::to_string(s);
            break;
          }
        }
      } else {
        what = e.updates != update::none ? "read" : "load";
        effect = where + " -> " + number(e.value);
        remark = e.source == initial
                     ? "initial value"
                     : "from step " + std::to_string(step[static_cast<std::size_t>(e.source)]);
        const auto next = static_cast<std::size_t>(g.place_of(e) + 1);
        if (next < all.size() &&
            step[static_cast<std::size_t>(all[next])] < step[static_cast<std::size_t>(id)])
          remark +=
              ", stale: step " + std::to_string(step[static_cast<std::size_t>(all[next])]) + " is newer";
      }
    }
    std::snprintf(line, sizeof line, "%4zu  %-10s %-11s %-8s %-26s %s\n", step[static_cast<std::size_t>(id)],
                  threads[e.thread].c_str(), what,
                  e.plain                  ? "plain"
                  : e.what == kind::choice ? ""
                                           : text_of(e.effective_order()),
                  effect.c_str(), remark.c_str());
    trace += line;
  }
  return trace;
}

}  // namespace model
