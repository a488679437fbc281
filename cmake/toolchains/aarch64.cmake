# Package g++-aarch64-linux-gnu.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(rtseq_triplet aarch64-linux-gnu)
set(rtseq_qemu qemu-aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
