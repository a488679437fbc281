// The read whose machine code is checked: 8 bytes, the default context and lock.
#include <rtseq/seqlocked.hpp>

#include <cstdint>

extern "C" std::uint64_t load(const rtseq::seqlocked<std::uint64_t>& value) { return value.load(); }
