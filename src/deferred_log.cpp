#include <rtseq/log_flusher.hpp>

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rtseq {

log_flusher::log_flusher(void (*flush)(void*) noexcept, void* log, unsigned period_ms)
    : flush_(flush), log_(log), period_ms_(period_ms == 0 ? 1 : period_ms), process_(::getpid()) {
  pthread_condattr_t attributes;
  ::pthread_condattr_init(&attributes);
  ::pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  ::pthread_cond_init(&stop_, &attributes);
  ::pthread_condattr_destroy(&attributes);

  // A thread inherits the mask: blocked from its first instruction on.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = ::pthread_create(&thread_, nullptr, run, this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    ::pthread_cond_destroy(&stop_);
    ::pthread_mutex_destroy(&mutex_);
    throw std::system_error(error, std::generic_category(), "rtseq::log_flusher: pthread_create");
  }
}

log_flusher::~log_flusher() {
  if (process_ != ::getpid()) return;  // after a fork there is no thread to join
  ::pthread_mutex_lock(&mutex_);
  stopping_ = true;
  ::pthread_cond_signal(&stop_);
  ::pthread_mutex_unlock(&mutex_);
  ::pthread_join(thread_, nullptr);
  ::pthread_cond_destroy(&stop_);
  ::pthread_mutex_destroy(&mutex_);
}

void* log_flusher::run(void* flusher) {
  log_flusher& self = *static_cast<log_flusher*>(flusher);
  constexpr long second_ns = 1'000'000'000;
  bool stopping = false;
  while (!stopping) {
    timespec wake{};
    ::clock_gettime(CLOCK_MONOTONIC, &wake);
    wake.tv_sec += static_cast<time_t>(self.period_ms_ / 1000);
    wake.tv_nsec += static_cast<long>(self.period_ms_ % 1000) * 1'000'000;
    if (wake.tv_nsec >= second_ns) {
      wake.tv_nsec -= second_ns;
      ++wake.tv_sec;
    }
    ::pthread_mutex_lock(&self.mutex_);
    while (!self.stopping_ && ::pthread_cond_timedwait(&self.stop_, &self.mutex_, &wake) != ETIMEDOUT) {}
    stopping = self.stopping_;
    ::pthread_mutex_unlock(&self.mutex_);
    self.flush_(self.log_);
  }
  return nullptr;
}

}  // namespace rtseq
