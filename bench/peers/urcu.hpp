// A value published through liburcu: two objects, the spare one is filled, exchanged and, after a grace period, spare
// again. One writer at a time; nothing is allocated, so that stores cost what the flavour's grace period costs.
#ifndef RTSEQ_BENCH_PEERS_URCU_HPP
#define RTSEQ_BENCH_PEERS_URCU_HPP

#include <rtseq/rcu.hpp>
#include <rtseq/rcu_flavours.hpp>
#include <rtseq/rcu_pointer.hpp>

namespace rtseq::bench {

template <class T, class Flavour>
class urcu {
 public:
  // What a thread that loads or stores has to own.
  using thread_scope = rtseq::rcu_thread<Flavour>;

  T load() const {
    T copy = read();
    // The most that qsbr costs: a program may announce one for many loads, and its writers then wait longer.
    if constexpr (Flavour::needs_quiescent_states) rtseq::rcu_quiescent_state<Flavour>();
    return copy;
  }
  void store(const T& value) {
    *spare_ = value;
    spare_ = current_.exchange(spare_);
    rtseq::rcu_synchronize<Flavour>();
  }

 private:
  T read() const {
    const rtseq::rcu_reader<Flavour> section;
    return *current_.load();
  }

  T objects_[2]{};
  rtseq::rcu_pointer<T> current_{&objects_[0]};
  T* spare_ = &objects_[1];
};

}  // namespace rtseq::bench

#endif
