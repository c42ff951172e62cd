#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to a serving one: installs the Debian packages that are missing (as root),
# builds cserv into build/, makes the base build/base if there is none, and serves
# http://127.0.0.1:8080 in the foreground until Ctrl-C. Works from any folder.
set -eu
unset CDPATH
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build
. "$root/container/packages.sh"

# shellcheck disable=SC2086 # the list is words
packages_need $packages_to_build || exit 1

# A folder that somebody else (root, most often) has built cannot be built in again.
refuse_unwritable() {
    [ ! -e "$1" ] || [ -w "$1" ] || {
        echo "$1 cannot be written by $(id -un): it belongs to $(stat -c %U -- "$1")." >&2
        echo "Delete the folder $build or give it to yourself (as root: chown -R $(id -un) '$build')," \
            "then start me again." >&2
        exit 1
    }
}
[ -e "$build" ] || refuse_unwritable "$root"
for path in "$build" "$build/CMakeCache.txt" "$build/CMakeFiles" "$build/.ninja_log" "$build/bin" \
    "$build/bin/cserv" "$build/run.log" "$build/base" "$build/base/run"; do
    refuse_unwritable "$path"
done
mkdir -p "$build"

# A checkout that was moved or copied together with its build folder starts afresh.
if [ -e "$build/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
    echo "$build was made for another place: configuring it anew."
    rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
fi

quietly() {
    "$@" >>"$build/run.log" 2>&1 || {
        tail -n 40 "$build/run.log" >&2
        echo "That did not work: $*" >&2
        echo "Everything it printed is in $build/run.log" >&2
        exit 1
    }
}
: >"$build/run.log"
if [ -e "$build/CMakeCache.txt" ]; then
    echo "Building what has changed into $build ..."
    quietly cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release
else
    echo "Building cserv into $build (the first time takes about a minute) ..."
    quietly cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release
fi
quietly cmake --build "$build" --parallel "$(nproc)"

if [ ! -e "$build/base" ]; then
    echo "Making the base $build/base (configuration, logs, webapps) ..."
    "$build/bin/cserv" makebase "$build/base" --loopback
fi
echo "Starting. Ctrl-C ends it."
exec "$build/bin/cserv" run -b "$build/base"
