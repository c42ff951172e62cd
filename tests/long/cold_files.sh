#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# Static files that are never in memory, on a disk that takes 100 ms for every open and read (preloaded): 20
# clients that read slowly get them whole, and hello's slowest percent stays what it is without them.
# Environment: CSERV, BUILD, CC; SECONDS_EACH for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${SECONDS_EACH:=20}"
DOWNLOADS=20
[ "$SECONDS_EACH" = 20 ] || echo "deviation: SECONDS_EACH=$SECONDS_EACH"
load_build
"$CC" -shared -fPIC -O2 -o "$WORK/cold_files.so" "$ROOT/tests/support/cold_files.c" -ldl ||
    die "the preload does not compile"
server_make
server_set socket.txBufSize 65536 # or the kernel takes all of the file
mkdir "$BASE/webapps/files" && head -c 2000000 /dev/urandom >"$BASE/webapps/files/some.cold" || die "no file"
LD_PRELOAD=$WORK/cold_files.so
export LD_PRELOAD
server_start
unset LD_PRELOAD

hello() { # the slowest percent, in us
    "$LOAD" --port "$PORT" --mix hello=1 --connections 16 --duration "$SECONDS_EACH" --fields >"$WORK/hello.out" ||
        { cat "$WORK/hello.out"; die "hello was not answered"; }
    field p99 "$(tr '\n' ' ' <"$WORK/hello.out")"
}
download() { # NUMBER: one after the other until told to stop; a line per download
    while [ ! -e "$WORK/enough" ]; do
        curl -s -m 120 --limit-rate 1M -o "$WORK/got.$1" "http://127.0.0.1:$PORT/files/some.cold"
        if cmp -s "$BASE/webapps/files/some.cold" "$WORK/got.$1"; then echo whole; else echo broken; fi \
            >>"$WORK/downloads.$1"
    done
}

hello >/dev/null # warm
unloaded=$(hello)
n=0
while [ $n -lt $DOWNLOADS ]; do
    n=$((n + 1))
    download $n &
    downloaders="${downloaders-} $!"
    BACKGROUND="$BACKGROUND $!"
done
loaded=$(hello)
: >"$WORK/enough"
for p in $downloaders; do wait "$p"; done
BACKGROUND=''
whole=$(cat "$WORK"/downloads.* | grep -c whole)
broken=$(cat "$WORK"/downloads.* | grep -c broken)
judge downloads "$whole of 2,000,000 bytes came whole, $broken did not" test "$whole" -ge "$DOWNLOADS" -a "$broken" = 0
cold=$("$CSERV" status -b "$BASE" --json | sed -n 's/.*"cold_reads":\([0-9]*\).*/\1/p')
judge cold "$cold windows were read by io threads first" test "${cold:-0}" -ge "$DOWNLOADS"
judge hello "p99 $unloaded us before, $loaded us with $DOWNLOADS downloads: at most twice and 1 ms" \
    at_most "$loaded" "$(echo "$unloaded" | awk '{ print $1 * 2 + 1000 }')"
server_same
server_stop
judge stop "cserv stop ended it in order" true
exit "$status"
