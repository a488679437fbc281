// Types that the library refuses, and why.
// What comes of it: a refused value has no size either.
// expect anywhere: 'aligned' attribute requires integer constant
// expect anywhere: 'aligned' attribute requires integer constant
#include <rtseq/latched.hpp>
#include <rtseq/lock/std_mutex.hpp>
#include <rtseq/lockdep_checked.hpp>
#include <rtseq/seqlock.hpp>
#include <rtseq/seqlocked.hpp>

#include <string>

struct list {
  int length;
  int* first;
};
rtseq::seqlocked<list> pointing;     // expect anywhere: a protected T must not hold pointers
rtseq::latched<std::string> owning;  // expect anywhere: a protected T must be trivially copyable

rtseq::lockdep::checked<std::recursive_mutex> again;  // expect anywhere: lockdep knows no recursive locks

struct no_context {};
using no = rtseq::seqlock<no_context, int>;  // expect: constraints not satisfied

rtseq::read_token token;  // expect: no matching constructor for initialization of 'rtseq::read_token'
void copies(rtseq::seqlock<>& lock) {
  rtseq::seqlock<> another{lock};  // expect: call to deleted constructor of 'rtseq::seqlock<>'
}
