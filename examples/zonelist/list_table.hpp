// All published lists of one kind in one block: a row of words for each node, every row as long as a list can be.
//
// Readers walk a row with no lock and no cookie while the writer may be filling it: each word is one race-free access
// and the row's length is fixed, so a walk stays in bounds and ends whatever it meets (S21, S22).
#ifndef ZONELIST_LIST_TABLE_HPP
#define ZONELIST_LIST_TABLE_HPP

#include "list_word.hpp"

#include <rtseq/relaxed.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zonelist {

class list_table {
 public:
  // Lists of up to `zones` zones. All are empty and of generation 0.
  list_table(std::size_t rows, std::size_t zones) : stride_{zones + 1}, words_(rows * stride_) {
    for (std::size_t row = 0; row < rows; ++row) list_writer(*this, row, 0);
  }

  // Calls `visit` for each zone's word of a row until it returns true, and then returns true; at the end of the list
  // calls `end` with its word and returns false. Without an end in the row: false.
  // Bounded by the row's length; any context. The loads are relaxed: what orders them is the caller's cookie, if any.
  template <class Visit, class End>
  bool walk(std::size_t row, Visit visit, End end) const {
    const rtseq::relaxed<std::uint64_t>* const words = &words_[row * stride_];
    for (std::size_t i = 0; i < stride_; ++i) {
      const list_word word{words[i].load()};
      if (word.is_end()) {
        end(word);
        return false;
      }
      if (visit(word)) return true;
    }
    return false;
  }

  // Writes one list from its beginning; the destructor ends it. At most `zones` are added.
  class list_writer {
   public:
    list_writer(list_table& table, std::size_t row, std::uint32_t generation) noexcept
        : next_{&table.words_[row * table.stride_]}, generation_{generation} {}
    ~list_writer() { next_->store(list_word::end(generation_, checksum_.value()).bits()); }
    list_writer(const list_writer&) = delete;
    list_writer& operator=(const list_writer&) = delete;

    void add(const std::vector<std::uint16_t>& zones) noexcept {
      for (const std::uint16_t zone : zones) {
        next_++->store(list_word::zone(generation_, zone).bits());
        checksum_.add(zone);
      }
    }

   private:
    rtseq::relaxed<std::uint64_t>* next_;
    std::uint32_t generation_;
    list_checksum checksum_;
  };

 private:
  std::size_t stride_;
  std::vector<rtseq::relaxed<std::uint64_t>> words_;
};

}  // namespace zonelist

#endif
