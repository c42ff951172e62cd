#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What an access log costs: CPU time per request of the whole server without one, with the pattern common
# and with combined, in interleaved rounds on the same machine; medians. At most 1 us per request.
# sh tests/bench/access_log.sh [ROUNDS]. Environment: CSERV, BUILD, CC as for run.sh.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
rounds=${1:-7}
load_build

# A server with VALVE (may be empty) in its Host; sets port_NAME and pid_NAME.
serve() { # NAME VALVE
    server_make
    mv "$BASE" "$WORK/$1"
    sed -i -e '/<Valve/d' -e "s|\(<Host name=.*\)|\1$2|" "$WORK/$1/conf/server.xml"
    grep -c '<Valve' "$WORK/$1/conf/server.xml" >"$WORK/valves"
    [ "$(cat "$WORK/valves")" = "$([ -n "$2" ] && echo 1 || echo 0)" ] || die "cannot set the valve of $1"
    "$CSERV" run -b "$WORK/$1" >"$WORK/$1.out" 2>&1 &
    BACKGROUND="$BACKGROUND $!"
    eval "port_$1=$PORT pid_$1=$!"
    wait_for_hello "$PORT" /examples/hello 30 || { cat "$WORK/$1.out" >&2; die "$1 does not answer"; }
}
valve() { echo "<Valve className=\"org.apache.catalina.valves.AccessLogValve\" pattern=\"$1\"/>"; }
serve off ''
serve common "$(valve common)"
serve combined "$(valve combined)"

names='off common combined'
measure() { # NAME SECONDS WARMUP
    eval "port=\$port_$1 pid=\$pid_$1"
    result=$("$LOAD" --fields --port "$port" --connections 64 --duration "$2" --warmup "$3" --pid "$pid" \
        --limit 60) || die "$1: $result"
}
for name in $names; do measure "$name" 0.5 0; done
echo "host: $(nproc) processors, Linux $(uname -r); 64 connections, hello; $rounds rounds"
round=1
while [ "$round" -le "$rounds" ]; do
    for name in $names; do
        measure "$name" 2 0.3
        echo "$name $(field rate "$result") $(field cpu "$result") $(field p99 "$result")" >>"$WORK/figures"
    done
    names=$(echo "$names" | awk '{ for (i = NF; i > 0; i--) printf "%s ", $i }') # the other way round
    round=$((round + 1))
done
median() { # NAME COLUMN
    awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$WORK/figures" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
off=$(median off 3)
for name in off common combined; do
    cpu=$(median "$name" 3)
    more=$(awk -v a="$cpu" -v b="$off" 'BEGIN { printf "%.2f", a - b }')
    text="$cpu us of CPU per request, $(median "$name" 2) req/s, p99 $(median "$name" 4) us"
    if [ "$name" = off ]; then
        echo "without a log: $text"
    else
        judge "$name" "$text: $more us more than without, at most 1" at_most "$more" 1
    fi
done
lost=$("$CSERV" status -b "$WORK/common" --json | sed -n 's/.*"access_lines_lost": *\([0-9]*\).*/\1/p')
judge nothing-lost "${lost:-no} lines lost" test "${lost:-x}" = 0
exit "$status"
