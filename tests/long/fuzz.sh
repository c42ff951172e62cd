#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz targets of tests/fuzz with clang's libFuzzer, ASan and UBSan; fails on a finding.
#     sh tests/long/fuzz.sh [--seconds N] [--target T] [--merge]
# --seconds: the processor's time for each target (default 600; FUZZ_SECONDS). --target: one only (FUZZ_TARGET).
# --merge: afterwards tests/fuzz/corpus/T becomes the smallest set of inputs that reaches the same edges;
# files whose name begins with regression- stay. Two targets run at once, with nice 19.
# A finding is kept in FUZZ_FINDINGS (default: fuzz-findings in the build folder).
# Environment: TMPDIR, CC (clang), CXX (clang++).

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
seconds=${FUZZ_SECONDS:-600}
only=${FUZZ_TARGET-}
merge=
while [ $# -gt 0 ]; do
    case $1 in
    --seconds) seconds=$2 && shift ;;
    --target) only=$2 && shift ;;
    --merge) merge=yes ;;
    *) echo "usage: fuzz.sh [--seconds N] [--target T] [--merge]" >&2 && exit 2 ;;
    esac
    shift
done
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-fuzz.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
folder=$ROOT/build-test-fuzz
[ -w "$ROOT" ] || folder=$work/build
findings=${FUZZ_FINDINGS:-$folder/fuzz-findings}

if ! command -v "${CC:-clang}" >/dev/null; then
    echo "skip fuzz: clang is not here"
    exit 77
fi
if ! { cmake -S "$ROOT" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCSERV_TESTS=ON \
    -DCSERV_WERROR=ON -DCSERV_FUZZ=ON -DCMAKE_C_COMPILER="${CC:-clang}" \
    -DCMAKE_CXX_COMPILER="${CXX:-clang++}" && cmake --build "$folder" --target fuzz_targets --parallel 2; } \
    >"$work/build.log" 2>&1; then
    tail -n 40 "$work/build.log"
    echo "FAIL build: the fuzz targets do not build"
    exit 1
fi

# The names of elements and attributes are taken from the readers themselves.
dictionary() { # TARGET
    case $1 in
    server_xml | context_xml) names="$ROOT"/container/config/s*.c ;;
    web_xml) names="$ROOT"/container/config/webxml*.c ;;
    *)
        [ ! -f "$ROOT/tests/fuzz/dict/$1.dict" ] || cat "$ROOT/tests/fuzz/dict/$1.dict"
        return
        ;;
    esac
    cat "$ROOT/tests/fuzz/dict/xml.dict"
    # shellcheck disable=SC2086 # a pattern
    grep -oh '"[A-Za-z][A-Za-z.-]*"' $names | sort -u
}

say() { # LINE
    echo "$1"
    echo "$1" >>"$work/results"
}

# libFuzzer counts the clock's seconds, of which a shared machine gives a process few: it is run until the
# processor has been used for the time asked for. What one round found is where the next begins.
fuzz() { # TARGET
    mkdir -p "$work/$1" "$findings/$1" "$ROOT/tests/fuzz/corpus/$1" "$work/tmp.$1"
    dictionary "$1" >"$work/$1.dict"
    [ -s "$work/$1.dict" ] || echo '"a"' >"$work/$1.dict" # libFuzzer takes no empty one
    : >"$work/$1.log"
    used=0
    code=0
    while [ "$code" -eq 0 ] && [ "$used" -lt "$seconds" ]; do
        (
            TMPDIR=$work/tmp.$1 CMOCKA_TEST_ABORT=1 \
                UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 \
                nice -n 19 "$folder/tests/fuzz_$1" -max_total_time=$((seconds - used)) -max_len=2048 -timeout=10 \
                -rss_limit_mb=1024 -dict="$work/$1.dict" -artifact_prefix="$findings/$1/" -print_final_stats=1 \
                "$work/$1" "$ROOT/tests/fuzz/corpus/$1" >>"$work/$1.log" 2>&1
            code=$?
            times >"$work/$1.times"
            exit "$code"
        )
        code=$?
        # The second line is the children's: 9m58.230000s 0m1.120000s
        round=$(sed -n '2s/[ms]/ /gp' "$work/$1.times" | awk '{ print int($1 * 60 + $2 + $3 * 60 + $4 + 0.999) }')
        used=$((used + ${round:-seconds}))
    done
    runs=$(awk '/^stat::number_of_executed_units:/ { sum += $2 } END { printf "%d", sum }' "$work/$1.log")
    reached=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 edges, \2 features/p' "$work/$1.log" | tail -n 1)
    if [ "$code" -eq 0 ]; then
        say "ok $1: ${runs:-0} runs in $used s of the processor, $reached"
        [ -z "$merge" ] || merge "$1"
        return
    fi
    tail -n 60 "$work/$1.log" | cut -c 1-300 | sed 's/^/    | /'
    say "FAIL $1: ended with $code, findings in $findings/$1: $(find "$findings/$1" -type f | wc -l)"
}

merge() { # TARGET
    kept=$ROOT/tests/fuzz/corpus/$1
    mkdir -p "$work/merged.$1"
    find "$kept" -name 'regression-*' -exec cp {} "$work/merged.$1/" \;
    TMPDIR=$work/tmp.$1 nice -n 19 "$folder/tests/fuzz_$1" -merge=1 -use_counters=0 -max_len=2048 "$work/merged.$1" \
        "$kept" "$work/$1" >"$work/$1.merge" 2>&1 || return
    find "$kept" -type f -exec rm {} +
    cp "$work/merged.$1"/* "$kept/"
    echo "kept $1: $(find "$kept" -type f | wc -l) files, $(du -sk "$kept" | cut -f 1) KiB"
}

# Two lanes, so that the machine stays usable.
lane() { # NUMBER
    number=0
    for target in $targets; do
        number=$((number + 1))
        [ $((number % 2)) -ne "$1" ] || fuzz "$target"
    done
}
targets=${only:-$(sed -n 's/^cserv_fuzz(\([a-z0-9_]*\) .*/\1/p' "$ROOT/tests/fuzz/CMakeLists.txt")}
lane 1 &
other=$!
lane 0
wait "$other"
for target in $targets; do
    grep -q "^[a-zA-Z]* $target: " "$work/results" || say "FAIL $target: it did not run to its end"
    rmdir "$findings/$target" 2>/dev/null # it is empty
done
! grep -q '^FAIL' "$work/results"
