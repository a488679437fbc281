#include "listing.hpp"

#include "builder.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cstddef>

namespace zonelist {

std::string fallback_order_lines(const topology& machine) {
  std::string text;
  for_each_fallback_order(machine, [&](const node& local, absl::Span<const int> order) {
    absl::StrAppend(&text, "Fallback order for Node ", local.id, ":");
    for (const int position : order)
      absl::StrAppend(&text, " ", machine.nodes[static_cast<std::size_t>(position)].id);
    text += '\n';
  });
  return text;
}

std::string zone_lists(const topology& machine) {
  std::string text;
  const auto append_zones = [&text](const node& owner) {
    for_each_populated_zone(owner, [&](const zone& z) {
      absl::StrAppendFormat(&text, "    node %-4d %-8s %12d pages\n", owner.id, name_of(z.kind), z.pages);
    });
  };
  for_each_fallback_order(machine, [&](const node& local, absl::Span<const int> order) {
    absl::StrAppend(&text, "Node ", local.id, "\n  FALLBACK\n");
    for (const int position : order) append_zones(machine.nodes[static_cast<std::size_t>(position)]);
    absl::StrAppend(&text, "  NOFALLBACK\n");
    append_zones(local);
  });
  return text;
}

}  // namespace zonelist
