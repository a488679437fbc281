#include "graph.hpp"

#include <algorithm>
#include <bitset>

namespace model {

namespace {
const vector_clock nothing{};
}

access write_half(const event& read, std::size_t size) {
  access write = read;
  write.what = kind::write;
  switch (read.updates) {
    case update::add:
      write.value = read.value + read.operand;
      break;
    case update::subtract:
      write.value = read.value - read.operand;
      break;
    case update::conjoin:
      write.value = read.value & read.operand;
      break;
    case update::disjoin:
      write.value = read.value | read.operand;
      break;
    case update::differ:
      write.value = read.value ^ read.operand;
      break;
    case update::lock_or_mark:
      write.value = read.value | 0x8000'0000 | ((read.value & 0x3fff'ffff) == 0 ? read.operand : 0);
      break;
    default:
      write.value = read.operand;
      break;
  }
  if (size < sizeof write.value) write.value &= (std::uint64_t{1} << (8 * size)) - 1;
  return write;
}

int graph::place_of(std::uint16_t where, event_id write) const {
  if (write == initial) return -1;
  const auto& order = writes[where];
  return static_cast<int>(std::find(order.begin(), order.end(), write) - order.begin());
}

std::uint64_t graph::final_value(std::uint16_t where, const location& memory) const {
  return where >= writes.size() || writes[where].empty() ? memory.initial_value
                                                         : at(writes[where].back()).value;
}

const vector_clock& graph::past(std::size_t thread) const {
  return threads[thread].empty() ? nothing : at(threads[thread].back()).before;
}

int graph::oldest_visible(std::uint16_t where, const vector_clock& past) const {
  int oldest = -1;
  for (const event& e : events) {
    if (e.location != where || !includes(past, e)) continue;
    if (e.writes()) oldest = std::max(oldest, place_of(where, static_cast<event_id>(&e - events.data())));
    if (e.reads()) oldest = std::max(oldest, place_of(e));
  }
  return oldest;
}

std::vector<std::size_t> graph::places_for(std::size_t thread, const access& a) const {
  const auto& order = writes[a.location];
  // Between a read-modify-write and what it read there is no place.
  const auto open = [&](std::size_t place) {
    return place == order.size() || !at(order[place]).second_half();
  };
  const int oldest = oldest_visible(a.location, past(thread));
  std::vector<std::size_t> places;
  if (a.updates != update::none) {
    const auto place = static_cast<std::size_t>(place_of(at(threads[thread].back())) + 1);
    if (static_cast<int>(place) > oldest && open(place)) places.push_back(place);
    return places;
  }
  for (std::size_t place = order.size(); static_cast<int>(place) > oldest; --place) {
    if (open(place)) places.push_back(place);  // the newest first
    if (a.plain || place == 0) break;
  }
  return places;
}

const event* graph::race(std::size_t thread, const access& a) const {
  if (a.what != kind::read && a.what != kind::write) return nullptr;
  for (const event& e : events) {
    if (e.location != a.location || e.thread == thread || (!e.reads() && !e.writes())) continue;
    if ((a.plain || e.plain) && (e.writes() || a.what == kind::write) && !includes(past(thread), e))
      return &e;
  }
  return nullptr;
}

void graph::compute_clocks(event& e) {
  const event* previous = e.index == 0 ? nullptr : &at(threads[e.thread][e.index - 1u]);
  if (previous != nullptr) {
    e.before = previous->before;
    e.causes = previous->causes;
    e.pending = previous->pending;
    e.released = previous->released;
  } else {
    e.before = e.causes = e.pending = e.released = nothing;
  }
  e.before.counts[e.thread] = e.causes.counts[e.thread] = static_cast<std::uint16_t>(e.index + 1);
  const std::memory_order order = e.effective_order();
  if (e.reads() && e.source != initial) {
    e.causes |= at(e.source).causes;
    if (!e.plain) {
      e.pending |= at(e.source).message;
      if (acquires(order)) e.before |= at(e.source).message;
    }
  }
  if (e.what == kind::fence) {
    if (acquires(order)) e.before |= e.pending;
    if (releases(order)) e.released = e.before;
  }
  if (e.writes() && !e.plain) {
    e.message = releases(order) ? e.before : e.released;
    // A read-modify-write carries on what the write that it read released: the release sequence.
    if (e.second_half() && previous->source != initial) e.message |= at(previous->source).message;
  }
}

void graph::append(std::size_t thread, const access& a, event_id source) {
  event e;
  static_cast<access&>(e) = a;
  e.thread = static_cast<std::uint8_t>(thread);
  e.index = static_cast<std::uint16_t>(threads[thread].size());
  e.source = source;
  compute_clocks(e);
  events.push_back(e);
  threads[thread].push_back(last());
}

void graph::add(std::size_t thread, const access& a) { append(thread, a, initial); }

void graph::add_read(std::size_t thread, const access& a, event_id source,
                     const std::vector<location>& memory) {
  access read = a;
  read.value = source == initial ? memory[a.location].initial_value : at(source).value;
  append(thread, read, source);
}

void graph::add_write(std::size_t thread, const access& a, std::size_t place) {
  append(thread, a, initial);
  auto& order = writes[a.location];
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), last());
}

// Without this rule most graphs would be found several times. A revisit throws events away; it is made only
// from the one graph in which each of these had been added in the plainest way: a read took the newest write
// then there, a write became the newest and nobody who stays had read it, no interrupt came.
// (M. Kokologiannakis et al., "Truly stateless, optimal dynamic partial order reduction", POPL 2022.)
bool graph::may_revisit(event_id r, std::size_t thread) const {
  const vector_clock& needed = threads[thread].empty() ? nothing : at(threads[thread].back()).causes;
  if (includes(needed, at(r))) return false;
  const auto stays = [&](const event& e, event_id until) { return &e <= &at(until) || includes(needed, e); };
  for (event_id id = r; id <= last(); ++id) {
    const event& e = at(id);
    if (id != r && includes(needed, e)) continue;
    if (e.what == kind::choice && e.value != 0) return false;
    if (!e.reads() && !e.writes()) continue;
    const event_id taken = e.reads() ? e.source : id;
    if (taken != initial && !stays(at(taken), id)) return false;
    const auto& order = writes[e.location];
    for (std::size_t newer = static_cast<std::size_t>(place_of(e.location, taken) + 1); newer < order.size();
         ++newer) {
      if (stays(at(order[newer]), id)) return false;
    }
    if (e.writes()) {
      for (const event& reader : events) {
        if (reader.reads() && reader.source == id && stays(reader, id)) return false;
      }
    }
  }
  return true;
}

graph graph::without_what_follows(event_id r, std::size_t thread) const {
  const vector_clock& needed = threads[thread].empty() ? nothing : at(threads[thread].back()).causes;
  graph kept;
  kept.writes.resize(writes.size());
  std::array<event_id, max_events> renamed;
  renamed.fill(initial);
  for (event_id id = 0; id <= last(); ++id) {
    const event& e = at(id);
    if (id > r && !includes(needed, e)) continue;
    kept.events.push_back(e);
    renamed[static_cast<std::size_t>(id)] = kept.last();
    kept.threads[e.thread].push_back(kept.last());
  }
  for (event& e : kept.events) {
    if (e.source != initial) e.source = renamed[static_cast<std::size_t>(e.source)];
  }
  for (std::size_t where = 0; where < writes.size(); ++where) {
    for (const event_id id : writes[where]) {
      if (const event_id now = renamed[static_cast<std::size_t>(id)]; now != initial)
        kept.writes[where].push_back(now);
    }
  }
  return kept;
}

bool graph::redirect(event_id r, event_id a) {
  event& read = at(r);
  const vector_clock& known = read.index == 0 ? nothing : at(threads[read.thread][read.index - 1u]).before;
  if (place_of(read.location, a) < oldest_visible(read.location, known)) return false;
  read.source = a;
  read.value = at(a).value;
  compute_clocks(read);
  return true;
}

// RC11, definition of psc (Lahav et al., "Repairing sequential consistency in C/C++11", PLDI 2017), as it
// stands in C++20 since P0668.
bool graph::sequentially_consistent() const {
  using row = std::bitset<max_events>;
  const std::size_t n = events.size();
  std::vector<std::size_t> strong;
  for (std::size_t i = 0; i < n; ++i) {
    if (events[i].what != kind::choice && events[i].effective_order() == std::memory_order_seq_cst)
      strong.push_back(i);
  }
  if (strong.size() < 2) return true;

  const auto is_fence = [&](std::size_t i) { return events[i].what == kind::fence; };
  const auto accesses = [&](std::size_t i) { return events[i].reads() || events[i].writes(); };
  // A write's place, a read's source's place; twice, so that a read stands just after its source.
  const auto rank = [&](std::size_t i) {
    return events[i].writes() ? 2 * place_of(events[i].location, static_cast<event_id>(i))
                              : 2 * place_of(events[i]) + 1;
  };
  std::vector<row> before(n), moves(n), base(n), communicates(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const event &a = events[i], &b = events[j];
      const bool same_place = accesses(i) && accesses(j) && a.location == b.location;
      const bool program_order = a.thread == b.thread && a.index < b.index;
      before[i][j] = includes(b.before, a);
      moves[i][j] = program_order && !same_place;
      base[i][j] = program_order || (same_place && before[i][j]);
      if (!same_place) continue;
      const int ra = rank(i), rb = rank(j);
      if (b.writes() && ra < rb) base[i][j] = true;  // modification order, or read before overwritten
      communicates[i][j] = ra < rb;
    }
  }
  const auto compose = [n](const std::vector<row>& x, const std::vector<row>& y) {
    std::vector<row> result(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (x[i][j]) result[i] |= y[j];
      }
    }
    return result;
  };
  const std::vector<row> detour = compose(compose(moves, before), moves);
  for (std::size_t i = 0; i < n; ++i) base[i] |= detour[i];
  const std::vector<row> fences_apart = compose(compose(before, communicates), before);

  std::vector<row> psc(n);
  for (const std::size_t i : strong) {
    row reached = base[i];
    if (is_fence(i)) {
      for (std::size_t j = 0; j < n; ++j) {
        if (before[i][j]) reached |= base[j];
      }
    }
    for (const std::size_t j : strong) {
      bool edge = reached[j];
      if (is_fence(j)) {
        for (std::size_t k = 0; k < n && !edge; ++k) edge = reached[k] && before[k][j];
        if (is_fence(i)) edge = edge || before[i][j] || fences_apart[i][j];
      }
      psc[i][j] = edge;
    }
  }
  for (const std::size_t k : strong) {
    for (const std::size_t i : strong) {
      if (psc[i][k]) psc[i] |= psc[k];
    }
  }
  return std::none_of(strong.begin(), strong.end(), [&](std::size_t i) { return psc[i][i]; });
}

}  // namespace model
