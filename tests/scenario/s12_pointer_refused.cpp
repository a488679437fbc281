// Not to be compiled: s12_freed_pointee.cpp asserts that it is refused. With SCENARIO_ALLOWED it is fine.
#include <rtseq/latched.hpp>
#include <rtseq/seqlocked.hpp>

struct node {
  int key;
#if defined(SCENARIO_ALLOWED)
  int next;
#else
  node* next;
#endif
};
rtseq::seqlocked<node> value;
rtseq::latched<node> latch;
