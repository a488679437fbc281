#include "../cells.hpp"

void torture::add_deferred_signal_cells(std::vector<cell>& into) {
  cells_of<rtseq::deferred_signal_context>{into, "deferred_signal"}.add();
}
