#include "cases.hpp"

namespace rtseq::rt {
namespace {

struct named_conditions {
  const char* name;
  conditions when;
};

conditions some(bool hog, unsigned readers, bool handler, bool writer_waits_too, bool by_deadline = false) {
  conditions when;
  when.hog = hog;
  when.readers = readers;
  when.handler = handler;
  when.writer_waits_too = writer_waits_too;
  when.by_deadline = by_deadline;
  return when;
}

const named_conditions all_conditions[] = {
    {"no hog", some(false, 1, false, false)},
    {"hog", some(true, 1, false, false)},
    {"hog, in a handler", some(true, 1, true, false)},
    {"hog, 3 readers", some(true, 3, false, false)},
    {"hog, the writer waits too", some(true, 1, false, true)},
    {"hog, reader of SCHED_DEADLINE", some(true, 1, false, false, true)},
};

bool makes_sense(const kind& reader, const conditions& when) {
  using enum expectation;
  const bool plain = when.readers == 1 && !when.handler && !when.writer_waits_too && !when.by_deadline;
  if (reader.hog_only) return when.hog && plain;
  switch (reader.expected) {
    case bounded:
      // In a value's store no lock can be waited for.
      return (!when.handler || reader.in_handlers) && !(when.writer_waits_too && reader.is_value);
    case never_waits:
      return !when.writer_waits_too && when.readers == 1;
    case times_out:
      return when.readers == 1 && !when.writer_waits_too && !when.by_deadline;
    case inverts:
      return when.hog && plain;
    case livelocks:
      return !when.hog && plain;
  }
  return false;
}

}  // namespace

std::vector<named_case> all_cases(unsigned writes) {
  std::vector<named_case> cases;
  for (const kind& reader : all_kinds()) {
    for (const named_conditions& condition : all_conditions) {
      if (!makes_sense(reader, condition.when)) continue;
      named_case& it = cases.emplace_back(named_case{&reader, condition.name, condition.when});
      it.when.writes = writes;
      if (reader.expected == expectation::inverts) it.when.writes = 10;
      if (reader.expected == expectation::livelocks) {
        it.when.writes = 1;
        it.when.patience = 100'000'000;
      }
    }
  }
  return cases;
}

// What a lock may take more where the reader is of SCHED_DEADLINE: seen, not derived (docs/decisions/0009).
constexpr std::int64_t more_by_deadline = 50'000;

std::int64_t bound(const named_case& it, std::size_t number, std::int64_t lock_time) {
  if (it.when.by_deadline) lock_time += more_by_deadline;
  switch (it.reader->expected) {
    case expectation::bounded: {
      // Readers above it go first; a writer that waits goes through two locks.
      const std::size_t locks = it.when.readers - number + (it.when.writer_waits_too ? 1 : 0);
      return static_cast<std::int64_t>(locks) * lock_time;
    }
    case expectation::times_out:
    case expectation::never_waits:
      return lock_time;
    case expectation::inverts:
    case expectation::livelocks:
      break;
  }
  return 0;
}

std::string broken_promise(const named_case& it, const outcome& seen, std::optional<lock_times> limits) {
  using enum expectation;
  const expectation expected = it.reader->expected;
  if (expected == livelocks) return seen.gave_up ? "" : "came back";
  if (seen.gave_up) return "never came back, or was wrong";
  if (expected == inverts) return seen.hog_first == seen.writes ? "" : "did not wait for the hog";
  if (seen.hog_first != 0) return "waited for the hog";
  if (seen.writes != it.when.writes) return "not all writes";
  if (expected == never_waits && seen.sleeps != 0) return "gave up the processor";
  if (!limits) return "";
  if (expected == times_out) {
    return seen.longest <= short_time + bound(it, 0, limits->most) ? "" : "too late";
  }
  for (std::size_t i = 0; i < seen.beyond.size(); ++i) {
    const auto [longest, second] = seen.beyond[i];
    if ((limits->but_for_one ? second : longest) > bound(it, i, limits->most)) return "too late";
  }
  return "";
}

}  // namespace rtseq::rt
