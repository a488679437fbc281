#include "preempted.hpp"

#include <rtseq/lock/pi_mutex.hpp>

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>

namespace rtseq::rt {
namespace {

constexpr std::int64_t hog_time = 20'000'000;  // ns
constexpr int wake_signal = SIGUSR1;

// Everything here is handed from thread to thread by semaphores and locks, one at a time, but for the flags.
class experiment {
 public:
  experiment(const pair_of_roles& roles, const conditions& when)
      : roles_{roles}, when_{when}, dog_{when.patience} {
    outcome_.beyond.resize(when.readers);
  }

  outcome run() {
    struct sigaction before {};
    if (when_.handler) install_handler(before);
    {
      for (unsigned i = 0; i < when_.readers; ++i) {
        readers_.emplace_back(*this, static_cast<int>(i));
        readers_.back().ready.wait();
      }
      actor hog(hog_priority, [this] { hog_again_and_again(); });
      actor writer(writer_priority, [this] { write_again_and_again(); });
      std::optional<actor> holder;
      if (when_.writer_waits_too) holder.emplace(holder_priority, [this] { hold_again_and_again(); });
    }
    readers_.clear();
    if (when_.handler) ::sigaction(wake_signal, &before, nullptr);
    return outcome_;
  }

 private:
  struct reader {
    reader(experiment& in, int number)
        : thread{reader_priority + number, [this, &in] { in.read_again_and_again(*this); }} {}
    semaphore ready;
    semaphore goes;
    semaphore done;
    std::int64_t took = 0;  // ns
    std::int64_t worked_meanwhile = 0;
    long slept = 0;
    actor thread;
  };

  // ---- The writer.

  void write_again_and_again() {
    measure_end_of_write();
    for (; outcome_.writes != when_.writes && !outcome_.gave_up; ++outcome_.writes) {
      if (when_.writer_waits_too) next_write_.wait();
      roles_.write([this] { in_mid_write(); });
      judge();
    }
    // relaxed: the semaphores order it.
    stop_.store(true, std::memory_order_relaxed);
    hog_goes_.post();
    for (reader& r : readers_) wake(r);
  }
  void in_mid_write() {
    if (when_.writer_waits_too) {
      lent_.lock();  // the holder goes on, and wakes the reader
      lent_.unlock();
      work_on();
    } else {
      for (reader& r : readers_) wake_and_work_on(r);
    }
  }
  void judge() {
    for (reader& r : readers_) r.done.wait();
    const std::int64_t read = outcome_.gave_up ? 0 : undisturbed_read();
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      const reader& r = readers_[i];
      outcome_.longest = std::max(outcome_.longest, r.took);
      outcome_.sleeps = std::max(outcome_.sleeps, r.slept);
      const std::int64_t left = r.worked_meanwhile + (r.slept != 0 ? end_of_write_ : 0);
      const std::int64_t reads = read * static_cast<std::int64_t>(readers_.size() - i);
      outcome_.beyond[i].add(r.took - left - reads);
    }
  }
  // What the data as it is now takes to read, with nobody in between: the better of two.
  std::int64_t undisturbed_read() const {
    std::int64_t best = INT64_MAX;
    for (int i = 0; i < 2; ++i) {
      const std::int64_t from = own_time();
      (void)roles_.read(dog_);
      best = std::min(best, own_time() - from);
    }
    return best;
  }
  // What a write still does after in_mid_write has returned: the best of a few.
  void measure_end_of_write() {
    for (int i = 0; i < 4; ++i) {
      std::int64_t from = 0;
      roles_.write([&from] { from = own_time(); });
      end_of_write_ = std::min(end_of_write_, own_time() - from);
    }
  }

  // The owner of the lock that the writer waits for.
  void hold_again_and_again() {
    // relaxed: the semaphores order it.
    while (!stop_.load(std::memory_order_relaxed)) {
      lent_.lock();
      next_write_.post();  // the writer goes first: it opens its section, and waits for the lock
      wake_and_work_on(readers_.front());
      lent_.unlock();
    }
  }

  void wake_and_work_on(reader& r) {
    wake(r);  // preempted here
    work_on();
  }
  void work_on() {
    const std::int64_t from = own_time();
    work(1 + outcome_.writes * 97 % 4000);
    // relaxed: on one CPU a waiting reader sees it, and it orders nothing.
    worked_.fetch_add(own_time() - from, std::memory_order_relaxed);
  }
  void wake(reader& r) {
    if (when_.handler) {
      r.thread.send(wake_signal);
    } else {
      r.goes.post();
    }
  }

  // ---- Readers.

  void read_again_and_again(reader& me) {
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, wake_signal);
    sigset_t open;
    ::pthread_sigmask(SIG_BLOCK, &blocked, &open);
    ::sigdelset(&open, wake_signal);
    if (when_.by_deadline && run_by_deadline() != nullptr) outcome_.gave_up = true;
    handled_by_ = &me;
    me.ready.post();
    for (;;) {
      if (when_.handler) {
        ::sigsuspend(&open);
      } else {
        me.goes.wait();
        read_once(me);
      }
      if (stop_.load(std::memory_order_relaxed)) return;
    }
  }
  void read_once(reader& me) {
    if (stop_.load(std::memory_order_relaxed)) return;
    // relaxed: on one CPU the hog sees it, and it orders nothing.
    reading_.fetch_add(1, std::memory_order_relaxed);
    if (when_.hog) hog_goes_.post();  // it runs as soon as the reader does not
    const long slept_before = sleeps();
    const std::int64_t worked_before = worked_.load(std::memory_order_relaxed);
    const std::int64_t from = now();
    const bool right = roles_.read(dog_);
    me.took = now() - from;
    me.worked_meanwhile = worked_.load(std::memory_order_relaxed) - worked_before;
    me.slept = sleeps() - slept_before;
    if (!right) outcome_.gave_up = true;
    reading_.fetch_sub(1, std::memory_order_relaxed);
    me.done.post();
  }
  static void on_signal(int) { running_->read_once(*running_->handled_by_); }
  void install_handler(struct sigaction& before) {
    running_ = this;
    struct sigaction action {};
    action.sa_handler = on_signal;
    ::sigaction(wake_signal, &action, &before);
  }

  // ---- The hog.

  void hog_again_and_again() {
    for (;;) {
      hog_goes_.wait();
      if (stop_.load(std::memory_order_relaxed)) return;
      if (reading_.load(std::memory_order_relaxed) == 0) continue;  // the readers did not wait so long
      ++outcome_.hog_first;
      for (const std::int64_t until = now() + hog_time; now() < until;) {}
    }
  }

  static inline experiment* running_ = nullptr;
  const pair_of_roles& roles_;
  const conditions when_;
  outcome outcome_;
  std::int64_t end_of_write_ = INT64_MAX;  // ns
  std::atomic<std::int64_t> worked_{0};    // ns of work in sections, since the beginning
  rtseq::pi_mutex lent_;                   // the lock that the writer waits for
  semaphore next_write_;
  semaphore hog_goes_;
  std::atomic<int> reading_{0};
  std::atomic<bool> stop_{false};
  reader* handled_by_ = nullptr;
  std::deque<reader> readers_;
  watchdog dog_;
};

}  // namespace

outcome preempt_writes(const pair_of_roles& roles, const conditions& when) {
  return experiment(roles, when).run();
}

}  // namespace rtseq::rt
