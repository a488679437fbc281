// Every public name that needs no library: compiles, links and runs with nothing but `-I include -std=c++20`.
// What other projects compile against; a change here is a change of the interface.
#include <rtseq/context.hpp>
#include <rtseq/guards.hpp>
#include <rtseq/latched.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lock/traits.hpp>
#include <rtseq/per_byte_memcpy.hpp>
#include <rtseq/relaxed.hpp>
#include <rtseq/seqcount.hpp>
#include <rtseq/seqcount_latch.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#define MUST(condition)                                            \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      std::exit(1);                                                \
    }                                                              \
  } while (false)

struct point {
  double x, y;
  bool operator==(const point&) const = default;
};
struct holder {
  const char* name;
};
// A struct that holds pointers needs the same word from its author as a pointer itself.
template <>
inline constexpr bool rtseq::pointers_are_stable<const char*> = true;

// Values are there before any code runs: what is stored before main stays.
struct padded {
  char c;
  double d;
};
constinit rtseq::seqlocked<point> static_point;
constinit rtseq::pi_mutex static_mutex;
constinit rtseq::seqcount<rtseq::pi_mutex> static_count{static_mutex};
constinit rtseq::seqlock<> static_lock;
constinit rtseq::seqlocked<padded, rtseq::task_context, rtseq::spinlock> static_padded{padded{'x', 1}};
constinit rtseq::latched<point> static_latched{point{1, 2}};
struct without_default {
  constexpr explicit without_default(int v) : value{v} {}
  int value;
};
constinit rtseq::latched<without_default> static_without_default{without_default{3}};
static_assert(!std::is_default_constructible_v<rtseq::seqlocked<without_default>>);
static_assert(!std::is_default_constructible_v<rtseq::latched<without_default>>);

namespace {

void memory() {
  const point from{1, 2};
  point to{};
  void* (*load)(void*, const void*, std::size_t, std::memory_order) = rtseq::atomic_load_per_byte_memcpy;
  void* (*store)(void*, const void*, std::size_t, std::memory_order) = rtseq::atomic_store_per_byte_memcpy;
  MUST(load(&to, &from, sizeof to, std::memory_order_acquire) == &to && to == from);
  MUST(load(&to, &from, sizeof to, std::memory_order_relaxed) == &to);
  MUST(store(&to, &from, sizeof to, std::memory_order_release) == &to && to == from);
  MUST(store(&to, &from, sizeof to, std::memory_order_relaxed) == &to);

  rtseq::relaxed<int> field;
  field = 3;
  const int value = field;
  rtseq::relaxed<int> copy = field;
  copy = field;
  MUST(value == 3 && copy == 3);
}

template <class Seqcount>
void count(Seqcount& c) {
  static_assert(noexcept(c.read_begin())&& noexcept(c.try_read_begin())&& noexcept(c.raw_read_begin()));
  static_assert(noexcept(c.write_begin())&& noexcept(c.write_end())&& noexcept(
      c.write_invalidate())&& noexcept(c.write_barrier()));
  const Seqcount& reader = c;
  const rtseq::read_token first = reader.read_begin();
  std::optional<rtseq::read_token> second = reader.try_read_begin();
  MUST(second && *second == first && !(*second != first));
  MUST(!reader.read_retry(first) && !reader.read_retry(reader.raw_read_begin()));
  c.write_begin();
  MUST(!reader.try_read_begin() && reader.read_retry(reader.raw_read_begin()));
  c.write_end();
  const rtseq::read_token third = reader.read_begin();
  MUST(reader.read_retry(first) && !reader.read_retry(third));
  c.write_invalidate();
  MUST(reader.read_retry(third));
  c.write_barrier();
}

void counts() {
  rtseq::seqcount<> bare;
  count(bare);
  rtseq::pi_mutex lock;
  rtseq::seqcount<rtseq::pi_mutex> associated{lock};
  lock.lock();
  count(associated);
  lock.unlock();

  rtseq::seqcount_latch latch;
  const rtseq::read_token token = latch.read_latch();
  const unsigned copy = latch.index(token);
  MUST(copy <= 1 && !latch.read_retry(token));
  latch.write_latch_begin();
  MUST(latch.index(latch.read_latch()) != copy && latch.read_retry(token));
  latch.write_latch();
  latch.write_latch_end();
  static_assert(!std::is_constructible_v<rtseq::read_token, int>, "a token is made only by a begin");
}

template <class Context, class Lock>
void lock_and_count() {
  using seqlock = rtseq::seqlock<Context, Lock>;
  using flags = typename Context::flags_type;
  seqlock lock;
  rtseq::relaxed<int> data = 1;

  const rtseq::read_token token = lock.read_begin();
  std::optional<rtseq::read_token> tried = lock.try_read_begin();
  MUST(tried && *tried == token && !lock.read_retry(token));
  MUST(lock.read([&] { return int{data}; }) == 1);
  lock.read([&] { static_cast<void>(int{data}); });
  std::optional<int> once = lock.try_read([&] { return int{data}; });
  MUST(once == 1 && lock.try_read([&] { return int{data}; }, 3U) == 1);
  bool valid = lock.try_read([&] { static_cast<void>(int{data}); });
  MUST(valid);
  MUST(lock.read_or_lock([&] { return int{data}; }) == 1 &&
       lock.read_or_lock([&] { return int{data}; }, 0U) == 1);
  lock.read_or_lock([&] { static_cast<void>(int{data}); });

  lock.write_lock();
  data = 2;
  lock.write_unlock();
  MUST(lock.read_retry(token));
  MUST(lock.try_write_lock());
  lock.write_unlock();
  flags saved = lock.write_lock_irqsave();
  lock.write_unlock_irqrestore(saved);
  lock.read_lock_excl();
  lock.read_unlock_excl();
  saved = lock.read_lock_excl_irqsave();
  lock.read_unlock_excl_irqrestore(saved);

  { rtseq::write_guard guard{lock}; }
  { rtseq::write_irqsave_guard guard{lock}; }
  { rtseq::read_excl_guard guard{lock}; }
  { rtseq::read_excl_irqsave_guard guard{lock}; }
  { rtseq::irqsave_guard<Context> guard; }
  static_assert(!std::is_copy_constructible_v<decltype(rtseq::write_guard{lock})> &&
                !std::is_copy_constructible_v<decltype(rtseq::write_irqsave_guard{lock})> &&
                !std::is_copy_constructible_v<decltype(rtseq::read_excl_guard{lock})> &&
                !std::is_copy_constructible_v<decltype(rtseq::read_excl_irqsave_guard{lock})>);
}

template <class T, class... Options>
void value(const T& first, const T& second) {
  rtseq::seqlocked<T, Options...> cell{first};
  const auto& reader = cell;
  T seen{};
  static_assert(noexcept(reader.try_load(seen)));
  static_assert(std::same_as<decltype(reader.load()), T>);
  MUST(reader.try_load(seen));
  std::pair<T, rtseq::read_token> versioned = reader.load_versioned();
  MUST(!reader.changed_since(versioned.second));
  static_assert(noexcept(reader.changed_since(versioned.second)));
  cell.store(second);
  reader.wait_changed(versioned.second);
  MUST(reader.changed_since(versioned.second));
  cell.update([&](T& inside) { inside = first; });

  rtseq::latched<T, Options...> two;
  static_assert(noexcept(two.load())&& noexcept(two.try_store(second)));
  two.store(first);
  MUST(two.try_store(second));
  static_cast<void>(std::as_const(two).load());
}

void contexts_and_locks() {
  using context = rtseq::task_context;
  static_assert(rtseq::interrupt_context<context> && !rtseq::interrupt_context<int>);
  static_assert(std::same_as<context::lock_type, rtseq::pi_mutex> && !context::irqsave_masks &&
                !context::atomic_when_disabled);
  const context::flags_type flags = context::save_and_disable();
  context::restore(flags);
  MUST(!context::in_interrupt() && context::interrupts_enabled());

  using spins = rtseq::lock_traits<rtseq::spinlock>;
  using boosts = rtseq::lock_traits<rtseq::pi_mutex>;
  using plain = rtseq::lock_traits<std::mutex>;
  static_assert(!spins::sleeps && !spins::boosts_owner && !spins::robust);
  static_assert(boosts::sleeps && boosts::boosts_owner && !boosts::robust && !boosts::process_shared);
  static_assert(plain::sleeps && !plain::boosts_owner && !plain::robust && !plain::process_shared);

  lock_and_count<context, rtseq::pi_mutex>();
  lock_and_count<context, rtseq::spinlock>();
  lock_and_count<context, std::mutex>();
  rtseq::seqlock<> by_default;
  static_assert(std::same_as<decltype(by_default), rtseq::seqlock<rtseq::task_context, rtseq::pi_mutex>>);
}

}  // namespace

int main() {
  memory();
  counts();
  contexts_and_locks();
  value<std::uint64_t>(1, 2);
  value<point>({1, 2}, {3, 4});
  value<const char*>("a", "b");
  value<int, rtseq::task_context, rtseq::spinlock>(1, 2);
}
