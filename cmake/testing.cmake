# rtseq_add_test(NAME file... [LIBS target...] [SERIAL] [TIMEOUT seconds])
#   One googletest program, linked with rtseq::runtime.
# rtseq_discover_tests(TARGET [SERIAL] [TIMEOUT seconds])
#   The same for a program that was declared otherwise.
#
# Every TEST becomes a ctest test "NAME.Suite.test". Those named long_… (TEST(Suite, long_…)) carry the label "long" and
# run only with `tests/run --long`. SERIAL: nothing else runs at the same time (tests of priorities and latencies).
# Both do nothing without RTSEQ_BUILD_TESTS.
if(RTSEQ_BUILD_TESTS)
  enable_testing()
  include(GoogleTest)
  find_package(GTest QUIET)
  find_package(absl QUIET)
  if(CMAKE_CROSSCOMPILING AND NOT TARGET GTest::gmock_main AND EXISTS /usr/src/googletest) # package googletest
    set(INSTALL_GTEST OFF)
    add_subdirectory(/usr/src/googletest googletest EXCLUDE_FROM_ALL)
  endif()
  if(NOT TARGET GTest::gmock_main)
    message(STATUS "rtseq: tests left out, googletest was not found (Debian: libgtest-dev libgmock-dev)")
  endif()
endif()

function(rtseq_discover_tests target)
  if(NOT TARGET ${target})
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(common TEST_PREFIX "${target}." DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES)
  set(properties RUN_SERIAL "${arg_SERIAL}")
  gtest_discover_tests(${target} ${common} TEST_FILTER "-*.long_*" PROPERTIES TIMEOUT ${arg_TIMEOUT} ${properties})
  gtest_discover_tests(${target} ${common} TEST_FILTER "*.long_*" PROPERTIES LABELS long TIMEOUT 1800 ${properties})
endfunction()

function(rtseq_add_test name)
  if(NOT RTSEQ_BUILD_TESTS OR NOT TARGET GTest::gmock_main)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "LIBS")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE GTest::gmock_main rtseq::runtime rtseq_warnings ${arg_LIBS})
  set(options TIMEOUT "${arg_TIMEOUT}")
  if(arg_SERIAL)
    list(APPEND options SERIAL)
  endif()
  rtseq_discover_tests(${name} ${options})
endfunction()
