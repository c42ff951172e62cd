#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# 10,000 asynchronous requests wait while eight threads serve the others: each costs at most 4 KiB, hello's
# p99 stays within twice unloaded + 1 ms, and each is answered when its time is over. Then 2,000 event streams
# that are fed once a second cost at most a tenth of a processor.
#
# Environment: CSERV, BUILD, CC; PROBES. Needs about 10,100 file descriptors for each of server and clients.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${PROBES:=2000}"
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 12100 ] ||
    skip "the hard limit of open files is $(ulimit -Hn), 12,100 are needed"
load_build
server_make
server_set maxConnections 12000
server_set maxThreads 8
server_set minSpareThreads 8
CLIENTS=$ROOT/tests/support/async_clients.py

clients() { # COUNT PATH SECONDS: in the background; returns when all are connected
    : >"$WORK/clients.out"
    python3 "$CLIENTS" "$PORT" "$@" >"$WORK/clients.out" 2>&1 &
    BACKGROUND=$!
    tries=0
    until grep -q '^open' "$WORK/clients.out"; do
        kill -0 "$BACKGROUND" 2>/dev/null || die "the clients ended: $(cat "$WORK/clients.out")"
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || die "the clients do not get in"
        sleep 0.1
    done
}
clients_end() { # sets $figures
    wait "$BACKGROUND"
    BACKGROUND=''
    figures=$(tail -n 1 "$WORK/clients.out")
}
probe() { "$LOAD" probe "$PORT" /examples/hello "$PROBES" 10; }
cpu_ms() { # of the container so far
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print int(($12 + $13) * 1000 / hz) }' "/proc/$CONTAINER/stat"
}

server_start
"$LOAD" probe "$PORT" /examples/hello 200 1 >/dev/null || die "the probes fail on an idle server"
quiet=$(probe) || die "the probes fail on an idle server: $quiet"
before=$(memory_of "$CONTAINER" Rss)
clients 10000 '/examples/wait?ms=40000' 90
after=$(memory_of "$CONTAINER" Rss)
each=$(((after - before) * 1024 / 10000))
loaded=$(probe) || die "the probes fail: $loaded"
bound=$(awk -v q="$(field p99 "$quiet")" 'BEGIN { printf "%.3f", 2 * q + 1 }')
judge memory "$each bytes of resident memory for each of 10,000 requests that wait, connection included, bound 4096" \
    at_most "$each" 4096
judge answered "$(field answered "$loaded") of $PROBES probes" test "$(field answered "$loaded")" = "$PROBES"
judge p99 "$(field p99 "$loaded") ms, unloaded $(field p99 "$quiet") ms, bound $bound ms" \
    at_most "$(field p99 "$loaded")" "$bound"
clients_end
judge all-answered "$figures" test "$(field answered "$figures")" = 10000

clients 2000 /examples/events 12
sleep 1
begun=$(cpu_ms)
sleep 10
spent=$(($(cpu_ms) - begun))
judge streams "$spent ms of CPU time in 10 s for 2,000 streams fed once a second, bound 1000" at_most "$spent" 1000
clients_end
judge streams-fed "$figures" at_most 20000 "$(field events "$figures")"
judge streams-stay "$figures" test "$(field lost "$figures")" = 0
server_same
server_stop
exit "$status"
