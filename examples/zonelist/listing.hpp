// What `order` and `zones` print.
#ifndef ZONELIST_LISTING_HPP
#define ZONELIST_LISTING_HPP

#include "topology.hpp"

#include <string>

namespace zonelist {

// "Fallback order for Node 0: 0 1 2" for each online node, as Linux prints it at boot.
std::string fallback_order_lines(const topology& machine);

// Each online node's two lists with their zones and pages.
std::string zone_lists(const topology& machine);

}  // namespace zonelist

#endif
