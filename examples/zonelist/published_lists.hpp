// One copy of all lists, in the form that readers walk.
#ifndef ZONELIST_PUBLISHED_LISTS_HPP
#define ZONELIST_PUBLISHED_LISTS_HPP

#include "list_table.hpp"
#include "topology.hpp"
#include "zone_directory.hpp"

#include <cstddef>
#include <cstdint>

namespace zonelist {

enum class list_kind : std::uint8_t { fallback, nofallback };

class published_lists {
 public:
  // Room for all nodes and zones of `directory`, which outlives this; all lists are empty.
  explicit published_lists(const zone_directory& directory);

  // Writes all lists of `now`, whose nodes and zones the directory knows; other nodes' lists are empty. The
  // writer only. A reader may be walking: see list_table.
  void fill(const topology& now, std::uint32_t generation);

  const list_table& table(list_kind kind) const noexcept {
    return kind == list_kind::fallback ? fallback_ : nofallback_;
  }

  // Is the list in `row`, if nobody wrote meanwhile, one that fill() wrote for `generation`? Bounded; any
  // context.
  bool is_whole(std::size_t row, list_kind kind, std::uint32_t generation) const;

 private:
  const zone_directory& directory_;
  list_table fallback_;
  list_table nofallback_;
};

}  // namespace zonelist

#endif
