// The cells of one context: every type, over the context's own lock in every size and over the others in a few.
#ifndef TORTURE_CELLS_HPP
#define TORTURE_CELLS_HPP

#include "subjects.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace torture {

template <class Context>
struct cells_of {
  static constexpr interrupts handlers =
      std::is_same_v<Context, rtseq::signal_context>            ? interrupts::signals
      : std::is_same_v<Context, rtseq::deferred_signal_context> ? interrupts::deferred_signals
      : std::is_same_v<Context, rtseq::threaded_context>        ? interrupts::threads
      : std::is_same_v<Context, rtseq::virtual_cpu_context>     ? interrupts::virtual_cpus
                                                                : interrupts::none;
  std::vector<cell>& into;
  const char* context;

  void add() const {
    using own_lock = typename Context::lock_type;
    with_lock<own_lock>();
    if constexpr (!std::is_same_v<own_lock, rtseq::spinlock>) with_lock<rtseq::spinlock>();
    // Where nothing may sleep, only a lock that spins.
    if constexpr (!rtseq::lock_traits<own_lock>::sleeps)
      return;
    else {
      with_lock<std::mutex>();
      with_lock<rtseq::absl_mutex>();
      with_single_writer<8, 8>(), with_single_writer<518, 2>();
    }
  }

 private:
  template <class Subject>
  static std::unique_ptr<subject> make_sized(std::size_t size, random_numbers& random) {
    return std::make_unique<Subject>(size, random);
  }
  template <class Subject, bool Stores>
  static std::unique_ptr<subject> make_value(std::size_t, random_numbers&) {
    return std::make_unique<Subject>(Stores);
  }

  template <class Lock>
  static const char* lock_name() {
    if (std::is_same_v<Lock, rtseq::pi_mutex>) return "pi_mutex";
    if (std::is_same_v<Lock, rtseq::spinlock>) return "spinlock";
    return std::is_same_v<Lock, std::mutex> ? "std_mutex" : "absl_mutex";
  }

  template <std::size_t Size, std::size_t Alignment>
  void with_single_writer() const {
    into.push_back({"single_writer",
                    std::string("single_writer/") + context + "/none/" + std::to_string(Size), handlers,
                    make_value<single_writer_subject<payload<Size, Alignment>, Context>, false>, Size});
  }

  template <class Lock>
  void with_lock() const {
    if constexpr (std::is_same_v<Lock, typename Context::lock_type>) {
      with_value<Lock, 1, 1>(), with_value<Lock, 2, 2>(), with_value<Lock, 3, 1>(), with_value<Lock, 8, 8>();
      with_value<Lock, 12, 4>(), with_value<Lock, 31, 1>(), with_value<Lock, 64, 64>(),
          with_value<Lock, 256, 32>();
      with_value<Lock, 1000, 8>(), with_value<Lock, 4095, 1>(), with_value<Lock, 4096, 64>();
    } else {
      with_value<Lock, 7, 1>(), with_value<Lock, 518, 2>();
    }
  }

  template <class Lock, std::size_t Size, std::size_t Alignment>
  void with_value() const {
    using value = payload<Size, Alignment>;
    using seqlocked = seqlocked_subject<value, Context, Lock>;
    using latched = latched_subject<value, Context, Lock>;
    const auto put = [this](const char* type, auto make) {
      into.push_back(
          {type, std::string(type) + '/' + context + '/' + lock_name<Lock>() + '/' + std::to_string(Size),
           handlers, make, Size});
    };
    put("seqcount", make_sized<seqcount_subject<Context, Lock, false>>);
    put("seqcount<Lock>", make_sized<seqcount_subject<Context, Lock, true>>);
    put("seqcount_latch", make_sized<latch_subject<Context, Lock>>);
    put("seqlock", make_sized<seqlock_subject<Context, Lock>>);
    put("seqlocked.store", make_value<seqlocked, true>);
    put("seqlocked.update", make_value<seqlocked, false>);
    put("latched.store", make_value<latched, true>);
    put("latched.update", make_value<latched, false>);
  }
};

void add_task_cells(std::vector<cell>& into);
void add_signal_cells(std::vector<cell>& into);
void add_deferred_signal_cells(std::vector<cell>& into);
void add_threaded_cells(std::vector<cell>& into);
void add_virtual_cpu_cells(std::vector<cell>& into);

}  // namespace torture

#endif
