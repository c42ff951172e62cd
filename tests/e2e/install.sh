#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it builds
# `cmake --install` of the build folder BUILD, below a DESTDIR and with a prefix of its own; the tree is
# then moved and must still be complete: a servlet is built against it with pkg-config and with CMake, in
# C and C++, its command runs, makes a base and serves it. At last `uninstall`. Prints ok, skip or FAIL per case.
set -u
: "${BUILD:?names the build folder to install from}"
ROOT=${ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-install.XXXXXX") || exit 1
finish() {
    for each in "$work/base" "$work/first/base"; do
        [ ! -S "$each/run/cserv.sock" ] || "$BUILD/bin/cserv" stop -b "$each" --timeout 0 >/dev/null 2>&1
    done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unset DESTDIR CSERV_BASE CSERV_HOME PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
status=0

case_of() { # NAME COMMAND...
    case_name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok $case_name"
    else
        echo "FAIL $case_name: $(tail -n 5 "$work/log" | tr '\n' ' ')"
        status=1
    fi
}

cat >"$work/hello.c" <<'END'
#include <cserv/servlet.h>

static int hello(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_printf(res, "%s", "Hello");
}

static const cs_servlet servlets[] = {
    {.name = "hello", .url_patterns = "/hello", .get = hello},
};

CS_WEBAPP("hello", "1.0.0", .servlets = CS_ROWS(servlets))
END

lists() { # FOLDER: every file in it, relative to it
    (cd "$1" && find . -type f -o -type l) | sort
}

install_twice() {
    DESTDIR=$work/staged cmake --install "$BUILD" --prefix /opt/staged-cserv &&
        cmake --install "$BUILD" --prefix "$work/first" &&
        lists "$work/staged/opt/staged-cserv" >"$work/staged.list" &&
        lists "$work/first" >"$work/first.list" &&
        diff "$work/staged.list" "$work/first.list"
}

complete() {
    for file in bin/cserv include/cserv/servlet.h include/cserv/abi.h include/cserv/abi.def \
        include/cserv/module.map share/cserv/webapps/docs/index.html \
        share/doc/cserv/README.md share/doc/cserv/CHANGES.md share/doc/cserv/SECURITY.md \
        share/doc/cserv/LICENSE; do
        [ -e "$prefix/$file" ] || { echo "$file was not installed" && return 1; }
    done
    for file in "$ROOT"/conf/*; do
        cmp "$file" "$prefix/share/cserv/conf/${file##*/}" || return 1
    done
    for file in "$BUILD"/modules/*.so; do
        [ ! -e "$file" ] || cmp "$file" "$prefix/share/cserv/modules/${file##*/}" || return 1
    done
    ! find "$prefix" -type l | grep . || { echo "links lead out of the tree" && return 1; }
    ! find "$prefix" -perm -o+w | grep . || { echo "others may write to it" && return 1; }
    ! find "$prefix" -name CMakeFiles -o -name '*_install.cmake' | grep .
}

# Only text is looked at: debug information names source files, as it must.
place_free() {
    ! grep -rIlF -e "$work/first" -e "$BUILD" -e /opt/staged-cserv "$prefix"
}

no_search_path() {
    LC_ALL=C readelf -dW "$prefix/bin/cserv" >"$work/dynamic" &&
        ! grep -E '\((RPATH|RUNPATH)\)' "$work/dynamic"
}

flags() {
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name cserv.pc)") pkg-config "$@" cserv
}

compiles() { # COMPILER LANGUAGE STANDARD
    # shellcheck disable=SC2046 # the flags are words
    "$1" -x "$2" -std="$3" -shared -fPIC -Wall -Wextra -Wconversion -Werror "$work/hello.c" \
        -o "$work/hello.so" $(flags --cflags --libs) || return 1
    exports=$(nm -D --defined-only "$work/hello.so" | awk '{ print $NF }')
    [ "$exports" = cs_module_describe ] || { echo "exports: $exports" && return 1; }
}

from_moved_tree() {
    flags --cflags | grep -F -- "$prefix" && [ "$(flags --modversion)" = "$version" ]
}

# The .pc of the build folder works without any installation.
uninstalled() {
    # shellcheck disable=SC2046
    cc -shared -fPIC "$work/hello.c" -o "$work/uninstalled.so" \
        $(PKG_CONFIG_PATH=$BUILD pkg-config --cflags --libs cserv) && [ -s "$work/uninstalled.so" ]
}

cmake_package() {
    mkdir -p "$work/shop" && cp "$work/hello.c" "$work/shop/shop.c" || return 1
    cat >"$work/shop/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.13)
project(shop C)
find_package(cserv 0.1 REQUIRED)
add_library(shop MODULE shop.c)
set_target_properties(shop PROPERTIES PREFIX "")
target_link_libraries(shop PRIVATE cserv::module)
END
    cmake -G Ninja -S "$work/shop" -B "$work/shop/build" -DCMAKE_PREFIX_PATH="$prefix" &&
        cmake --build "$work/shop/build" || return 1
    exports=$(nm -D --defined-only "$work/shop/build/shop.so" | awk '{ print $NF }')
    [ "$exports" = cs_module_describe ] || { echo "exports: $exports" && return 1; }
}

version_runs() {
    (cd / && "$prefix/bin/cserv" version) | tee "$work/version" && grep -qF "$version" "$work/version"
}

makes_base() {
    (cd / && "$prefix/bin/cserv" makebase "$work/base" --port 0 --loopback) &&
        [ -f "$work/base/conf/server.xml" ] && [ -d "$work/base/run" ] &&
        (cd / && "$prefix/bin/cserv" configtest -b "$work/base") || return 1
    for webapp in "$prefix"/share/cserv/webapps/*; do
        link=$work/base/webapps/${webapp##*/}
        [ -e "$link" ] || { echo "$link is not there" && return 1; }
        case $(readlink -f "$link") in
        "$prefix"/*) ;;
        *) echo "$link leads out of the installed tree" && return 1 ;;
        esac
    done
}

# Under any umask everybody may read what is installed, and nobody else write.
any_umask() {
    for mask in 000 077; do
        (umask $mask && DESTDIR=$work/mask$mask cmake --install "$BUILD" --prefix /opt/cserv) || return 1
        ! find "$work/mask$mask/opt/cserv" -perm /022 | grep . || return 1
        ! find "$work/mask$mask/opt/cserv" ! -perm -444 | grep . || return 1
        ! find "$work/mask$mask/opt/cserv" -type d ! -perm 755 | grep . || return 1
    done
}

# What a folder holds, with modes, owners and contents.
fingerprint() {
    (cd "$1" && find . -printf '%p %m %y %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

serves_from() { # BASE: with what is installed in $prefix
    "$prefix/bin/cserv" start -b "$1" >"$work/started" && cat "$work/started" || return 1
    url=$(sed -n 's/.* serves \(http[^ ]*\) .*/\1/p' "$work/started")
    answer=$(curl -s --max-time 20 "${url}examples/hello")
    "$prefix/bin/cserv" stop -b "$1" && [ "$answer" = "Hello, World!" ]
}

# The manifest is of the last installation: into first/. Bases in the tree itself stay, one of them as
# the command makes it when nobody says where, with the file that a webapp of one's own has beside them.
uninstall() {
    cmake --install "$BUILD" --prefix "$work/first" && touch "$work/first/include/mine.h" &&
        touch "$work/first/share/cserv/conf/mine.xml" || return 1
    prefix=$work/first
    "$prefix/bin/cserv" makebase "$work/first/base" --port 0 --loopback &&
        "$prefix/bin/cserv" makebase "$work/first/share/cserv/base" --port 0 --loopback &&
        serves_from "$work/first/base" && mkdir "$work/first/share/cserv/base/temp/empty" || return 1
    fingerprint "$work/first/base" >"$work/before" &&
        fingerprint "$work/first/share/cserv/base" >>"$work/before" &&
        cmake --build "$BUILD" --target uninstall || return 1
    fingerprint "$work/first/base" >"$work/after" && fingerprint "$work/first/share/cserv/base" >>"$work/after"
    diff "$work/before" "$work/after" || { echo "a base was changed" && return 1; }
    left=$(lists "$work/first" | grep -v -e '^\./base/' -e '^\./share/cserv/base/' | tr '\n' ' ')
    [ "$left" = "./include/mine.h ./share/cserv/conf/mine.xml " ] || {
        echo "left behind: $left"
        return 1
    }
    [ ! -e "$work/first/include/cserv" ] && [ ! -e "$work/first/share/doc/cserv" ]
}

version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$BUILD/CMakeCache.txt")
case_of install/destdir-and-prefix install_twice
mkdir "$work/moved" && prefix=$work/moved/elsewhere && mv "$work/first" "$prefix" || exit 1
case_of install/complete complete
case_of install/names-no-place place_free
case_of install/pkg-config-of-moved-tree from_moved_tree
case_of install/servlet-c compiles cc c c11
case_of install/servlet-c++ compiles c++ c++ c++17
case_of install/cmake-package cmake_package
case_of install/uninstalled-pkg-config uninstalled
case_of install/no-search-path no_search_path
case_of install/version-of-moved-tree version_runs
case_of install/makebase-of-moved-tree makes_base
case_of install/serves-from-moved-tree serves_from "$work/base"
case_of install/any-umask any_umask
case_of install/uninstall uninstall
exit $status
