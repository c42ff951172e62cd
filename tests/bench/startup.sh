#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How soon and how small: the first right answer within 60 ms of running `cserv start` (median of 9,
# stock webapps), and at most 20 MiB of PSS in both processes after 1,000 hello requests.
# Environment: CSERV, BUILD, CC as for run.sh.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
load_build
server_make
all=''
i=0
while [ "$i" -lt 9 ]; do
    SERVED=$BASE
    ms=$("$LOAD" first-answer "$PORT" /examples/hello 10 "$CSERV" start -b "$BASE" 2>"$WORK/start.out") ||
        { cat "$WORK/start.out" >&2; die "start $i did not answer"; }
    all="$all $ms"
    [ "$i" = 8 ] || server_stop
    i=$((i + 1))
done
# shellcheck disable=SC2086 # a list of numbers
median=$(printf '%s\n' $all | sort -n | sed -n 5p)
judge first-answer "$median ms after running cserv start, at most 60; all:$all" at_most "$median" 60

server_find # the ninth one, fresh
"$LOAD" --port "$PORT" --connections 16 --requests 1000 >"$WORK/load.out" 2>&1 ||
    { cat "$WORK/load.out" >&2; die "the requests failed"; }
server_same
one=$(settled memory_of "$SUPERVISOR" Pss)
other=$(settled memory_of "$CONTAINER" Pss)
judge memory "$((one + other)) kB of PSS after 1,000 requests (supervisor $one, container $other), \
at most 20480" at_most "$((one + other))" 20480
server_stop
exit "$status"
