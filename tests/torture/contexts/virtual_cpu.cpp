#include "../cells.hpp"

void torture::add_virtual_cpu_cells(std::vector<cell>& into) {
  cells_of<rtseq::virtual_cpu_context>{into, "virtual_cpu"}.add();
}
