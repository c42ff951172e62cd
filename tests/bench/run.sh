#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Side-by-side benchmark: sh tests/bench/run.sh [--only NAME] [--rounds N] [--json]
# cserv beside nginx, Tomcat and libmicrohttpd, with a bare epoll thread as the floor. Interleaved rounds,
# medians. Exit 1 when a bound is missed or an answer was wrong. About four minutes.
# Environment: CSERV (the binary; default build/bin/cserv), BUILD (its build folder, for cserv.pc), CC.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
only='' rounds=5 json=0
while [ $# -gt 0 ]; do
    case $1 in
    --only) [ $# -gt 1 ] || { echo "--only needs a name" >&2; exit 2; }; only=$2; shift ;;
    --rounds) [ $# -gt 1 ] || { echo "--rounds needs a number" >&2; exit 2; }; rounds=$2; shift ;;
    --json) json=1 ;;
    *) echo "usage: sh tests/bench/run.sh [--only NAME] [--rounds N] [--json]" >&2; exit 2 ;;
    esac
    shift
done
case $rounds in '' | *[!0-9]* | 0) echo "--rounds needs a number from 1" >&2; exit 2 ;; esac
names="floor cserv nginx tomcat libmicrohttpd"
case $only in
'') ;;
floor) names=floor ;;
cserv | nginx | tomcat | libmicrohttpd) names="floor $only" ;;
*) echo "--only $only: one of $names" >&2; exit 2 ;;
esac

. "$ROOT/tests/support/load_server.sh"
. "$ROOT/tests/bench/peers.sh"
[ "$json" = 0 ] || exec 3>&1 1>&2 # everything but the JSON goes to stderr
began=$(date +%s)
load_build
lines=$WORK/figures
: >"$lines"

running=''
for name in $names; do
    reason=''
    if ! "${name}_ready"; then
        echo "skipped $name $reason" >>"$lines"
        [ "$name" != cserv ] || { echo "cserv: $reason" >&2; cserv_missing=1; }
        continue
    fi
    port=$("$LOAD" free-port) || exit 1
    "${name}_start" || die "$name does not start"
    [ "$name" = cserv ] || BACKGROUND="$BACKGROUND $pid"
    wait_for_hello "$port" "$path" 30 || die "$name does not answer on port $port"
    eval "port_$name=$port pid_$name=$pid path_$name=$path"
    running="$running $name"
    echo "about $name $("${name}_about")" >>"$lines"
    echo "$name: $("${name}_about")"
done
echo "host: $(nproc) processors, Linux $(uname -r); load client on one thread, nothing pinned;" \
    "$rounds rounds; load now $(cut -d' ' -f1 /proc/loadavg)"

# One short run; an answer that is not right ends the benchmark.
measure() { # NAME CONNECTIONS SECONDS WARMUP
    eval "port=\$port_$1 pid=\$pid_$1 path=\$path_$1"
    result=$("$LOAD" --fields --port "$port" --hello "$path" --connections "$2" --duration "$3" \
        --warmup "$4" --pid "$pid" --limit 60) || die "$1 at $2 connections: $result"
}

for name in $running; do # what is compiled while it runs needs more
    case $name in tomcat) measure tomcat 64 4 1 ;; *) measure "$name" 64 0.5 0 ;; esac
done
round=1
while [ "$round" -le "$rounds" ]; do
    for step in "64 2 0.5" "512 2 0.5" "1 0.8 0.2" "4 0.8 0.2" "16 0.8 0.2"; do
        # shellcheck disable=SC2086 # STEP is three words
        set -- $step
        for name in $running; do
            measure "$name" "$@"
            echo "figure $name $1 $(field rate "$result") $(field cpu "$result")" \
                "$(field p50 "$result") $(field p99 "$result")" >>"$lines"
        done
    done
    echo "round $round of $rounds done"
    running=$(echo "$running" | awk '{ for (i = NF; i > 0; i--) printf " %s", $i }') # the other way round
    round=$((round + 1))
done
case " $running " in *" cserv "*) server_same ;; esac
echo "$(($(date +%s) - began)) s"
if [ "$json" = 1 ]; then
    awk -v json=1 -f "$ROOT/tests/bench/figures.awk" "$lines" >&3
else
    awk -f "$ROOT/tests/bench/figures.awk" "$lines"
fi
code=$?
[ "${cserv_missing:-0}" = 0 ] || code=1
exit "$code"
