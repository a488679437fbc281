# find_package(rtseq) gives rtseq::rtseq and, where what they need is present, rtseq::runtime and rtseq::rcu.
include(CMakePackageConfigHelpers)
set(rtseq_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rtseq")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/rtseq" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# One export file a target, so that a consumer who lacks a target's needs still gets the others.
foreach(name IN ITEMS rtseq runtime rcu)
  string(REGEX REPLACE "^rtseq_rtseq$" "rtseq" target "rtseq_${name}")
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS ${target} EXPORT rtseq-${name} ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
      LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT rtseq-${name} NAMESPACE rtseq:: DESTINATION "${rtseq_package_dir}")
  endif()
endforeach()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/rtseq-config.cmake.in"
  "${PROJECT_BINARY_DIR}/rtseq-config.cmake" INSTALL_DESTINATION "${rtseq_package_dir}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rtseq-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rtseq-config.cmake" "${PROJECT_BINARY_DIR}/rtseq-config-version.cmake"
  DESTINATION "${rtseq_package_dir}")
