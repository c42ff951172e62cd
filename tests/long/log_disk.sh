#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# The logs' disk in trouble: access log and server log become a FIFO without a reader, then a full disk,
# then are good again, under load. No request is delayed (p99 as before), lost lines are counted and told
# of at most once a minute and cause, and logging goes on by itself. As root the full disk is a small
# tmpfs, else /dev/full. Environment: CSERV, BUILD, CC; SECONDS_EACH for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${SECONDS_EACH:=10}"
[ "$SECONDS_EACH" = 10 ] || echo "deviation: SECONDS_EACH=$SECONDS_EACH"
load_build
server_make
sed -i -e '/<Valve/d' \
    -e 's|\(<Host name=.*\)|\1<Valve className="org.apache.catalina.valves.AccessLogValve" pattern="common"/>|' \
    "$BASE/conf/server.xml"
server_start
logs=$BASE/logs
access=$logs/access_log.$(date +%F)
server=$logs/cserv.$(date +%F).log
mounted=''
unmount() { [ -z "$mounted" ] || { umount -l "$mounted"; mounted=''; }; }
trap 'unmount; load_server_cleanup' EXIT

counter() { # NAME
    "$CSERV" status -b "$BASE" --json | tr ',{}' '\n\n\n' | sed -n "s/^ *\"$1\": *\([0-9]*\).*/\1/p" | head -n 1
}
load() { # PHASE SECONDS; sets p99
    result=$("$LOAD" --fields --port "$PORT" --connections 16 --duration "$2" --warmup 0.5 --timeout 5 \
        --limit 120) || die "$1: $result"
    p99=$(field p99 "$result")
    echo "$1: $(field rate "$result") req/s, p99 $p99 us; lines lost $(counter access_lines_lost)"
}
becomes() { # SECONDS COMMAND...
    tries=$(($1 * 10))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}
one_request() { wait_for_hello "$PORT" /examples/hello 1; }
line_comes() { one_request && sleep 0.3 && [ -s "$access" ] && [ -f "$access" ]; }

load warm 3
load good "$SECONDS_EACH"
good=$p99
# Noise of the machine: what it was before, half as much again, and a millisecond.
bound=$(awk -v g="$good" 'BEGIN { printf "%.0f", g * 1.5 + 1000 }')
lost=$(counter access_lines_lost)
judge good "$lost lines lost while the disk was good" test "$lost" = 0

# ---- a FIFO without a reader ----
for file in "$access" "$server"; do
    mv "$file" "$file.good"
    mkfifo "$file"
done
load fifo "$SECONDS_EACH"
judge fifo-p99 "$p99 us, before $good, at most $bound" at_most "$p99" "$bound"
in_fifo=$(counter access_lines_lost)
judge fifo-lost "$in_fifo lines lost and counted" test "$in_fifo" -gt 0

# ---- full ----
rm "$access" "$server"
if [ "$(id -u)" = 0 ] && mkdir "$WORK/small" && mount -t tmpfs -o size=64k none "$WORK/small" 2>/dev/null; then
    mounted=$WORK/small full="a full tmpfs"
    head -c 60k /dev/zero >"$WORK/small/filler"
    ln -s "$WORK/small/access" "$access"
    ln -s "$WORK/small/server" "$server"
else
    full=/dev/full
    ln -s /dev/full "$access"
    ln -s /dev/full "$server"
fi
load "$full" "$SECONDS_EACH"
judge full-p99 "$p99 us on $full, before $good, at most $bound" at_most "$p99" "$bound"
in_full=$(counter access_lines_lost)
judge full-lost "$((in_full - in_fifo)) more lines lost and counted" test "$in_full" -gt "$in_fifo"

# ---- good again ----
rm -f "$access" "$server"
judge recovers "access lines are on disk again" becomes 10 line_comes
judge server-log-recovers "the server's log tells of it" becomes 10 grep -qs 'is written again' "$server"
before=$(counter access_lines_lost)
load again "$SECONDS_EACH"
judge again-p99 "$p99 us, before $good, at most $bound" at_most "$p99" "$bound"
judge again-nothing-lost "none lost since" test "$(counter access_lines_lost)" = "$before"
errors=$(cat "$server" "$server.good" | grep -c ' ERROR .*observe')
judge told "$errors ERROR lines on the logs' trouble, at most 8" test "$errors" -ge 1 -a "$errors" -le 8
recorded=$(counter access_lines)
server_same
server_stop
written=$(cat "$access.good" "$access" | wc -l)
judge all-whole "$(grep -cvE '^127\.0\.0\.1 - - \[[^]]*\] "GET [^"]*" 200 13$' "$access") lines of the last file are not whole" \
    test "$(grep -cvE '^127\.0\.0\.1 - - \[[^]]*\] "GET [^"]*" 200 13$' "$access")" = 0
echo "$recorded lines were taken, $before lost, $written are in regular files (the rest went to $full)"
unmount
exit "$status"
