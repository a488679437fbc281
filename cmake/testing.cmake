# rtseq_add_test(NAME file... [LIBS target...] [SERIAL])
#
# One googletest program, every TEST in it a ctest test "NAME.Suite.test". Tests named long_… (TEST(Suite, long_…))
# carry the label "long" and run only with `tests/run --long`. SERIAL: nothing else runs at the same time (tests of
# priorities and latencies). Does nothing without RTSEQ_BUILD_TESTS.
if(RTSEQ_BUILD_TESTS)
  enable_testing()
  include(GoogleTest)
  find_package(GTest QUIET)
  find_package(absl QUIET)
  if(NOT TARGET GTest::gmock_main)
    message(STATUS "rtseq: tests left out, googletest was not found (Debian: libgtest-dev libgmock-dev)")
  endif()
endif()

function(rtseq_add_test name)
  if(NOT RTSEQ_BUILD_TESTS OR NOT TARGET GTest::gmock_main)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "" "LIBS")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE GTest::gmock_main rtseq::runtime rtseq_warnings ${arg_LIBS})
  set(properties TIMEOUT 120)
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}." TEST_FILTER "-*.long_*" DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES ${properties})
  list(REMOVE_AT properties 0 1)
  gtest_discover_tests(${name} TEST_PREFIX "${name}." TEST_FILTER "*.long_*" DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES LABELS long TIMEOUT 1200 ${properties})
endfunction()
