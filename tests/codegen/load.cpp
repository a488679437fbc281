// Reads whose machine code is checked, with the default context and lock: 8 bytes, and a cache line.
#include <rtseq/seqlocked.hpp>

#include <cstdint>

struct line {
  std::uint64_t words[8];
};

extern "C" std::uint64_t load(const rtseq::seqlocked<std::uint64_t>& value) { return value.load(); }
extern "C" line load_line(const rtseq::seqlocked<line>& value) { return value.load(); }
