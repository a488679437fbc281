// A reader loads a pointer, the writer frees what it points to, the reader follows it.
#include "naive.hpp"
#include "scenario.hpp"

#include <rtseq/detail/holds_pointer.hpp>
#if SCENARIO_HAS_RCU
#include <rtseq/rcu.hpp>
#endif

#include <string>

namespace {

// "Freed" objects stay, so that following one is something to see and not undefined.
struct object {
  bool alive = true;
};

command_result compile(const char* flag) {
  return run_command(std::string(SCENARIO_COMPILE " ") + flag +
                     " '" SCENARIO_SOURCES "/s12_pointer_refused.cpp'");
}

TEST_F(scenario, S12_freed_pointee) {
  naive::seqcount count;
  object first, second;
  rtseq::relaxed<object*> shared{&first};
  const auto begun = count.read_begin();
  const object* const loaded = shared;
  count.write_begin();
  shared = &second;
  count.write_end();
  first.alive = false;  // delete
  const bool followed_freed = !loaded->alive;
  naive_fails(begun && followed_freed && count.read_retry(*begun),
              "the reader followed the pointer to the freed object, before the retry that came too late");

  static_assert(rtseq::detail::holds_pointer<object*>());
  const command_result refused = compile(""), allowed = compile("-DSCENARIO_ALLOWED");
  EXPECT_TRUE(allowed.succeeded) << allowed.output;
  rtseq_holds(
      allowed.succeeded && !refused.succeeded && contains(refused.output, "must not hold pointers"),
      "a seqlocked or latched T with a pointer in it does not compile, unless the user says that they "
      "are stable");
#if SCENARIO_HAS_RCU
  static bool freed = false;
  struct deleter {
    void operator()(object* gone) const {
      gone->alive = false;
      freed = true;
    }
  };
  rtseq::rcu_pointer<object> published(new object);
  bool alive_in_section = false;
  object* followed = nullptr;
  {
    const rtseq::rcu_reader reader;
    followed = published.load();
    rtseq::rcu_retire(published.exchange(nullptr), deleter{});
    alive_in_section = followed->alive;
  }
  rtseq::rcu_barrier();
  rtseq_holds(alive_in_section && freed,
              "through RCU (rcu_pointer, rcu_retire) the object outlived the reader's section");
  delete followed;
#endif
}

}  // namespace
