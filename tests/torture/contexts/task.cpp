#include "../cells.hpp"

void torture::add_task_cells(std::vector<cell>& into) { cells_of<rtseq::task_context>{into, "task"}.add(); }
