#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# The logs' disk in trouble: the access log becomes a FIFO without a reader, then both logs are on a full
# disk, then all is good again, five times under load. No request is delayed (the best p99 of the rounds is as when it is good),
# lost lines are counted and told of at most once a minute and cause, and logging goes on by itself. As root
# the full disk is a small tmpfs, else /dev/full. Environment: CSERV, BUILD, CC; SECONDS_EACH for a shorter
# trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${SECONDS_EACH:=6}"
[ "$SECONDS_EACH" = 6 ] || echo "deviation: SECONDS_EACH=$SECONDS_EACH"
load_build
server_make
# Long lines, so that they fill the memory that waits for the disk within seconds.
long=$(head -c 1000 /dev/zero | tr '\0' x)
sed -i -e '/<Valve/d' \
    -e "s|\(<Host name=.*\)|\1<Valve className=\"org.apache.catalina.valves.AccessLogValve\" pattern=\"%h %t %r %s $long\"/>|" \
    "$BASE/conf/server.xml"
export TZ=UTC # without an hour that is twice
server_start
logs=$BASE/logs
access=$logs/access_log.$(date +%F)
server=$logs/cserv.$(date +%F).log
small=''
unmount() { [ -z "$small" ] || { umount -l "$small"; small=''; }; }
trap 'unmount; load_server_cleanup' EXIT
if [ "$(id -u)" = 0 ] && mkdir "$WORK/small" && mount -t tmpfs -o size=64k none "$WORK/small" 2>/dev/null; then
    small=$WORK/small
    head -c 60k /dev/zero >"$small/filler"
    echo "full disk: a tmpfs of 64 KiB"
else
    echo "full disk: /dev/full, because no tmpfs can be mounted here"
fi

counter() { # NAME
    "$CSERV" status -b "$BASE" --json | tr ',{}' '\n\n\n' | sed -n "s/^ *\"$1\": *\([0-9]*\).*/\1/p" | head -n 1
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
load() { # PHASE; appends its p99 and what was lost in it
    before=$(counter access_lines_lost)
    result=$("$LOAD" --fields --port "$PORT" --connections 16 --duration "$SECONDS_EACH" --warmup 0.5 \
        --timeout 5 --limit 120) || die "$1: $result"
    lost=$(($(counter access_lines_lost) - before))
    echo "$1: $(field rate "$result") req/s, p99 $(field p99 "$result") us, $lost lines lost"
    echo "$1 $(field p99 "$result") $lost" >>"$WORK/figures"
}
put_aside() { # what a good disk has taken, to be read at the end
    aside=$((${aside:-0} + 1))
    for file in "$@"; do [ ! -f "$file" ] || mv "$file" "$file.$aside"; done
}
make_full() {
    if [ -n "$small" ]; then
        rm -f "$small/access" "$small/server"
        ln -s "$small/access" "$access" && ln -s "$small/server" "$server"
    else
        ln -s /dev/full "$access" && ln -s /dev/full "$server"
    fi
}
one_request() { wait_for_hello "$PORT" /examples/hello 1; }
line_comes() { one_request && sleep 0.3 && [ -f "$access" ] && [ -s "$access" ]; }
told() { grep -qs 'access log .* is written again' "$server"; }

for round in 1 2 3 4 5; do
    load good
    put_aside "$access"
    mkfifo "$access"
    load fifo
    rm "$access"
    put_aside "$server"
    make_full
    load full
    rm "$access" "$server"
    judge "recovers-$round" "access lines are on disk again" becomes 10 line_comes
done
# Causes that repeat are told of once a minute.
judge tells "the server's log tells that the access log is written again" becomes 70 told

# The least of the rounds: what else runs on the machine only adds.
p99() { awk -v n="$1" '$1 == n { print $2 }' "$WORK/figures" | sort -n | head -n 1; }
least() { awk -v n="$1" '$1 == n { print $3 }' "$WORK/figures" | sort -n | head -n 1; }
most() { awk -v n="$1" '$1 == n { print $3 }' "$WORK/figures" | sort -n | tail -n 1; }
good=$(p99 good)
bound=$(awk -v g="$good" 'BEGIN { printf "%.0f", g * 1.25 + 500 }') # noise of the machine
for phase in fifo full; do
    judge "p99-$phase" "$(p99 $phase) us, $good with a good disk, at most $bound" at_most "$(p99 $phase)" "$bound"
    judge "counted-$phase" "at least $(least $phase) lines lost and counted each time" test "$(least $phase)" -gt 0
done
judge none-lost-when-good "$(most good) lines" test "$(most good)" = 0
errors=$(cat "$server"* | grep -c ' ERROR .*observe')
judge told-seldom "$errors ERROR lines of the logs' trouble, at most 3 causes a minute and log" \
    test "$errors" -ge 1 -a "$errors" -le $((3 * 2 * (15 * SECONDS_EACH / 60 + 4)))
server_same
server_stop
torn=$(awk 'NR == 1 { n = length($0) } length($0) != n { torn++ } END { print torn + 0 }' "$access" "$access.1")
judge whole-lines "$torn lines are torn in files of a good disk" test "$torn" = 0
unmount
exit "$status"
