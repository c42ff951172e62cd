#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# Thousands of slow and hostile clients at once, and probes that do not notice them: 2,500 each of slow
# heads, slow bodies and stopped readers on makebase's defaults, besides 400 that dribble a body to a
# streaming servlet; then 12,000 in all with maxConnections=13000; then all connections taken by clients at
# the least rate. Every probe answered, p99 within twice unloaded + 1 ms in the same run, no worker held,
# memory and temporary files under their caps, memory and descriptors back afterwards.
#
# Environment: CSERV, BUILD, CC; SCALE=N divides the numbers of clients (a trial: printed); PROBES;
# STREAM=PATH of a servlet that streams ("" leaves that part out; default: /examples/upload where it is).
# Needs about 13,500 file descriptors for each of server and clients.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${SCALE:=1}" "${PROBES:=2000}"
[ "$SCALE" = 1 ] || say "deviation: SCALE=$SCALE"
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge $((18700 / SCALE)) ] ||
    skip "the hard limit of open files is $(ulimit -Hn), 18,700 are needed"
load_build
server_make
server_set socket.txBufSize 65536

# One number of `status --json`: a Python expression over s.
status_of() {
    "$CSERV" status -b "$BASE" --json | python3 -c "
import json, sys
s = json.load(sys.stdin)
c = s['connectors'][0]
print($1)"
}

# The crowd reads its orders from a pipe that this shell holds open.
crowd_start() { # WORDS...
    rm -f "$WORK/orders"
    mkfifo "$WORK/orders" || die "mkfifo"
    "$LOAD" crowd "$PORT" "$@" <"$WORK/orders" >"$WORK/crowd.out" 2>&1 &
    crowd=$!
    BACKGROUND=$crowd
    exec 3>"$WORK/orders"
}
crowd_figures() {
    lines=$(wc -l <"$WORK/crowd.out")
    echo >&3
    tries=0
    while [ "$(wc -l <"$WORK/crowd.out")" = "$lines" ] && [ "$tries" -lt 100 ]; do
        kill -0 "$crowd" 2>/dev/null || die "the crowd ended: $(cat "$WORK/crowd.out")"
        tries=$((tries + 1))
        sleep 0.1
    done
    tail -n 1 "$WORK/crowd.out"
}
crowd_full() { # PERCENT: waits until so many are connected
    tries=0
    while :; do
        figures=$(crowd_figures)
        [ $(($(field open "$figures") * 100)) -lt $(($(field wanted "$figures") * $1)) ] || return 0
        tries=$((tries + 1))
        [ "$tries" -lt 900 ] || die "the crowd does not get in: $figures"
        sleep 0.1
    done
}
crowd_end() {
    exec 3>&-
    wait "$crowd"
    BACKGROUND=''
    say "crowd: $(tail -n 1 "$WORK/crowd.out")"
}

# Each second until the probes are done: memory of bodies and answers, busy workers, resident memory. It
# costs the machine something, so it runs beside the probes of the idle server, too.
watch() {
    while kill -0 "$1" 2>/dev/null; do
        status_of "s['spool']['bufferedBytes'], s['spool']['maxBufferedMemory'], s['spool']['spoolBytes'], s['spool']['maxSpool'], c['threadsBusy'], c['connections']" >>"$WORK/watched"
        awk '$1 == "VmRSS:" { print $2 }' "/proc/$CONTAINER/status" >>"$WORK/rss" # looks at no page
        sleep 1
    done
}
column_max() { awk -v c="$1" '$c > m { m = $c } END { print m + 0 }' "$WORK/watched"; }
column_median() { awk -v c="$1" '{ print $c }' "$WORK/watched" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] + 0 }'; }

# The figures of $PROBES probes.
probe() {
    : >"$WORK/watched"
    : >"$WORK/rss"
    "$LOAD" probe "$PORT" /examples/hello "$PROBES" 10 >"$WORK/probe.out" 2>&1 &
    prober=$!
    BACKGROUND="$crowd $prober"
    watch "$prober"
    wait "$prober"
    BACKGROUND=$crowd
}

# NAME: the probes among the crowd, against the unloaded ones of the same run.
probe_crowd() {
    probe
    loaded=$(cat "$WORK/probe.out")
    quiet_p99=$(field p99 "$quiet") loaded_p99=$(field p99 "$loaded")
    say "$1: unloaded $quiet; among the crowd $loaded; crowd $(crowd_figures)"
    judge "$1/answered" "$(field answered "$loaded") of $(field probes "$loaded") probes" \
        test "$(field answered "$loaded")" = "$PROBES"
    bound=$(awk -v q="$quiet_p99" 'BEGIN { printf "%.3f", 2 * q + 1 }')
    judge "$1/p99" "$loaded_p99 ms, unloaded $quiet_p99 ms, bound $bound ms" at_most "$loaded_p99" "$bound"
    judge "$1/memory" "$(column_max 1) bytes of bodies and answers in memory, cap $(column_max 2)" \
        at_most "$(column_max 1)" "$(column_max 2)"
    judge "$1/spool" "$(column_max 3) bytes in temporary files, cap $(column_max 4)" \
        at_most "$(column_max 3)" "$(column_max 4)"
    # A worker that is held is busy in every look. Streaming servlets have at most a quarter of the webapp's
    # threads; those that make the answers of readers which came back are done with them in no time.
    judge "$1/workers" "$(column_median 5) busy of 200 in the median of the looks, $(column_max 5) at most; $2 may be streaming" \
        at_most "$(column_median 5)" $(($2 + 15))
    say "$1: at most $(sort -n "$WORK/rss" | tail -n 1) kB resident, $(column_max 6) connections"
    server_same
}

unloaded() {
    "$LOAD" probe "$PORT" /examples/hello 200 1 >/dev/null || die "the probes fail on an idle server"
    crowd=''
    probe
    quiet=$(cat "$WORK/probe.out")
    [ "$(field answered "$quiet")" = "$PROBES" ] || die "the probes fail on an idle server: $quiet"
}

streams() { # how many dribblers the streaming servlet gets
    if [ "${STREAM-unset}" = unset ]; then
        STREAM=/examples/upload
        [ "$(curl -s -o /dev/null -w '%{http_code}' -X POST --data x "http://127.0.0.1:$PORT$STREAM")" != 404 ] ||
            STREAM=''
    fi
    if [ -n "$STREAM" ]; then echo $((400 / SCALE)); else echo 0; fi
}

server_start
n=$((2500 / SCALE))
s=$(streams)
[ "$s" != 0 ] || say "without the 400 dribblers: no streaming servlet"
unloaded
fds_before=$(settled fds_of "$CONTAINER")
rss_before=$(memory_of "$CONTAINER" Rss)
crowd_start heads=$n bodies=$n readers=$n streams="$s" ${STREAM:+stream=$STREAM}
crowd_full 98
probe_crowd crowd $((s > 0 ? 37 : 0))
crowd_end
fds_after=$(settled fds_of "$CONTAINER")
judge crowd/descriptors "$fds_before before, $fds_after after" at_most "$fds_after" $((fds_before + 5))
sleep 6 # memory is given back some seconds after a crowd has left
rss_after=$(settled memory_of "$CONTAINER" Rss)
# What a thousand kept buffers of a group may hold (16 KiB each, twice) is not a leak.
judge crowd/resident "$rss_before kB before, $rss_after kB after, at most 48 MB more" \
    at_most "$rss_after" $((rss_before + 49152))
judge crowd/no-connection-left "$(status_of "c['connections']") open" test "$(status_of "c['connections']")" = 0

# The same crowd again leaves nothing more behind.
crowd_start heads=$n bodies=$n readers=$n streams="$s" ${STREAM:+stream=$STREAM}
crowd_full 98
crowd_end
sleep 6
rss_again=$(settled memory_of "$CONTAINER" Rss)
judge crowd/resident-again "$rss_after kB, $rss_again kB after the second crowd, at most 8 MB more" \
    at_most "$rss_again" $((rss_after + 8192))
server_stop

server_set maxConnections 13000
server_start
unloaded
n=$(((12000 / SCALE - s) / 3))
crowd_start heads=$n bodies=$n readers=$n streams="$s" ${STREAM:+stream=$STREAM}
crowd_full 98
probe_crowd twelve-thousand $((s > 0 ? 37 : 0))
crowd_end
server_stop

# Every connection taken by clients at the least rate: who comes new is served, and status answers.
max=$((8192 / SCALE))
server_set maxConnections $max
server_start
unloaded
crowd_start bodies=$max rate=260 arrive=3000
tries=0
until [ "$(status_of "c['connections']")" -ge $((max - max / 32 - 64)) ] || [ $tries -gt 300 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
sleep 2 # until they are known to be slow, and no longer new
probes=$("$LOAD" probe "$PORT" /examples/hello 300 10)
began=$(date +%s%N)
held=$(status_of "c['connections']")
took=$((($(date +%s%N) - began) / 1000000))
say "taken: $held of $max connections; $probes; $(status_of "c['closed']['room_slow']") slow ones made room"
judge taken/full "$held of $max connections" at_most $((max - max / 32 - 64)) "$held"
judge taken/answered "$(field answered "$probes") of 300" test "$(field answered "$probes")" = 300
judge taken/within-1s "the slowest of 300 took $(field max "$probes") ms" at_most "$(field max "$probes")" 1000
judge taken/status "status answered in $took ms" at_most "$took" 2000
crowd_end
server_stop
exit "$status"
