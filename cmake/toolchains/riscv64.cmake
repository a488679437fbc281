# Package g++-riscv64-linux-gnu.
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(rtseq_triplet riscv64-linux-gnu)
set(rtseq_qemu qemu-riscv64)
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
