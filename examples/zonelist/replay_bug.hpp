// The bug that the library began with, and the livelock that irqsave is for, step by step.
#ifndef ZONELIST_REPLAY_BUG_HPP
#define ZONELIST_REPLAY_BUG_HPP

#include <absl/status/statusor.h>

#include <string>

namespace zonelist {

// Does it, and says what happened: the same text each time. Unavailable, with one line for a person: the
// system gave it no child process to end. Tasks only; SIGUSR1 is its own meanwhile.
absl::StatusOr<std::string> replay_bug();

}  // namespace zonelist

#endif
