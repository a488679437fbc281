#include <rtseq/context/deferred_signal.hpp>
#include <rtseq/seqlocked.hpp>

int main() {
  rtseq::seqlocked<int, rtseq::deferred_signal_context> value{1};
  value.store(2);
  return value.load() == 2 ? 0 : 1;
}
