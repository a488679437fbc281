#include "explorer.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <iterator>

namespace model {

namespace {

alignas(64) std::byte arena[1 << 16];
bool in_arena(const void* address) { return address >= arena && address < arena + sizeof arena; }

std::uint64_t value_at(const void* address, std::size_t size) {
  std::uint64_t value = 0;
  std::memcpy(&value, address, size);
  return value;
}

constexpr unsigned most_repeats = 2000;  // more than any bounded spin of the library

}  // namespace

// ---- Running the program along a graph.

verdict explorer::explore() {
  const std::clock_t start = std::clock();
  const auto elapsed = [&] { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; };
  pending_.emplace_back();
  while (!pending_.empty() && verdict_.finding.empty() && elapsed() < how_.seconds) {
    graph_ = std::move(pending_.back());
    pending_.pop_back();
    run_one();
  }
  verdict_.finished = pending_.empty() || !verdict_.finding.empty();
  verdict_.seconds = elapsed();
  return std::move(verdict_);
}

// True if `body` returned, false if it was left.
bool explorer::guarded(const std::function<void()>& body) {
  if (setjmp(leave_) != 0) return false;
  body();
  return true;
}

void explorer::drop() {
  dropped_ = true;
  leave();
}

// Only the thread ends here: a later write may still change what it read.
void explorer::give_up() {
  if (phase_ == phase::threads) uninteresting_ = true;
  leave();
}

void explorer::note(const std::string& finding) {
  settle();
  verdict_.finding = finding;
  verdict_.trace = trace_of(graph_, thread_names_, memory_, names_);
}

void explorer::found(const char* what) {
  note(what);
  leave();
}

// Destroys nothing on the way: who leaves owns no memory then.
void explorer::leave() { std::longjmp(leave_, 1); }

void explorer::run_one() {
  std::memset(arena, 0, room_used_);
  room_used_ = 0;
  names_.clear();
  thread_names_.clear();
  bodies_.clear();
  afterwards_ = nullptr;
  observed_.clear();
  unsettled_ = initial;
  awaited_.clear();
  some_wait_ = uninteresting_ = dropped_ = false;
  phase_ = phase::setup;
  program shared;
  setup_(shared);

  phase_ = phase::threads;
  // A graph may end in the read half of a read-modify-write: nothing comes between the halves.
  for (thread_ = 0; thread_ < bodies_.size(); ++thread_) {
    const auto& own = graph_.threads[thread_];
    if (own.empty() || !graph_.at(own.back()).half_done()) continue;
    const event& read = graph_.at(own.back());
    if (!extend_write(thread_, write_half(read, memory_[read.location].size))) return;
  }
  for (thread_ = 0; thread_ < bodies_.size(); ++thread_) {
    forget_thread_variables();
    position_ = 0;
    running_ = thread_state{};
    guarded([this] {
      bodies_[thread_]();
      interrupt_point();
    });
    settle();
    if (dropped_ || !verdict_.finding.empty()) return;
  }
  complete();
}

void explorer::complete() {
  if (uninteresting_) {
    ++verdict_.waiting;
    return;
  }
  if (some_wait_) {
    const bool some_may_go_on = std::any_of(awaited_.begin(), awaited_.end(), [&](event_id id) {
      const event& e = graph_.at(id);
      return e.source != (graph_.writes[e.location].empty() ? initial : graph_.writes[e.location].back());
    });
    if (some_may_go_on) {
      ++verdict_.waiting;
    } else {
      guarded([this] { found("threads wait for ever"); });
    }
    return;
  }
  ++verdict_.executions;
  phase_ = phase::afterwards;
  for (std::size_t where = 0; where < graph_.writes.size(); ++where) {
    const location& it = memory_[where];
    const std::uint64_t value = graph_.final_value(static_cast<std::uint16_t>(where), it);
    if (in_arena(it.address)) std::memcpy(const_cast<void*>(it.address), &value, it.size);
  }
  running_ = thread_state{};
  if (afterwards_ && !guarded(afterwards_)) return;
  if (!observed_.empty()) ++verdict_.outcomes[observed_];
  if (how_.once) {
    const auto id = [this](event_id e) {
      return e == initial ? std::string{"i"}
                          : std::to_string(graph_.at(e).thread) + '.' + std::to_string(graph_.at(e).index);
    };
    std::string whole;
    for (const auto& own : graph_.threads) {
      for (const event_id e : own) {
        const event& it = graph_.at(e);
        whole += it.reads() ? id(it.source) : it.what == kind::choice ? 'c' + std::to_string(it.value) : "-";
        whole += ' ';
      }
      whole += '/';
    }
    for (const auto& order : graph_.writes) {
      for (const event_id e : order) whole += id(e) + ' ';
      whole += '/';
    }
    if (!seen_.insert(whole).second) ++verdict_.repeated;
  }
}

void* explorer::room(std::size_t size, std::size_t alignment) {
  const std::size_t at = (room_used_ + alignment - 1) / alignment * alignment;
  if (at + size > sizeof arena) {
    std::fputs("model: the program's shared objects do not fit\n", stderr);
    std::abort();
  }
  room_used_ = at + size;
  return arena + at;
}

void explorer::add_thread(const char* name, std::function<void()> body) {
  if (bodies_.size() == max_threads) {
    std::fputs("model: too many threads\n", stderr);
    std::abort();
  }
  thread_names_.emplace_back(name);
  bodies_.push_back(std::move(body));
}

void explorer::found_mixed_sizes(const void* address) {
  note("accesses of different sizes to the same bytes: " + describe(address, names_));
  leave();
}

std::uint16_t explorer::locate(const void* address, std::size_t size) {
  const auto [found_at, fresh] = located_.try_emplace(address, static_cast<std::uint16_t>(memory_.size()));
  if (fresh) {
    const auto* const first = static_cast<const std::byte*>(address);
    for (const location& other : memory_) {
      const auto* const others = static_cast<const std::byte*>(other.address);
      if (first < others + other.size && others < first + size) found_mixed_sizes(address);
    }
    memory_.push_back({address, static_cast<std::uint8_t>(size), value_at(address, size)});
  }
  if (memory_[found_at->second].size != size) found_mixed_sizes(address);
  if (graph_.writes.size() < memory_.size()) graph_.writes.resize(memory_.size());
  return found_at->second;
}

// ---- Steps.

// The running thread's next event if the graph has it already, else null.
const event* explorer::replayed(const access& a) {
  const auto& own = graph_.threads[thread_];
  if (position_ == own.size()) {
    if (graph_.events.size() + 2 > max_events)
      found("no end in sight: a loop repeats and may see nothing new");
    return nullptr;
  }
  const event& e = graph_.at(own[position_++]);
  if (e.what != a.what || e.location != a.location) found("the program is not deterministic");
  return &e;
}

void explorer::must_not_race(const access& a) {
  if (const event* other = graph_.race(thread_, a)) {
    const std::size_t rival = other->thread;  // before the graph grows
    access shown = a;
    if (a.what == kind::read) {
      graph_.add_read(thread_, shown, initial, memory_);
    } else {
      graph_.add_write(thread_, shown, graph_.writes[a.location].size());
    }
    note("data race on " + describe(memory_[a.location].address, names_) + ": " + thread_names_[thread_] +
         " and " + thread_names_[rival]);
    leave();
  }
}

std::uint64_t explorer::read(const void* address, std::size_t size, access a) {
  settle();
  if (phase_ != phase::threads) return read_directly(address, size, a);
  a.what = kind::read;
  a.location = locate(address, size);
  if (running_.spinning && a.updates == update::none) {
    const auto again = std::find_if(running_.recent.rbegin(), running_.recent.rend(), [&](event_id id) {
      const event& e = graph_.at(id);
      return e.location == a.location && e.order == a.order;
    });
    if (again != running_.recent.rend() &&
        graph_.place_of(graph_.at(*again)) >=
            graph_.oldest_visible(a.location, graph_.at(graph_.threads[thread_][position_ - 1]).before)) {
      running_.awaited.push_back(*again);
      if (++running_.repeats > most_repeats) block();
      return graph_.at(*again).value;
    }
  }
  running_.spinning = false;
  interrupt_point();
  if (replayed(a) == nullptr) {
    extend_read(a);
    ++position_;
  }
  const event_id id = graph_.threads[thread_][position_ - 1];
  const std::uint64_t value = graph_.at(id).value;
  running_.recent.push_back(id);
  running_.awaited.push_back(id);
  if (graph_.at(id).half_done()) {
    const access half = write_half(graph_.at(id), size);
    if (replayed(half) == nullptr) {
      if (!extend_write(thread_, half)) drop();
      ++position_;
    }
    running_.changed = true;
    running_.recent.clear();
  }
  return value;
}

void explorer::write(const void* address, std::size_t size, access a) {
  settle();
  if (phase_ != phase::threads) {
    if (phase_ == phase::setup || in_arena(address)) std::memcpy(const_cast<void*>(address), &a.value, size);
    return;
  }
  a.what = kind::write;
  a.location = locate(address, size);
  running_.spinning = false;
  interrupt_point();
  if (replayed(a) == nullptr) {
    must_not_race(a);
    if (!extend_write(thread_, a)) drop();
    ++position_;
  }
  running_.changed = true;
  running_.recent.clear();
}

void explorer::fence(std::memory_order order) {
  if (phase_ != phase::threads) return;
  settle();
  access a;
  a.order = order;
  running_.spinning = false;
  interrupt_point();
  if (replayed(a) != nullptr) return;
  graph_.add(thread_, a);
  ++position_;
  if (!graph_.sequentially_consistent()) drop();
}

unsigned explorer::choose(unsigned options) {
  if (phase_ != phase::threads || options < 2) return 0;
  settle();
  access a;
  a.what = kind::choice;
  if (const event* e = replayed(a)) return static_cast<unsigned>(e->value);
  for (a.value = options - 1; a.value != 0; --a.value) {
    pending_.push_back(graph_);
    pending_.back().add(thread_, a);
  }
  graph_.add(thread_, a);
  ++position_;
  return 0;
}

void explorer::interrupt_point() {
  if (phase_ != phase::threads || !running_.interruptible || running_.handlers.empty()) return;
  const unsigned chosen = choose(static_cast<unsigned>(running_.handlers.size()) + 1);
  if (chosen == 0) return;
  const auto at = std::next(running_.handlers.begin(), chosen - 1);
  running_.begun.push_back(std::move(*at));
  running_.handlers.erase(at);
  running_.recent.clear();
  running_.awaited.clear();
  running_.changed = running_.spinning = false;
  ++running_.depth;
  running_.begun.back()();
  --running_.depth;
  running_.recent.clear();
  running_.awaited.clear();
  running_.changed = true;
}

std::uint64_t explorer::read_directly(const void* address, std::size_t size, const access& a) {
  event read;
  static_cast<access&>(read) = a;
  read.what = kind::read;
  read.value = phase_ == phase::setup || in_arena(address)
                   ? value_at(address, size)
                   : graph_.final_value(locate(address, size), memory_[locate(address, size)]);
  if (read.half_done()) write(address, size, write_half(read, size));
  return read.value;
}

// A plain access that the compiler announces. It follows the call, so a read finds its value in memory, and
// what a write has stored is known later.
void explorer::plain_access(void* address, std::size_t size, bool writes) {
  if (phase_ != phase::threads || !in_arena(address)) return;
  access a;
  a.plain = true;
  if (writes) {
    write(address, size, a);
    unsettled_ = graph_.threads[thread_][position_ - 1];
  } else {
    const std::uint64_t value = read(address, size, a);
    std::memcpy(address, &value, size);
  }
}

void explorer::settle() {
  if (unsettled_ == initial) return;
  event& e = graph_.at(std::exchange(unsettled_, initial));
  e.value = value_at(memory_[e.location].address, memory_[e.location].size);
}

// ---- Beyond the graph.

void explorer::extend_read(access a) {
  must_not_race(a);
  const auto& order = graph_.writes[a.location];
  const int oldest = graph_.oldest_visible(a.location, graph_.past(thread_));
  const int newest = static_cast<int>(order.size()) - 1;
  const auto source = [&](int place) { return place < 0 ? initial : order[static_cast<std::size_t>(place)]; };
  if (!a.plain) {  // a plain read that does not race has one source
    for (int place = oldest; place < newest; ++place) {
      graph other = graph_;
      other.add_read(thread_, a, source(place), memory_);
      if (other.sequentially_consistent()) pending_.push_back(std::move(other));
    }
  }
  graph_.add_read(thread_, a, source(newest), memory_);
  if (!graph_.sequentially_consistent()) drop();
}

// False: there is no place for this write; but earlier reads may have taken it.
bool explorer::extend_write(std::size_t thread, const access& a) {
  for (event_id r = graph_.last(); r >= 0 && !a.plain; --r) {
    const event& read = graph_.at(r);
    if (!read.reads() || read.location != a.location || read.plain || !graph_.may_revisit(r, thread))
      continue;
    const graph kept = graph_.without_what_follows(r, thread);
    for (const std::size_t place : kept.places_for(thread, a)) {
      graph other = kept;
      other.add_write(thread, a, place);
      if (other.redirect(r, other.last()) && other.sequentially_consistent())
        pending_.push_back(std::move(other));
    }
  }
  const std::vector<std::size_t> places = graph_.places_for(thread, a);
  if (places.empty()) return false;
  for (std::size_t i = 1; i < places.size(); ++i) {
    graph other = graph_;
    other.add_write(thread, a, places[i]);
    if (other.sequentially_consistent()) pending_.push_back(std::move(other));
  }
  graph_.add_write(thread, a, places.front());
  return graph_.sequentially_consistent();
}

// ---- Waiting.

void explorer::wait_begins() {
  running_.awaited.clear();
  running_.changed = false;
}

void explorer::wait_for_change() {
  if (phase_ != phase::threads) return;
  if (!running_.changed && !running_.awaited.empty()) block();
  running_.recent.clear();
  wait_begins();
}

void explorer::block() {
  some_wait_ = true;
  awaited_.insert(awaited_.end(), running_.awaited.begin(), running_.awaited.end());
  leave();
}

}  // namespace model
