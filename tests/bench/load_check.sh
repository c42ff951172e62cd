#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that the load client accepts right answers and notices each wrong one, by kind: against
# faults.c, whose paths begin with the error's name. One line per case; exit 1 when one fails.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
load_build
"$CC" -std=c11 -O2 -o "$WORK/faults" "$ROOT/tests/bench/faults.c" || die "faults.c does not compile"
port=$("$LOAD" free-port) || exit 1
"$WORK/faults" "$port" &
BACKGROUND=$!
wait_for_hello "$port" /good 5 || die "faults does not answer"

failed=0
check() { # NAME EXPECTED ("" = no error) OPTIONS...
    name=$1 expected=$2
    shift 2
    out=$("$LOAD" --json --port "$port" --connections 1 --timeout 0.3 --limit 1 "$@" 2>"$WORK/why")
    code=$?
    seen=$(printf '%s' "$out" | sed 's/.*"errors":{//; s/}.*//' | tr ',' '\n' |
        sed -n 's/^"\([a-z]*\)":[1-9].*/\1/p' | grep -vx limit | tr '\n' ' ')
    if [ -z "$expected" ] && [ "$code" = 0 ] && [ -z "$seen" ]; then
        echo "ok $name: accepted"
    elif [ -n "$expected" ] && [ "$code" = 1 ] && [ "$seen" = "$expected " ]; then
        echo "ok $name: noticed ($(sed -n '1s/^load: error //p' "$WORK/why"))"
    else
        echo "FAIL $name: exit $code, errors '$seen', expected '$expected'"
        failed=1
    fi
}
for name in $(sed -n 's/^    {"\([a-z0-9-]*\)", .*/\1/p' "$ROOT/tests/bench/faults.c"); do
    expected=${name%%-*}
    [ "$expected" != good ] || expected=''
    check "$name" "$expected" --hello "/$name" --requests 3
done
check echo-good '' --mix echo=1 --echo /echo-good --requests 300 --limit 20
check echo-flip body --mix echo=1 --echo /echo-flip --requests 100
check echo-type fields --mix echo=1 --echo /echo-type --requests 3
check big-good '' --mix big=1 --big /big-good --requests 300 --limit 20
check big-shift body --mix big=1 --big /big-shift --requests 100
port=$("$LOAD" free-port)
check refused connect --requests 3
exit "$failed"
