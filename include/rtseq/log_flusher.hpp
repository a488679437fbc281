// A thread that flushes a deferred log: for programs whose writers may never wait for the sink.
//
//   static rtseq::deferred_log log;
//   rtseq::log_flusher flusher(log);   // every 10 ms
//
// All signals are blocked in its thread. Needs rtseq::runtime.
// Limits: in a child made by fork() the thread does not exist; the object may only be destroyed there.
#ifndef RTSEQ_LOG_FLUSHER_HPP
#define RTSEQ_LOG_FLUSHER_HPP

#include <pthread.h>
#include <sys/types.h>

namespace rtseq {

class log_flusher {
 public:
  // Flushes `log`, which outlives the object, every `period_ms` (at least 1). Task context. Throws
  // std::system_error if no thread can be made.
  template <class Log>
  explicit log_flusher(Log& log, unsigned period_ms = 10)
      : log_flusher([](void* it) noexcept { static_cast<Log*>(it)->flush(); }, &log, period_ms) {}

  // Stops the thread without waiting for the period to end; what was written before is flushed. Blocking,
  // task context.
  ~log_flusher();
  log_flusher(const log_flusher&) = delete;
  log_flusher& operator=(const log_flusher&) = delete;

 private:
  log_flusher(void (*flush)(void*) noexcept, void* log, unsigned period_ms);
  static void* run(void* flusher);

  void (*flush_)(void*) noexcept;
  void* log_;
  unsigned period_ms_;
  bool stopping_ = false;  // under mutex_
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t stop_;
  pid_t process_;
  pthread_t thread_;
};

}  // namespace rtseq

#endif
