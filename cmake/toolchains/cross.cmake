# What the toolchain files here share. Debian's cross compilers: the target's libraries lie in /usr/TRIPLET, and nothing
# of the build system's own may be found instead.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER "${rtseq_triplet}-gcc")
set(CMAKE_CXX_COMPILER "${rtseq_triplet}-g++")
set(CMAKE_FIND_ROOT_PATH "/usr/${rtseq_triplet}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind IN ITEMS LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
if(rtseq_qemu) # package qemu-user
  set(CMAKE_CROSSCOMPILING_EMULATOR "${rtseq_qemu};-L;/usr/${rtseq_triplet}")
endif()
