// The functions that programs and the provider of the atomics call.
#include "explorer.hpp"

#include <cstring>
#include <vector>

namespace model {

namespace {

explorer* current = nullptr;  // null outside explore()

struct thread_variable {
  void* address;
  std::size_t size;
};
std::vector<thread_variable>& thread_variables() {
  static std::vector<thread_variable> all;
  return all;
}

}  // namespace

void forget_thread_variables() {
  for (const thread_variable& variable : thread_variables()) std::memset(variable.address, 0, variable.size);
}

verdict explore(const std::function<void(program&)>& setup, options how) {
  explorer search{setup, how};
  current = &search;
  verdict result = search.explore();
  current = nullptr;
  return result;
}

void* program::room(std::size_t size, std::size_t alignment) { return current->room(size, alignment); }
void program::name_bytes(const void* address, std::size_t size, const char* name) {
  current->name({address, size, name});
}
void program::thread(const char* name, std::function<void()> body) {
  current->add_thread(name, std::move(body));
}
void program::afterwards(std::function<void()> body) { current->add_afterwards(std::move(body)); }

void require(bool condition, const char* what) {
  if (!condition) current->found(what);
}
void assume(bool condition) {
  if (!condition) current->give_up();
}
unsigned choose(unsigned options) { return current->choose(options); }
void interrupt(std::function<void()> handler) { current->running().handlers.push_back(std::move(handler)); }
bool allow_interrupts(bool allowed) {
  const bool before = std::exchange(current->running().interruptible, allowed);
  current->interrupt_point();
  return before;
}
bool interrupts_allowed() { return current->running().interruptible; }
bool in_interrupt() { return current->running().depth != 0; }
void observe(const std::string& outcome) { current->observe(outcome); }

namespace detail {

std::uint64_t load(const void* address, std::size_t size, int order, bool plain) {
  access a;
  a.order = static_cast<std::memory_order>(order);
  a.plain = plain;
  if (current == nullptr) {
    std::uint64_t value = 0;
    std::memcpy(&value, address, size);
    return value;
  }
  return current->read(address, size, a);
}

void store(const void* address, std::size_t size, std::uint64_t value, int order, bool plain) {
  access a;
  a.order = static_cast<std::memory_order>(order);
  a.plain = plain;
  a.value = value;
  if (current == nullptr) {
    std::memcpy(const_cast<void*>(address), &value, size);
  } else {
    current->write(address, size, a);
  }
}

std::uint64_t read_modify_write(const void* address, std::size_t size, int operation, std::uint64_t operand,
                                int order, std::uint64_t expected, int order_on_failure) {
  access a;
  a.updates = static_cast<update>(operation);
  a.order = static_cast<std::memory_order>(order);
  a.order_on_failure = static_cast<std::memory_order>(order_on_failure);
  a.operand = operand;
  a.expected = expected;
  return current->read(address, size, a);
}

void constructed(const void* address, std::size_t size, std::uint64_t value) {
  if (current != nullptr && current->now() == explorer::phase::threads) store(address, size, value, 0, true);
}

void plain_access(void* address, std::size_t size, bool writes) {
  if (current != nullptr) current->plain_access(address, size, writes);
}
void fence(int order) { current->fence(static_cast<std::memory_order>(order)); }
void step() { current->interrupt_point(); }
void spin() { current->spin(); }
void wait_begins() {
  if (current != nullptr) current->wait_begins();
}
void wait_for_change() { current->wait_for_change(); }
unsigned thread_number() {
  return current != nullptr && current->now() == explorer::phase::threads
             ? static_cast<unsigned>(current->thread()) + 1
             : 0;
}
int forget_at_thread_start(void* variable, std::size_t size) {
  thread_variables().push_back({variable, size});
  return 0;
}

}  // namespace detail
}  // namespace model
