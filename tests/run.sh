#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh tests/run.sh              everything that is quick: the rules of the house, then unit, wire and e2e
#                              tests with a release build and with both sanitizer builds
# sh tests/run.sh --long NAME  one heavy proof, tests/long/NAME
# From a fresh machine on; as root it installs the Debian packages that are missing. What a test script
# can expect and has to print is told in container/README.md. Last line: N passed, N failed, N skipped.
set -u
unset CDPATH CSERV_BASE CSERV_HOME CSERV_PID
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
umask 022
passed=0
failed=0
skipped=0
child=
script_limit=300 # seconds for one script

. "$root/container/packages.sh"
. "$root/tests/support/run_builds.sh"
. "$root/tests/support/run_scripts.sh"

finish() {
    trap - EXIT
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    for file in "$work"/scripts/*/pid; do
        [ ! -f "$file" ] || kill "$(cat "$file")" 2>/dev/null
    done
    end_servers "$work" >/dev/null
    rm -rf "$work"
}
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-test.XXXXXX") || exit 1
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

pass() { passed=$((passed + 1)); }
skip() { # NAME WHY
    skipped=$((skipped + 1))
    echo "skip $1: $2"
}
fail() { # NAME WHY [LOG]
    failed=$((failed + 1))
    echo "FAIL $1: $2"
    [ -z "${3-}" ] || show "$3"
}
# The end of a log, set off so that its lines are not taken for results.
show() {
    tail -n 200 "$1" | sed 's/^/    | /'
}
totals() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

untracked() { git -C "$root" ls-files --others --exclude-standard 2>/dev/null; }

quick() {
    untracked >"$work/untracked.before"
    if build release -DCMAKE_BUILD_TYPE=Release; then
        run_script release "" "$root/tests/arch/run.sh"
        unit_tests release ""
        run_folder release "" wire
        run_folder release "" e2e
    fi
    # The sanitizer builds also serve with three groups of poller and workers instead of one.
    for kind in address thread; do
        if build "$kind" -DCMAKE_BUILD_TYPE=Release -DCSERV_SANITIZE="$kind"; then
            three_groups "$(build_folder "$kind")"
            unit_tests "$kind" "$kind"
            run_folder "$kind" "$kind" wire
            run_folder "$kind" "$kind" e2e
        fi
    done
    if command -v clang >/dev/null && command -v clang++ >/dev/null; then
        build clang -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
    else
        skip build/clang "clang is not here"
    fi
    if git -C "$root" rev-parse -q --verify HEAD >/dev/null 2>&1; then
        untracked >"$work/untracked.after"
        if cmp -s "$work/untracked.before" "$work/untracked.after"; then
            pass
        else
            diff "$work/untracked.before" "$work/untracked.after" >"$work/untracked"
            fail clean-tree "the tests have left files behind" "$work/untracked"
        fi
    else
        skip clean-tree "git does not know this folder"
    fi
}

# A long proof says in its head, "# builds: release thread", with which builds it runs.
long() {
    script=
    for candidate in "$root/tests/long/$1.sh" "$root/tests/long/$1.py"; do
        [ ! -f "$candidate" ] || script=$candidate
    done
    if [ -z "$script" ]; then
        echo "There is no long test $1. There are:" >&2
        find "$root/tests/long" -name '*.sh' -o -name '*.py' | sed 's,.*/,    ,; s,\.[a-z]*$,,' | sort >&2
        exit 2
    fi
    script_limit=0
    kinds=$(builds_of "$script")
    for kind in ${kinds:-release}; do
        sanitize=$kind
        [ "$kind" != release ] || sanitize=
        if build "$kind" -DCMAKE_BUILD_TYPE=Release -DCSERV_SANITIZE="$sanitize"; then
            run_script "$kind" "$sanitize" "$script"
        fi
    done
}

name=
case $# in
0) ;;
2)
    [ "$1" = --long ] && name=$2
    ;;
esac
if [ $# -ne 0 ] && [ -z "$name" ]; then
    echo "usage: sh tests/run.sh [--long NAME]" >&2
    exit 2
fi
# shellcheck disable=SC2086 # the list is words
packages_need $packages_to_build binutils libcmocka-dev libsqlite3-dev python3 curl procps || exit 1
# Without these there is less to test; an ordinary user need not have them.
[ "$(id -u)" -ne 0 ] || packages_need clang libclang-rt-14-dev clang-format systemd logrotate strace util-linux ||
    echo "Going on without them."

if [ -n "$name" ]; then
    long "$name"
else
    quick
fi
totals
