// Subjects that are wrong on purpose: the torture that finds nothing in them could find nothing at all.
#ifndef TORTURE_BROKEN_HPP
#define TORTURE_BROKEN_HPP

#include "subject.hpp"

#include <vector>

namespace torture {

std::vector<cell> broken_cells();

}  // namespace torture

#endif
