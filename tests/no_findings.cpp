// In each of the project's test programs, where it is built with lockdep.
#include <rtseq/lockdep_gtest.hpp>

[[maybe_unused]] static const bool checked = rtseq::lockdep::fail_tests_with_findings();
