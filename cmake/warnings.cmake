# rtseq_warnings: linked privately by the targets of this repository, never by those who use the library.
add_library(rtseq_warnings INTERFACE)
target_compile_options(rtseq_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow "$<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wthread-safety>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(rtseq_warnings INTERFACE -Wno-restrict) # false alarms in std::string: GCC bug 105651
endif()
if(PROJECT_IS_TOP_LEVEL) # a newer compiler's new warning must not break somebody else's build
  target_compile_options(rtseq_warnings INTERFACE -Werror)
endif()
if(rtseq_sources AND TARGET rtseq_runtime)
  # By its flags, not by linking: a static library's links, private ones too, end up in the export.
  target_compile_options(rtseq_runtime PRIVATE "$<TARGET_PROPERTY:rtseq_warnings,INTERFACE_COMPILE_OPTIONS>")
endif()
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_EXTENSIONS OFF) # -std=c++20, as in "nothing but -I include -std=c++20"
endif()
