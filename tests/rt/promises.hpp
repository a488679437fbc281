// The rows of docs/real-time.md's table. What each bound means, and what it rests on, the page says.
#ifndef RTSEQ_TESTS_RT_PROMISES_HPP
#define RTSEQ_TESTS_RT_PROMISES_HPP

#include "operations.hpp"

namespace rtseq::rt::promises {

inline constexpr const char* or_lock = "none at an even count; else lock and unlock";
inline constexpr const char* even_or_poll = "none at an even count; else `sched_yield`, then sleeps of 50 us";
inline constexpr const char* free_or_poll = "none uncontended; else `sched_yield`, then sleeps of 50 us";

// ---- Sections and values over a lock that lends priority.
inline constexpr promise latch_load{"lock-free", "R, again for each whole store that came between", "none",
                                    "nothing"};
inline constexpr promise one_pass{"wait-free", "R for each attempt", "none", "nothing"};
inline constexpr promise begins{
    "lock-free while nobody writes", "H + L", or_lock,
    "the writer in mid-write; who waits for the lock before it, with its own priority or a higher one"};
inline constexpr promise reads{"lock-free while nobody writes",
                               "H + L + R, again for each write that came between", or_lock,
                               "as `read_begin`; writers without a pause"};
inline constexpr promise reads_timed{"blocking", "the smaller of that of `read` and the deadline + L + R",
                                     "none at an even count; else lock with a deadline, and unlock",
                                     "as `read`"};
inline constexpr promise reads_or_locks{"blocking", "R for each attempt, then H + L + R",
                                        "none uncontended; else lock and unlock",
                                        "as `write_lock`, if no attempt was valid"};
inline constexpr promise locks{
    "blocking", "H + L for who is in, and for each of its own priority or higher that waits before it",
    "none uncontended; else lock",
    "who has the lock or waits before it: writers, and readers behind a writer"};
inline constexpr promise locks_timed{"blocking", "the smaller of that of `lock` and the deadline + L",
                                     "none uncontended; else lock with a deadline", "as `lock`"};
inline constexpr promise tries_lock{"never waits", "a constant, and the copies of one value",
                                    "none; one to release a lock that somebody waits for", "nothing"};
inline constexpr promise unlocks{
    "lock-free", "a constant",
    "none; one if somebody waits for the lock, one if somebody sleeps in `wait_changed`", "nothing"};
inline constexpr promise sleeps{"blocking", "the next write",
                                "none if it has come; else lock, unlock, sleep and be woken",
                                "it is there to wait"};

// ---- Over what lends nothing.
inline constexpr promise polls{"lock-free while nobody writes", "**none**", even_or_poll,
                               "a writer in mid-write that does not get to run"};
inline constexpr promise polls_timed{"blocking", "the deadline + 50 us + R", even_or_poll,
                                     "a writer in mid-write, until the deadline"};
inline constexpr promise spins{"blocking", "**none**", free_or_poll, "an owner that does not get to run"};
inline constexpr promise writes_alone{"wait-free", "a constant, and the copy of one value", "none",
                                      "nothing"};

// ---- Interrupts.
inline constexpr promise masks{"one system call", "one system call", "`pthread_sigmask`",
                               "`restore`: the handlers of what it unblocks"};
inline constexpr promise unmasks_deferred{"wait-free if no signal was kept", "a constant",
                                          "none; about five to deliver a kept signal",
                                          "the handlers of what was held off"};
inline constexpr promise masks_cpu{"blocking, bounded by the one handler", "one handler", free_or_poll,
                                   "a handler of this CPU that is running"};
inline constexpr promise unmasks_cpu{"lock-free, unless handlers wait", "one handler", free_or_poll,
                                     "a handler of this CPU that waits"};
inline constexpr promise interrupts{"blocking", "the masked section under way, and the handlers before it",
                                    free_or_poll, "this CPU's task while it masks, and its handlers"};

// ---- Beside them.
inline constexpr promise logs{"lock-free", "the copy of the text, again for each write that came between",
                              "none", "nothing"};
inline constexpr promise prints{"blocking", "**none**", "none but the sink's",
                                "the sink, and who else prints"};
inline constexpr promise writes_out{"blocking", "**none**", "`writev`", "whoever reads standard error"};
inline constexpr promise reads_pointers{
    "wait-free", "a constant", "none; `unlock`: one if a writer waits; `rcu_bp`: several, once a thread",
    "nothing"};
inline constexpr promise retires{"does not wait", "**none**",
                                 "the allocator's, and one to wake liburcu's thread",
                                 "the allocator: not for real-time threads"};
inline constexpr promise waits_for_readers{"blocking",
                                           "the longest read section under way, and liburcu's polling",
                                           "many", "every reader: not for real-time threads"};
inline constexpr promise sets_up{"blocking", "**none**", "several", "who else sets up: before time matters"};

inline constexpr promise constant{"wait-free", "a constant", "none", "nothing"};

// As on the page.
inline constexpr const promise* in_order[] = {
    &latch_load,
    &one_pass,
    &begins,
    &reads,
    &reads_timed,
    &reads_or_locks,
    &locks,
    &locks_timed,
    &tries_lock,
    &unlocks,
    &sleeps,
    &polls,
    &polls_timed,
    &spins,
    &writes_alone,
    &masks,
    &unmasks_deferred,
    &masks_cpu,
    &unmasks_cpu,
    &interrupts,
    &logs,
    &prints,
    &writes_out,
    &reads_pointers,
    &retires,
    &waits_for_readers,
    &sets_up,
    &constant,
};

}  // namespace rtseq::rt::promises

#endif
