# Package g++-arm-linux-gnueabihf.
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(rtseq_triplet arm-linux-gnueabihf)
set(rtseq_qemu qemu-arm)
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
