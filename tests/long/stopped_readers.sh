#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# 400 clients ask for a generated answer of 4 MiB and read nothing of it. The threads stay free, another
# webapp and the same one answer as fast as before, memory and temporary files stay under their caps, the
# log names the caps, and everything is given back when they leave.
# Environment: CSERV, BUILD, CC; READERS and SECONDS_EACH for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${READERS:=400}" "${SECONDS_EACH:=5}"
[ "$READERS/$SECONDS_EACH" = 400/5 ] || echo "deviation: READERS=$READERS SECONDS_EACH=$SECONDS_EACH"
load_build
server_make
ln -s "$(readlink -f "$BASE/webapps/examples")" "$BASE/webapps/other" || die "no second webapp"
server_start

slowest() { # PATH: the slowest percent, in us
    "$LOAD" --port "$PORT" --mix hello=1 --hello "$1" --connections 4 --duration "$SECONDS_EACH" --fields \
        >"$WORK/hello.out" || { cat "$WORK/hello.out"; die "$1 was not answered"; }
    field p99 "$(tr '\n' ' ' <"$WORK/hello.out")"
}
numbers() { # PATTERN...: the first number behind "NAME": of each, in the status
    "$CSERV" status -b "$BASE" --json >"$WORK/status"
    for name in "$@"; do
        printf '%s ' "$(tr ',{' '\n\n' <"$WORK/status" | sed -n "s/.*\"$name\":\([0-9]*\).*/\1/p" | head -n 1)"
    done
}
twice() { echo "$1" | awk '{ print $1 * 2 + 1000 }'; }
empty() { [ "$(numbers bufferedBytes spoolBytes files)" = "0 0 0 " ]; }
await_empty() { for _ in $(seq 100); do empty && return; sleep 0.1; done; return 1; }

slowest /other/hello >/dev/null # warm
fds_before=$(settled fds_of "$CONTAINER")
other_before=$(slowest /other/hello)
same_before=$(slowest /examples/hello)
mkfifo "$WORK/hold"
python3 "$ROOT/tests/support/stopped_readers.py" "$PORT" "$READERS" "/examples/big?bytes=4194304" \
    <"$WORK/hold" >"$WORK/readers" &
readers=$!
BACKGROUND=$readers
exec 3>"$WORK/hold"
for _ in $(seq 200); do grep -q ready "$WORK/readers" && break; sleep 0.1; done
grep -q ready "$WORK/readers" || die "the readers could not connect"
arriving=$(slowest /other/hello)
echo "p99 of another webapp while they arrive: $arriving us (the threads copy what nobody reads)"
settled numbers spool_bytes_written >/dev/null
other=$(slowest /other/hello)
# shellcheck disable=SC2046 # words
set -- $(numbers threadsBusy writersWaiting bufferedBytes maxBufferedMemory spoolBytes maxSpool answers_given_up)
same=$(slowest /examples/hello)
judge threads "$1 of 200 busy, $2 of them with writers that wait: at most a quarter of the webapp's 150" at_most "$1" 40
judge memory "$3 of $4 bytes held" at_most "$3" "$(($4 / 2))"
judge files "$5 of $6 bytes held" at_most "$5" "$(($6 / 2))"
judge other "p99 of another webapp $other_before us before, $other us with them: at most twice and 1 ms" \
    at_most "$other" "$(twice "$other_before")"
judge same "p99 of the same webapp $same_before us before, $same us with them: at most twice and 1 ms" \
    at_most "$same" "$(twice "$same_before")"
if [ "$7" != 0 ]; then
    sleep 1 # lines are on disk within a second
    judge named "$7 answers given up; the log: $(grep -h 'outputSpool\|maxSpool' "$BASE"/logs/cserv.log | head -n 1 | cut -c1-200)" \
        grep -q 'outputSpool\|maxSpool' "$BASE/logs/cserv.log"
fi
exec 3>&-
wait "$readers"
BACKGROUND=''
judge empty "all memory and files were given back" await_empty
fds_after=$(settled fds_of "$CONTAINER")
judge descriptors "$fds_before before, $fds_after after" at_most "$fds_after" "$fds_before"
server_same
server_stop
judge stop "cserv stop ended it in order" true
exit "$status"
