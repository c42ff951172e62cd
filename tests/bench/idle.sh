#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What an idle connection costs: at most 400 bytes of user space, and all are still served afterwards.
# 10,000 connections, each having made one request; the resident memory between 2,000 and 10,000 of
# them, by 8,000. Environment: CSERV, BUILD, CC as for run.sh.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
few=2000 many=10000 # of connections
# shellcheck disable=SC3045 # dash and bash have it; others skip
ulimit -n 20000 2>/dev/null || skip "needs 20000 open files (hard limit: $(ulimit -H -n))"
load_build
server_make
server_set maxConnections 12000
echo "deviation from the shell's limits: ulimit -n 20000"
server_start

mkfifo "$WORK/steer"
"$LOAD" --fields --port "$PORT" --hold "$few,$many" --limit 120 <"$WORK/steer" >"$WORK/held" \
    2>"$WORK/why" &
holder=$!
BACKGROUND=$holder
exec 4>"$WORK/steer"
wait_held() { # the load client bounds itself
    until grep -qx "held $1" "$WORK/held"; do
        kill -0 "$holder" 2>/dev/null || { cat "$WORK/why" >&2; die "$1 connections were not held"; }
        sleep 0.1
    done
    server_same
}
wait_held "$few"
before=$(settled memory_of "$CONTAINER" Rss)
echo >&4
wait_held "$many"
after=$(settled memory_of "$CONTAINER" Rss)
sockets=$(find "/proc/$CONTAINER/fd" -lname 'socket:*' 2>/dev/null | wc -l)
echo >&4
wait "$holder"
code=$?
exec 4>&-
server_same

bytes=$(((after - before) * 1024 / (many - few)))
judge idle-connection "$bytes bytes resident per idle connection, at most 400 ($before kB at $few, \
$after kB at $many, transparent huge pages: $(cat /sys/kernel/mm/transparent_hugepage/enabled))" \
    at_most "$bytes" 400
judge held "$sockets sockets in the container at $many connections" test "$sockets" -ge "$many"
judge answered-afterwards "$(tail -n 1 "$WORK/held") $(head -n 3 "$WORK/why")" test "$code" = 0
server_stop
exit "$status"
