# SPDX-License-Identifier: Apache-2.0
# libcserv-test.a: the room testkit and what it needs of the others, as one object whose only global names
# are cs_test_*: an author's own names cannot clash with the container's. Included by CMakeLists.txt.
set(cserv_test_parts testkit deploy engine loader http config observe base)
set(cserv_test_dir ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/cserv-test)
set(cserv_test_archives "")
foreach(part ${cserv_test_parts})
    list(APPEND cserv_test_archives $<TARGET_FILE:cserv_${part}>)
endforeach()
list(TRANSFORM cserv_test_parts PREPEND cserv_ OUTPUT_VARIABLE cserv_test_targets)
file(MAKE_DIRECTORY ${cserv_test_dir})

# The parts for the link-time optimiser are of no use to others' compilers.
set(cserv_test_lib ${CMAKE_BINARY_DIR}/lib/libcserv-test.a)
add_custom_command(OUTPUT ${cserv_test_lib}
    COMMAND ${CMAKE_LINKER} -r -o ${cserv_test_dir}/all.o
        --whole-archive $<TARGET_FILE:cserv_testkit> --no-whole-archive
        --start-group ${cserv_test_archives} --end-group
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=cs_test_* --remove-section=.gnu.lto_*
        --remove-section=.gnu.debuglto_* ${cserv_test_dir}/all.o ${cserv_test_dir}/cserv-test.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${cserv_test_lib}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/lib
    COMMAND ${CMAKE_AR} rcs ${cserv_test_lib} ${cserv_test_dir}/cserv-test.o
    DEPENDS ${cserv_test_targets} VERBATIM)
add_custom_target(cserv_test_archive ALL DEPENDS ${cserv_test_lib})

# For our own tests of webapps and modules.
add_library(cserv_test INTERFACE)
add_dependencies(cserv_test cserv_test_archive)
target_include_directories(cserv_test INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
target_link_libraries(cserv_test INTERFACE ${cserv_test_lib} EXPAT::EXPAT PkgConfig::CRYPTO
    Threads::Threads ${CMAKE_DL_LIBS})
