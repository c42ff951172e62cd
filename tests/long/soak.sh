#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# 10 million requests over 200 connections: hello, echo with random bodies (compared by hash), big. No
# error, memory within 5 percent from the first minute on, descriptors back to where they were.
# Environment: CSERV, BUILD, CC; REQUESTS for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${REQUESTS:=10000000}"
[ "$REQUESTS" = 10000000 ] || echo "deviation: REQUESTS=$REQUESTS"
load_build
server_make
server_set maxKeepAliveRequests -1
server_start
mix="--mix hello=70,echo=25,big=5 --connections 200"

# Everything that is made on first use is there before the descriptors are counted.
# shellcheck disable=SC2086 # words
"$LOAD" --port "$PORT" $mix --requests 20000 >"$WORK/warm" 2>&1 || { cat "$WORK/warm"; die "warm-up failed"; }
fds_before=$(settled fds_of "$CONTAINER")

# shellcheck disable=SC2086
"$LOAD" --port "$PORT" $mix --requests "$REQUESTS" --seed 2 --timeout 30 --limit 7200 --pid "$SUPERVISOR" \
    >"$WORK/load.out" 2>&1 &
loader=$!
BACKGROUND=$loader
began=$(date +%s)
while kill -0 "$loader" 2>/dev/null; do
    rss=$(memory_of "$CONTAINER" Rss) || break
    now=$(($(date +%s) - began))
    echo "$now $rss" >>"$WORK/memory"
    [ $((now % 60)) != 0 ] || [ "$now" = "${told:-0}" ] || { told=$now; echo "$now s: $rss kB resident"; }
    sleep 1
done
wait "$loader"
code=$?
cat "$WORK/load.out"
server_same
judge requests "$(sed -n '/^requests/p; /^errors/p' "$WORK/load.out" | tr -s ' \n' ' ')" test "$code" = 0

# Within the first minute queues, arenas and threads reach their size. A run too short for that is
# compared from its half on.
set -- $(awk '{ t[NR] = $1; v[NR] = $2 }
    END { from = t[NR] >= 90 ? 60 : t[NR] / 2
          for (i = 1; i <= NR; i++) if (t[i] >= from) {
              if (base == "") { base = v[i]; at = t[i] }
              if (v[i] > most) most = v[i] }
          printf "%d %d %d %.2f", at, base, most, base ? (most / base - 1) * 100 : 100 }' "$WORK/memory")
judge memory "$2 kB resident at $1 s, at most $3 kB later: $4 percent more, at most 5" at_most "$4" 5

fds_after=$(settled fds_of "$CONTAINER")
judge descriptors "$fds_before before, $fds_after after" at_most "$fds_after" "$fds_before"
server_stop
judge stop "cserv stop ended it in order" true
exit "$status"
