// All published lists of one kind in one block: a row of words for each node, every row as long as a list can
// be.
//
// Readers walk a row with no lock and no cookie while the writer may be filling it: each word is one
// race-free access and the row's length is fixed, so a walk stays in bounds and ends whatever it meets (S21,
// S22).
#ifndef ZONELIST_LIST_TABLE_HPP
#define ZONELIST_LIST_TABLE_HPP

#include "list_word.hpp"

#include <atomic>
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

  // Calls `visit` for each zone's word of a row until it returns true, and then returns true; at the end of
  // the list calls `end` with its word and returns false. Without an end in the row: false. Bounded by the
  // row's length; any context.
  template <class Visit, class End>
  bool walk(std::size_t row, Visit visit, End end) const {
    const std::atomic<std::uint64_t>* const words = &words_[row * stride_];
    for (std::size_t i = 0; i < stride_; ++i) {
      // relaxed: the cookie orders it, if the caller has one: read_begin's acquire comes before, read_retry's
      // acquire fence after it. Without a cookie any word will do.
      const list_word word{words[i].load(std::memory_order_relaxed)};
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
    ~list_writer() { put(list_word::end(generation_, checksum_.value())); }
    list_writer(const list_writer&) = delete;
    list_writer& operator=(const list_writer&) = delete;

    void add(const std::vector<std::uint16_t>& zones) noexcept {
      for (const std::uint16_t zone : zones) {
        put(list_word::zone(generation_, zone));
        ++next_;
        checksum_.add(zone);
      }
    }

   private:
    // release: pairs with read_retry's acquire fence. A reader that still walks this copy and meets this word
    // then also sees that the copy was retired, whichever writer did that, and repeats its walk.
    void put(list_word word) noexcept { next_->store(word.bits(), std::memory_order_release); }

    std::atomic<std::uint64_t>* next_;
    std::uint32_t generation_;
    list_checksum checksum_;
  };

 private:
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  std::size_t stride_;
  std::vector<std::atomic<std::uint64_t>> words_;
};

}  // namespace zonelist

#endif
