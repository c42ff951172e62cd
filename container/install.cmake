# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts below PREFIX and the target `uninstall` takes away again; also
# build/cserv.pc and build/conf, with which the build folder is as complete as an installed tree.
# Included by container/CMakeLists.txt. The tree may be moved: nothing in it names PREFIX.
include(CMakePackageConfigHelpers)

set(cserv_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(cserv_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cserv)
file(RELATIVE_PATH cserv_pc_up /${cserv_pkgconfig_dir} /)
file(RELATIVE_PATH CSERV_CMAKE_UP /${cserv_cmake_dir} /)
string(REGEX REPLACE "/$" "" cserv_pc_up "${cserv_pc_up}")
string(REGEX REPLACE "/$" "" CSERV_CMAKE_UP "${CSERV_CMAKE_UP}")

# A module of a sanitizer build is built with that sanitizer, too; clang leaves the sanitizer's symbols to
# the program that loads the module, so the linker must not ask for them.
set(CSERV_PC_SANITIZE "")
set(CSERV_PC_DEFS "-Wl,-z,defs ")
set(CSERV_CMAKE_SANITIZE "")
set(CSERV_CMAKE_DEFS "LINKER:-z,defs;")
if(CSERV_SANITIZE)
    set(CSERV_CMAKE_SANITIZE ";-fsanitize=${CSERV_SANITIZE}")
    if(CSERV_SANITIZE STREQUAL "address")
        string(APPEND CSERV_CMAKE_SANITIZE ",undefined")
    endif()
    string(REPLACE ";" " " CSERV_PC_SANITIZE "${CSERV_CMAKE_SANITIZE}")
    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        set(CSERV_PC_DEFS "")
        set(CSERV_CMAKE_DEFS "")
    endif()
endif()

# For modules built against this checkout.
set(CSERV_PC_PREFIX ${CMAKE_BINARY_DIR})
set(CSERV_PC_INCLUDE ${CMAKE_CURRENT_SOURCE_DIR}/include)
set(CSERV_PC_LIB ${CMAKE_BINARY_DIR}/lib)
configure_file(cserv.pc.in ${CMAKE_BINARY_DIR}/cserv.pc @ONLY)
configure_file(cserv-test.pc.in ${CMAKE_BINARY_DIR}/cserv-test.pc @ONLY)

# For modules built against the installed tree.
set(CSERV_PC_PREFIX "\${pcfiledir}/${cserv_pc_up}")
set(CSERV_PC_INCLUDE "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
set(CSERV_PC_LIB "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
configure_file(cserv.pc.in ${CMAKE_CURRENT_BINARY_DIR}/cserv.pc @ONLY)
configure_file(cserv-test.pc.in ${CMAKE_CURRENT_BINARY_DIR}/cserv-test.pc @ONLY)
configure_file(cserv-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/cserv-config.cmake @ONLY)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/cserv-config-version.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

if(TARGET cserv)
    install(TARGETS cserv RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/cserv DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cserv.pc ${CMAKE_CURRENT_BINARY_DIR}/cserv-test.pc
    DESTINATION ${cserv_pkgconfig_dir})
install(FILES ${CMAKE_BINARY_DIR}/lib/libcserv-test.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cserv-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/cserv-config-version.cmake DESTINATION ${cserv_cmake_dir})

# The binary finds ../share/cserv/conf, ../share/cserv/webapps and ../share/cserv/modules relative to
# itself; webapps and modules are installed by their own CMakeLists.txt. In conf/ there are also the unit
# of systemd and the rules for logrotate.
file(GLOB cserv_conf CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/conf ${CMAKE_SOURCE_DIR}/conf/*)
foreach(file ${cserv_conf})
    configure_file(${CMAKE_SOURCE_DIR}/conf/${file} ${CMAKE_BINARY_DIR}/conf/${file} COPYONLY)
    install(FILES ${CMAKE_SOURCE_DIR}/conf/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/cserv/conf)
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/README.md CHANGES.md SECURITY.md LICENSE
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cserv)

add_custom_target(uninstall
    COMMAND ${CMAKE_COMMAND} -D MANIFEST=${CMAKE_BINARY_DIR}/install_manifest.txt
    -P ${CMAKE_CURRENT_SOURCE_DIR}/uninstall.cmake
    COMMENT "Removing the files listed in install_manifest.txt" VERBATIM)
