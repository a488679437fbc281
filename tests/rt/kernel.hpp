// The machine that the real-time cases run on when they are its /init: mounted, unthrottled, in memory; switched
// off where the object ends.
#ifndef RTSEQ_TESTS_RT_KERNEL_HPP
#define RTSEQ_TESTS_RT_KERNEL_HPP

#include "cases.hpp"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace rtseq::rt {

class machine {
 public:
  machine() {
    ::uname(&name_);
    if (is_init_) {
      ::mount("none", "/proc", "proc", 0, nullptr);
      ::mount("none", "/sys", "sysfs", 0, nullptr);
      if (std::FILE* const file = std::fopen("/proc/sys/kernel/sched_rt_runtime_us", "w")) {
        std::fputs("-1", file);  // a spinning reader shall spin
        std::fclose(file);
      }
    }
    if (std::FILE* const file = std::fopen("/sys/kernel/realtime", "r")) {
      preempt_rt_ = std::fgetc(file) == '1';
      std::fclose(file);
    }
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) std::perror("mlockall");
  }
  ~machine() {
    std::fflush(stdout);
    if (is_init_) ::reboot(RB_POWER_OFF);
  }
  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;

  const char* kernel() const { return name_.release; }
  bool preempt_rt() const { return preempt_rt_; }

  // What one lock may take beyond the section that it protects, all wake-ups, switches of context and ticks of the
  // timer included: ns of a machine that takes 8 for each instruction. Where the kernel is not PREEMPT_RT, the
  // timer's soft interrupts run before every thread, and now and then its own sections, which nothing preempts.
  lock_times limits() const { return preempt_rt_ ? lock_times{150'000, false} : lock_times{200'000, true}; }

 private:
  const bool is_init_ = ::getpid() == 1;
  bool preempt_rt_ = false;
  utsname name_{};
};

}  // namespace rtseq::rt

#endif
