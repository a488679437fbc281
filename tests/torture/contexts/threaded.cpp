#include "../cells.hpp"

void torture::add_threaded_cells(std::vector<cell>& into) {
  cells_of<rtseq::threaded_context>{into, "threaded"}.add();
}
