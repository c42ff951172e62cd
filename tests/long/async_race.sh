#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: thread address
# One million asynchronous requests, each written to, completed, dispatched and prolonged by four threads while
# its time runs out and its client leaves: every one ends once, no sanitizer has anything to say. The test is
# tests/unit/testkit/test_async_race.c, which runs fewer of them in the quick suite.
# Environment: BUILD (of a sanitizer build with its tests), ASYNC_RACES.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
: "${BUILD:=$ROOT/build-test-thread}" "${ASYNC_RACES:=1000000}"
[ "$ASYNC_RACES" = 1000000 ] || echo "deviation: ASYNC_RACES=$ASYNC_RACES"
race=$BUILD/tests/unit_testkit_test_async_race
[ -x "$race" ] || { echo "async_race.sh: no $race: sh tests/run.sh --long async_race" >&2; exit 1; }
grep -qE '__tsan_init|__asan_init' "$race" ||
    { echo "async_race.sh: $race is not of a sanitizer build" >&2; exit 1; }
TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:exitcode=66:second_deadlock_stack=1}
export ASYNC_RACES TSAN_OPTIONS
out=$(mktemp "${TMPDIR:-/tmp}/cserv-race.XXXXXX") || exit 1
trap 'rm -f "$out"' EXIT
begun=$(date +%s)
if "$race" >"$out" 2>&1 && grep -q 'PASSED.* 1 test' "$out"; then
    echo "ok races: $ASYNC_RACES requests in $(($(date +%s) - begun)) s, no report: $(grep -m 1 ' timed out' "$out")"
else
    tail -n 100 "$out"
    echo "FAIL races: of $ASYNC_RACES requests"
    exit 1
fi
