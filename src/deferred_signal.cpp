// The part of deferred_signal_context that runs when a signal arrives, and its registration.
#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/context/signal.hpp>
#include <rtseq/violation.hpp>

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>

namespace rtseq {
namespace {

using handler = deferred_signal_context::handler;

// A signal mask as the kernel has it: shorter than glibc's sigset_t. In a signal frame, what follows these
// bytes of uc_sigmask is something else.
using kernel_mask = std::uint64_t;
static_assert((_NSIG - 1) / 8 == sizeof(kernel_mask));

kernel_mask load_mask(const sigset_t& set) noexcept {
  kernel_mask mask;
  std::memcpy(&mask, &set, sizeof mask);
  return mask;
}
void store_mask(sigset_t& set, kernel_mask mask) noexcept { std::memcpy(&set, &mask, sizeof mask); }

// Everything but synchronous faults.
kernel_mask maskable() noexcept { return load_mask(all_signals::set()); }

// Async-signal-safe, unlike some pthread_sigmask(), and in the kernel's size.
kernel_mask change_mask(int how, kernel_mask mask) noexcept {
  kernel_mask before = 0;
  ::syscall(SYS_rt_sigprocmask, how, &mask, &before, sizeof mask);
  return before;
}

class all_blocked {
 public:
  all_blocked() = default;
  ~all_blocked() { change_mask(SIG_SETMASK, before_); }
  all_blocked(const all_blocked&) = delete;
  all_blocked& operator=(const all_blocked&) = delete;

 private:
  const kernel_mask before_ = change_mask(SIG_BLOCK, maskable());
};

// What a trampoline needs. Immutable and never freed: one on another thread may still be reading it.
struct entry {
  handler function;
  kernel_mask blocked;  // while it runs, besides what was blocked before
  const entry* older;
};

detail::atomic<const entry*> table[_NSIG];

// Registration; trampolines do not come here, and no handler comes on top of one who does: it might fork.
std::mutex registration;
const entry* newest_entry = nullptr;       // all of them; guarded by `registration`
struct sigaction installed_before[_NSIG];  // guarded by `registration`

// How often a handler was unregistered. Counted between the disposition's change and the table's.
detail::atomic<unsigned> unregistered;

[[maybe_unused]] const int keep_registration_usable_in_child = ::pthread_atfork(
    [] { registration.lock(); }, [] { registration.unlock(); }, [] { registration.unlock(); });

// An equal entry is as good as a new one, so registering again and again does not grow.
const entry* make_entry(handler function, kernel_mask blocked) noexcept {
  for (const entry* e = newest_entry; e != nullptr; e = e->older) {
    if (e->function == function && e->blocked == blocked) return e;
  }
  const entry* const made = new (std::nothrow) entry{function, blocked, newest_entry};
  if (made != nullptr) newest_entry = made;
  return made;
}

struct kept_signal {
  siginfo_t info;
  pid_t process;      // a forked child's copy of it is the parent's
  kernel_mask added;  // what was blocked on its account
};
RTSEQ_THREAD_LOCAL(kept_signal, kept);

// Back into the thread's own queue, with everything that is known of it.
void send_to_self(siginfo_t info) noexcept {
  const auto send = [&] {
    return ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::syscall(SYS_gettid), info.si_signo, &info);
  };
  if (send() != 0) {
    info.si_code = SI_USER;  // no room in the queue: the kernel then sends a plain signal without siginfo
    send();
  }
}

// The signal waits until the depth is 0. Precondition: no signal arrives meanwhile.
void keep(const siginfo_t& info, ucontext_t& interrupted) noexcept {
  const kernel_mask mask = load_mask(interrupted.uc_sigmask);
  const pid_t process = ::getpid();
  kept_signal slot = kept;
  if (!detail::deferred_signal_kept)
    slot = {.info = info, .process = process, .added = 0};
  else if (slot.process != process)
    slot = {.info = info, .process = process, .added = slot.added};
  else
    send_to_self(info);  // one is kept, and signals were unblocked since
  slot.added |= maskable() & ~mask;
  kept = slot;
  detail::deferred_signal_kept = true;
  store_mask(interrupted.uc_sigmask, mask | maskable());
}

// Runs the handler as if it had interrupted code with the mask `around`. Precondition: all is blocked.
void handle(const entry& to, siginfo_t& info, void* ucontext, kernel_mask around) noexcept {
  detail::deferred_handler_depth = detail::deferred_handler_depth + 1;
  detail::signal_fence();  // the handler, and one on top of it, find the depth raised
  const kernel_mask wanted = around | to.blocked;
  // ThreadSanitizer blocks everything while it runs a handler, and loses the mask if that unblocks a signal.
  const bool leave_mask = RTSEQ_TSAN && ucontext != nullptr;
  if (wanted != (around | maskable()) && !leave_mask) change_mask(SIG_SETMASK, wanted);
  RTSEQ_LOCKDEP_HOOK(handler_entered(detail::lockdep::irq::deferred_signal, info.si_signo));
  to.function(info.si_signo, &info, ucontext);
  RTSEQ_LOCKDEP_HOOK(handler_left(detail::lockdep::irq::deferred_signal));
  detail::signal_fence();  // pairs with the one above: the handler stays in between
  detail::deferred_handler_depth = detail::deferred_handler_depth - 1;
}

void trampoline(int signo, siginfo_t* info, void* ucontext) noexcept;

// Is our handler installed? Then who unregistered it did not see to it that it is not.
bool still_installed(int signo) noexcept {
  struct sigaction now = {};
  return ::sigaction(signo, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
         now.sa_sigaction == trampoline;
}

// Nothing is registered, and yet our handler is installed, by somebody else's sigaction(): a signal sent on to it would
// come back for ever. Who registers is in the table before it is installed, and who unregisters has counted before
// it leaves the table; so an empty one behind an installed handler, with nothing counted around both, is neither.
bool installed_by_others(int signo) noexcept {
  // relaxed: still_installed() asks the kernel, which orders this before any unregistration that it does not see.
  const unsigned before = unregistered.load(std::memory_order_relaxed);
  // acquire: pairs with unregister_handler's release; without it its count could be missed.
  return still_installed(signo) && table[signo].load(std::memory_order_acquire) == nullptr &&
         unregistered.load(std::memory_order_relaxed) == before;  // relaxed: the acquire orders it
}

// Calls the handler, or whatever replaced it in the meantime.
void dispatch(siginfo_t& info, void* ucontext, kernel_mask around) noexcept {
  // acquire: pairs with register_handler's release; without it the entry could be read before it was written.
  if (const entry* const to = table[info.si_signo].load(std::memory_order_acquire)) {
    handle(*to, info, ucontext, around);
    return;
  }
  if (installed_by_others(info.si_signo)) {
    detail::fatal_violation(violation::context_misuse,
                            "deferred_signal_context: a signal's handler was unregistered and then installed "
                            "again by sigaction(); nothing is registered for it",
                            nullptr);
  }
  send_to_self(info);
}

void trampoline(int, siginfo_t* info, void* ucontext) noexcept {
  const int saved_errno = errno;
  auto& interrupted = *static_cast<ucontext_t*>(ucontext);
  // Also at depth 0 if one is kept, about to be handled: it came first.
  if (detail::deferred_signal_depth != 0 || detail::deferred_signal_kept) {
    keep(*info, interrupted);
  } else {
    dispatch(*info, ucontext, load_mask(interrupted.uc_sigmask));
  }
  errno = saved_errno;
}

}  // namespace

void detail::deliver_kept_signal() noexcept {
  const int saved_errno = errno;
  // All is blocked already, unless the program has unblocked it.
  const kernel_mask mask = change_mask(SIG_BLOCK, maskable());
  kept_signal slot = kept;
  // From here the slot is free: the handler may have masked sections of its own.
  deferred_signal_kept = false;
  signal_fence();
  const kernel_mask around = mask & ~slot.added;
  if (slot.process == ::getpid()) dispatch(slot.info, nullptr, around);
  change_mask(SIG_SETMASK, around);
  errno = saved_errno;
}

int deferred_signal_context::register_handler(int signo, handler function, const sigset_t* also_blocked,
                                              int sa_flags) noexcept {
  constexpr int accepted = SA_NODEFER | SA_ONSTACK | SA_NOCLDSTOP | SA_NOCLDWAIT | SA_RESTART | SA_SIGINFO;
  if (!detail::is_maskable_signal(signo) || function == nullptr || (sa_flags & ~accepted) != 0) return EINVAL;

  sigset_t blocked;
  ::sigemptyset(&blocked);
  if (also_blocked != nullptr) blocked = *also_blocked;
  if ((sa_flags & SA_NODEFER) == 0) ::sigaddset(&blocked, signo);

  struct sigaction action = {};
  action.sa_sigaction = trampoline;
  action.sa_mask = all_signals::set();  // so that keeping a signal is one step
  action.sa_flags = (sa_flags & ~SA_NODEFER) | SA_SIGINFO | SA_RESTART;

  const all_blocked no_handler;
  const std::lock_guard guard(registration);
  // relaxed, here and in unregister_handler: the mutex orders registrations among each other.
  if (table[signo].load(std::memory_order_relaxed) != nullptr) return EBUSY;
  const entry* const made = make_entry(function, load_mask(blocked));
  if (made == nullptr) return ENOMEM;
  // release: pairs with dispatch's acquire. Before sigaction: a trampoline may run at once.
  table[signo].store(made, std::memory_order_release);
  if (::sigaction(signo, &action, &installed_before[signo]) == 0) return 0;
  const int error = errno;
  table[signo].store(nullptr, std::memory_order_release);  // release: pairs as unregister_handler's
  return error;
}

int deferred_signal_context::unregister_handler(int signo) noexcept {
  if (!detail::is_maskable_signal(signo)) return EINVAL;
  const all_blocked no_handler;
  const std::lock_guard guard(registration);
  // relaxed: as in register_handler
  if (table[signo].load(std::memory_order_relaxed) == nullptr) return ENOENT;
  // First the disposition: a trampoline that then finds no entry sends the signal on to it. The other way
  // round, it would send it to itself until this thread ran again.
  if (::sigaction(signo, &installed_before[signo], nullptr) != 0) return errno;
  // relaxed: the store below makes it known.
  unregistered.store(unregistered.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // release: pairs with installed_by_others()' acquire.
  table[signo].store(nullptr, std::memory_order_release);
  return 0;
}

}  // namespace rtseq
