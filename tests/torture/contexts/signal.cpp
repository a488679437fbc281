#include "../cells.hpp"

void torture::add_signal_cells(std::vector<cell>& into) {
  cells_of<rtseq::signal_context>{into, "signal"}.add();
}
