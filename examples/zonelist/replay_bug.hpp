// The bug that the library began with, and the livelock that irqsave is for, step by step.
#ifndef ZONELIST_REPLAY_BUG_HPP
#define ZONELIST_REPLAY_BUG_HPP

#include <string>

namespace zonelist {

// Does it, and says what happened: the same text each time. Tasks only; SIGUSR1 is its own meanwhile.
std::string replay_bug();

}  // namespace zonelist

#endif
