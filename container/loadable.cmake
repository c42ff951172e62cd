# SPDX-License-Identifier: Apache-2.0
# How the shipped webapps and server modules are built: as an outsider builds his, against the public
# headers only, with the link rules of the authors' guide. Included by the top CMakeLists.txt for
# modules/ and webapps/.

# cserv_loadable(TARGET NAME FOLDER sources...): FOLDER/NAME.so.
function(cserv_loadable target name folder)
    set(map ${PROJECT_SOURCE_DIR}/container/include/cserv/module.map)
    add_library(${target} MODULE ${ARGN})
    target_link_libraries(${target} PRIVATE cserv_flags)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/container/include)
    target_compile_options(${target} PRIVATE -fvisibility=hidden)
    target_link_options(${target} PRIVATE -Wl,-z,now -Wl,--build-id -Wl,--version-script=${map})
    # clang leaves a sanitizer's symbols to the program that loads the module.
    if(NOT (CSERV_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES "Clang"))
        target_link_options(${target} PRIVATE -Wl,-z,defs)
    endif()
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} PREFIX "" LINK_DEPENDS ${map}
        LIBRARY_OUTPUT_DIRECTORY ${folder})
endfunction()
