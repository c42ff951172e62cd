#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# Debian's slowhttptest in its four modes (slow heads, slow bodies, range, slow read) with 1,000
# connections, against cserv on makebase's defaults and beside it against Debian's tomcat10 on its own: the
# service has to be available throughout. That of tomcat is printed, not judged.
#
# Environment: CSERV, BUILD, CC; CONNECTIONS, SECONDS_EACH for a trial (printed); BESIDE="" leaves tomcat out.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${CONNECTIONS:=1000}" "${SECONDS_EACH:=30}" "${BESIDE=tomcat}"
[ "$CONNECTIONS $SECONDS_EACH" = "1000 30" ] || say "deviation: CONNECTIONS=$CONNECTIONS SECONDS_EACH=$SECONDS_EACH"
command -v slowhttptest >/dev/null || skip "slowhttptest is not installed (apt-get install slowhttptest)"
# shellcheck disable=SC3045 # dash has -n
ulimit -n "$(ulimit -Hn)" 2>/dev/null
load_build

# MODE: the words of slowhttptest; its slow body goes to what takes one.
words_of() {
    case $1 in
    heads) echo "-H -i 10 -t GET -u $2" ;;
    bodies) echo "-B -i 10 -s 8192 -t POST -u $3" ;;
    range) echo "-R -t HEAD -a 10 -b 3000 -u $2" ;;
    read) echo "-X -w 512 -y 1024 -n 5 -z 32 -k 3 -t GET -u $4" ;;
    esac
}

# NAME PORT PATH SMALL BODY BIG (urls): all four modes, with probes beside them.
attack() {
    for mode in heads bodies range read; do
        probes=$((SECONDS_EACH * 15))
        "$LOAD" probe "$2" "$3" $probes 50 >"$WORK/probe.$mode" 2>&1 &
        prober=$!
        BACKGROUND="$BACKGROUND $prober"
        # shellcheck disable=SC2046 # words
        slowhttptest -c "$CONNECTIONS" -r 200 -l "$SECONDS_EACH" -x 24 -p 3 $(words_of $mode "$4" "$5" "$6") \
            </dev/null 2>&1 | tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[mHJ]//g' >"$WORK/slow.$mode"
        kill "$prober" 2>/dev/null
        wait "$prober" 2>/dev/null
        yes=$(grep -c 'service available:.*YES' "$WORK/slow.$mode")
        no=$(grep -c 'service available:.*NO' "$WORK/slow.$mode")
        most=$(sed -n 's/^connected: *\([0-9][0-9]*\).*/\1/p' "$WORK/slow.$mode" | sort -n | tail -n 1)
        text="$mode: service available in $yes looks, not in $no; at most ${most:-0} connected"
        if [ "$1" = cserv ]; then
            judge "cserv/$mode" "$text" test "$yes" -gt 0 -a "$no" = 0
            # Its 3,000 ranges are more than a head may hold: refused at once.
            [ $mode = range ] || judge "cserv/$mode-connections" "${most:-0} of $CONNECTIONS" at_most $((CONNECTIONS / 10)) "${most:-0}"
        else
            say "$1/$text"
        fi
        # Slow ones are gone before the next mode.
        tries=0
        until "$LOAD" probe "$2" "$3" 20 1 >/dev/null 2>&1 || [ $tries -gt 60 ]; do
            tries=$((tries + 1))
            sleep 1
        done
    done
}

server_make
server_start
attack cserv "$PORT" /examples/hello "http://127.0.0.1:$PORT/examples/hello" \
    "http://127.0.0.1:$PORT/examples/echo" "http://127.0.0.1:$PORT/examples/big?bytes=1048576"
server_same
"$CSERV" status -b "$BASE"
server_stop

if [ -n "$BESIDE" ] && [ -e /usr/share/tomcat10/bin/bootstrap.jar ] && command -v java >/dev/null; then
    . "$ROOT/tests/bench/peers.sh"
    port=$("$LOAD" free-port) || exit 1
    if tomcat_start; then
        BACKGROUND="$BACKGROUND $pid"
        wait_for_hello "$port" "$path" 60 || die "tomcat does not answer"
        say "beside: $(tomcat_about)"
        head -c 1048576 /dev/zero >"$WORK/tomcat/webapps/ROOT/big.bin"
        attack tomcat "$port" "$path" "http://127.0.0.1:$port$path" "http://127.0.0.1:$port$path" \
            "http://127.0.0.1:$port/big.bin"
    fi
else
    say "without tomcat10 beside it: Debian's tomcat10 and java are not installed"
fi
exit "$status"
