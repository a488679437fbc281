# Package g++-i686-linux-gnu. An x86-64 kernel runs the programs as they are, if they name their own loader.
set(CMAKE_SYSTEM_PROCESSOR i686)
set(rtseq_triplet i686-linux-gnu)
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "-Wl,--dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2 -Wl,-rpath,/usr/i686-linux-gnu/lib")
