// Uncontended lock pairs, for counting their instructions: lock_pairs KIND COUNT.
#include <rtseq/guards.hpp>
#include <rtseq/lock/pi_mutex.hpp>
#include <rtseq/lock/spinlock.hpp>
#include <rtseq/seqlock.hpp>

#include <cstdlib>
#include <string_view>

namespace {
rtseq::pi_mutex mutex;
rtseq::spinlock spinning;
rtseq::seqlock<> shared;
}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view kind = argv[1];
  for (int n = std::atoi(argv[2]); n > 0; --n) {
    if (kind == "pi_mutex") {
      mutex.lock();
      mutex.unlock();
    } else if (kind == "spinlock") {
      spinning.lock();
      spinning.unlock();
    } else {
      const rtseq::write_guard section{shared};
    }
  }
}
