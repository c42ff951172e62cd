#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How much of the fuzzed files the kept inputs of tests/fuzz/corpus reach: line coverage by gcov, one line
# for each file; below 90 % fails.
# Environment: TMPDIR, CC (gcc), CXX (g++); COVERAGE_SHOW=1 prints the lines that are not reached.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
WANTED=90
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-coverage.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# What a hostile input gets at. Not here: what only writes answers, and image.c, most of which looks at
# permissions and copies files.
files='http1/h1.c http1/head.c http1/policy.c http1/policy_body.c http1/fields.c http1/chunked.c
    http/uri.c http/uri_host.c http/uri_text.c http/utf8.c http/date.c
    http/params.c http/cookie.c http/set_cookie.c http/multipart.c http/media.c
    config/xml.c config/subst.c config/schema.c config/server.c config/server_check.c
    config/server_skip.c config/context_file.c config/valve.c config/valve_classes.c config/report.c
    config/webxml.c config/webxml_mapping.c config/webxml_names.c config/webxml_pages.c config/webxml_merge.c
    loader/elf.c loader/elf_symbols.c
    modules/default/ranges.c'

if ! command -v gcov >/dev/null; then
    echo "skip fuzz_coverage: gcov is not here"
    exit 77
fi
folder=$work/build
if ! { cmake -S "$ROOT" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=None -DCSERV_TESTS=ON \
    -DCMAKE_C_COMPILER="${CC:-gcc}" -DCMAKE_CXX_COMPILER="${CXX:-g++}" \
    -DCMAKE_C_FLAGS="-O0 -g --coverage -fprofile-update=atomic" &&
    cmake --build "$folder" --target fuzz_targets --parallel 2; } >"$work/build.log" 2>&1; then
    tail -n 40 "$work/build.log"
    echo "FAIL build: the fuzz targets do not build"
    exit 1
fi

for program in "$folder"/tests/fuzz_*; do
    target=${program##*/fuzz_}
    TMPDIR=$work "$program" "$ROOT/tests/fuzz/corpus/$target" >"$work/run.log" 2>&1 && continue
    tail -n 20 "$work/run.log" | sed 's/^/    | /'
    echo "FAIL $target: its kept inputs do not pass"
    exit 1
done
for file in $files; do
    case $file in
    modules/*) # modules/NAME/x.c is built as the library of its unit tests
        source=$file name=${file#modules/}
        object=$folder/modules/CMakeFiles/cserv_modules_${name%%/*}.dir/$name
        ;;
    *)
        source=container/$file
        object=$folder/container/CMakeFiles/cserv_${file%%/*}.dir/$file
        ;;
    esac
    percent=$(cd "$work" && gcov -r -s "$ROOT" -o "$object.gcda" "$ROOT/$source" 2>/dev/null |
        sed -n "\|^File '$source'|{n;s/^Lines executed:\([0-9]*\.[0-9]*\)%.*/\1/p;}")
    verdict=ok
    [ "${percent%%.*}" -ge "$WANTED" ] 2>/dev/null || verdict=FAIL
    echo "$verdict $file: ${percent:-0} % of its lines, $WANTED wanted"
    [ -z "${COVERAGE_SHOW-}" ] || sed -n 's/^ *#####: *\([0-9]*\):/    | not reached, \1:/p' \
        "$work/${file##*/}.gcov"
done >"$work/results"
cat "$work/results"
! grep -q '^FAIL' "$work/results"
