// Read-copy-update: pointers to data that readers follow without a lock, in the shape of P2545 over liburcu.
//
// What a seqlocked value refuses, because a reader might follow a pointer to what was freed (S12), is
// published here instead: the writer exchanges the pointer and retires the old object, which is destroyed
// after every reader that may have seen it is done.
//
//   rtseq::rcu_pointer<const config> current;
//   {
//     rtseq::rcu_reader reader;                      // or std::scoped_lock lock(rtseq::rcu_default_domain());
//     use(*current.load());
//   }
//   rtseq::rcu_retire(current.exchange(new config(...)));
//
// For structures that are read much more often than changed. For small plain values seqlocked is simpler and
// frees nothing late. A seqlocked value may hold pointers, too, if it is loaded and they are followed inside
// an rcu_reader, and what they pointed to is retired: say so with rtseq::pointers_are_stable<T>.
//
// The flavour is chosen by type (<rtseq/rcu_flavours.hpp> says what each costs, asks, and which of them a signal
// handler may read under): rcu_reader<rcu_memb>, rcu_default_domain<rcu_memb>(). Needs rtseq::rcu (liburcu).
// Source: P2545R4; C++26 [saferecl.rcu]; liburcu's rcu-api.md.
#ifndef RTSEQ_RCU_HPP
#define RTSEQ_RCU_HPP

#include <rtseq/detail/rcu_edges.hpp>
#include <rtseq/detail/tsan.hpp>
#include <rtseq/rcu_flavours.hpp>
#include <rtseq/rcu_pointer.hpp>
#include <rtseq/violation.hpp>

#include <utility>

namespace rtseq {

// The default deleter: P2545's std::default_delete without the weight of <memory>.
struct rcu_delete {
  template <class T>
  void operator()(T* object) const {
    static_assert(sizeof(T) > 0, "rtseq: cannot delete an incomplete type");
    delete object;
  }
};

namespace detail {

// liburcu's queue link as a member: users' classes inherit none of its names.
struct rcu_hook {
  rcu_hook() noexcept = default;
  rcu_hook(const rcu_hook&) noexcept {}  // a copy of a retired object is not retired
  rcu_hook& operator=(const rcu_hook&) noexcept { return *this; }
  ::rcu_head rtseq_rcu_head{};
};

template <class Flavour>
inline void rcu_enqueue(rcu_hook& hook, void (*run)(::rcu_head*)) noexcept {
  tsan_release(&hook);
  Flavour::call(&hook.rtseq_rcu_head, run);
}
template <class Flavour>
inline rcu_hook& rcu_dequeued(::rcu_head* head) noexcept {
  rcu_hook* const hook = reinterpret_cast<rcu_hook*>(head);  // its first member, and it is of standard layout
  tsan_acquire(hook);
  rcu_edges<Flavour>::grace_period_ends();
  return *hook;
}

template <class Flavour>
inline void rcu_refuse_in_section(const char* message) noexcept {
  if constexpr (!Flavour::needs_quiescent_states) {  // there, a thread that waits is no reader meanwhile
    if (Flavour::read_ongoing()) [[unlikely]]
      fatal_violation(violation::self_deadlock, message, nullptr);
  }
}

}  // namespace detail

// The readers of one flavour. There is one object, made by rcu_default_domain(); it meets Cpp17Lockable.
template <class Flavour>
class basic_rcu_domain {
 public:
  using flavour = Flavour;
  basic_rcu_domain(const basic_rcu_domain&) = delete;
  basic_rcu_domain& operator=(const basic_rcu_domain&) = delete;

  // Begins a section: what is retired or replaced from now on outlives it. Wait-free after a thread's first call.
  // Nests. Tasks, and handlers where Flavour::handler_may_read. Where Flavour::needs_registration, only in a
  // registered thread: in another one it protects nothing.
  void lock() noexcept {
    Flavour::read_lock();
    detail::rcu_edges<Flavour>::section_begins();
  }
  bool try_lock() noexcept {
    lock();
    return true;
  }
  // Ends the innermost section. Wait-free, but it may wake a waiting writer (one futex call).
  void unlock() noexcept {
    detail::rcu_edges<Flavour>::section_ends();
    Flavour::read_unlock();
  }

 private:
  basic_rcu_domain() noexcept = default;
  template <class F>
  friend basic_rcu_domain<F>& rcu_default_domain() noexcept;
};

using rcu_domain = basic_rcu_domain<rcu_bp>;

template <class Flavour = rcu_bp>
[[nodiscard]] inline basic_rcu_domain<Flavour>& rcu_default_domain() noexcept {
  static constinit basic_rcu_domain<Flavour> domain;
  return domain;
}

// One section, while it lives.
template <class Flavour = rcu_bp>
class [[nodiscard]] rcu_reader {
 public:
  rcu_reader() noexcept { rcu_default_domain<Flavour>().lock(); }
  ~rcu_reader() { rcu_default_domain<Flavour>().unlock(); }
  rcu_reader(const rcu_reader&) = delete;
  rcu_reader& operator=(const rcu_reader&) = delete;
};

// Registers the calling thread while it lives: one at a time a thread, and made and ended there. Blocking
// (a lock of liburcu's), task context. Under rcu_bp, registration lasts as long as the thread.
template <class Flavour>
class [[nodiscard]] rcu_thread {
 public:
  rcu_thread() noexcept {
    Flavour::register_thread();
    detail::rcu_edges<Flavour>::section_begins();
  }
  ~rcu_thread() {
    detail::rcu_edges<Flavour>::section_ends();
    Flavour::unregister_thread();
  }
  rcu_thread(const rcu_thread&) = delete;
  rcu_thread& operator=(const rcu_thread&) = delete;
};

// "I hold no reference." Wait-free; does nothing where the flavour does not ask for it. Registered threads.
template <class Flavour = rcu_qsbr>
inline void rcu_quiescent_state() noexcept {
  detail::rcu_edges<Flavour>::section_ends();
  Flavour::quiescent_state();
  detail::rcu_edges<Flavour>::section_begins();
}

// "I hold no reference while this lives": around whatever blocks. Wait-free. Registered threads; does not nest.
template <class Flavour = rcu_qsbr>
class [[nodiscard]] rcu_offline {
 public:
  rcu_offline() noexcept {
    detail::rcu_edges<Flavour>::section_ends();
    Flavour::thread_offline();
  }
  ~rcu_offline() {
    Flavour::thread_online();
    detail::rcu_edges<Flavour>::section_begins();
  }
  rcu_offline(const rcu_offline&) = delete;
  rcu_offline& operator=(const rcu_offline&) = delete;
};

// Waits until every section that had begun before the call has ended. Blocking, task context; inside a section it
// would wait for itself, which is reported (violation::self_deadlock).
template <class Flavour = rcu_bp>
inline void rcu_synchronize(basic_rcu_domain<Flavour>& = rcu_default_domain<Flavour>()) noexcept {
  detail::rcu_refuse_in_section<Flavour>("rcu_synchronize: inside a read section it waits for itself");
  detail::rcu_edges<Flavour>::grace_period_begins();
  Flavour::synchronize();
  detail::rcu_edges<Flavour>::grace_period_ends();
}

// Waits until the deleters of everything that was retired before the call have run. Blocking (tens of ms),
// task context; not in a deleter; inside a section reported as above.
template <class Flavour = rcu_bp>
inline void rcu_barrier(basic_rcu_domain<Flavour>& = rcu_default_domain<Flavour>()) noexcept {
  detail::rcu_refuse_in_section<Flavour>("rcu_barrier: inside a read section it waits for itself");
  detail::rcu_edges<Flavour>::barrier();
}

// Calls deleter(object) after every section that had begun has ended, in a thread of liburcu's. Does not wait, also
// inside a section. Allocates one node (24 bytes and the deleter; may throw std::bad_alloc, the object is then not
// retired), so task context; registered threads where the flavour needs it. rcu_obj_base saves the node.
template <class T, class D = rcu_delete, class Flavour = rcu_bp>
inline void rcu_retire(T* object, D deleter = D(),
                       basic_rcu_domain<Flavour>& = rcu_default_domain<Flavour>()) {
  struct node : detail::rcu_hook {
    node(T* p, D&& d) : object(p), deleter(std::move(d)) {}
    T* object;
    [[no_unique_address]] D deleter;
  };
  detail::rcu_enqueue<Flavour>(*new node(object, std::move(deleter)), [](::rcu_head* head) noexcept {
    node* const expired = static_cast<node*>(&detail::rcu_dequeued<Flavour>(head));
    expired->deleter(expired->object);
    delete expired;
    detail::rcu_edges<Flavour>::deleter_ends();
  });
}

// A base for classes that can be retired without an allocation: struct config : rcu_obj_base<config> {…}.
template <class T, class D = rcu_delete>
class rcu_obj_base : private detail::rcu_hook {
 public:
  // As rcu_retire, once an object.
  template <class Flavour = rcu_bp>
  void retire(D deleter = D(), basic_rcu_domain<Flavour>& = rcu_default_domain<Flavour>()) noexcept {
    deleter_ = std::move(deleter);
    detail::rcu_enqueue<Flavour>(*this, [](::rcu_head* head) noexcept {
      rcu_obj_base& self = static_cast<rcu_obj_base&>(detail::rcu_dequeued<Flavour>(head));
      D last = std::move(self.deleter_);  // it may be gone when the object is
      last(static_cast<T*>(&self));
      detail::rcu_edges<Flavour>::deleter_ends();
    });
  }

 protected:
  rcu_obj_base() = default;
  rcu_obj_base(const rcu_obj_base&) = default;
  rcu_obj_base& operator=(const rcu_obj_base&) = default;
  ~rcu_obj_base() = default;

 private:
  [[no_unique_address]] D deleter_{};
};

}  // namespace rtseq

#endif
