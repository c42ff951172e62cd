#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# A disk that takes 100 ms for every open, write and read of a temporary file (preloaded): uploads that go
# to files are slow, all of them arrive whole, and hello's slowest percent stays what it is without them.
# Environment: CSERV, BUILD, CC; SECONDS_EACH for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${SECONDS_EACH:=20}"
UPLOADS=20
[ "$SECONDS_EACH" = 20 ] || echo "deviation: SECONDS_EACH=$SECONDS_EACH"
load_build
"$CC" -shared -fPIC -O2 -o "$WORK/slow_disk.so" "$ROOT/tests/support/slow_disk.c" -ldl ||
    die "the preload does not compile"
server_make
LD_PRELOAD=$WORK/slow_disk.so
export LD_PRELOAD
server_start
unset LD_PRELOAD
head -c 300000 /dev/urandom >"$WORK/body"

hello() { # the slowest percent, in us
    "$LOAD" --port "$PORT" --mix hello=1 --connections 16 --duration "$SECONDS_EACH" --fields >"$WORK/hello.out" ||
        { cat "$WORK/hello.out"; die "hello was not answered"; }
    field p99 "$(tr '\n' ' ' <"$WORK/hello.out")"
}
upload() { # NUMBER: one after the other until told to stop; a line per upload
    while [ ! -e "$WORK/enough" ]; do
        curl -s -m 120 -H Expect: --data-binary "@$WORK/body" -o "$WORK/got.$1" "http://127.0.0.1:$PORT/examples/echo"
        if cmp -s "$WORK/body" "$WORK/got.$1"; then echo whole; else echo broken; fi >>"$WORK/uploads.$1"
    done
}

unloaded=$(hello)
n=0
while [ $n -lt $UPLOADS ]; do
    n=$((n + 1))
    upload $n &
    uploaders="${uploaders-} $!"
    BACKGROUND="$BACKGROUND $!"
done
loaded=$(hello)
: >"$WORK/enough"
for p in $uploaders; do wait "$p"; done
BACKGROUND=''
whole=$(cat "$WORK"/uploads.* | grep -c whole)
broken=$(cat "$WORK"/uploads.* | grep -c broken)
judge uploads "$whole of 300,000 bytes came back whole, $broken did not" test "$whole" -ge "$UPLOADS" -a "$broken" = 0
written=$("$CSERV" status -b "$BASE" --json | sed -n 's/.*"spool_bytes_written":\([0-9]*\).*/\1/p')
judge files "$written bytes were written to files" test "${written:-0}" -gt 0
judge hello "p99 $unloaded us before, $loaded us with $UPLOADS uploads: at most twice and 1 ms" \
    at_most "$loaded" "$(echo "$unloaded" | awk '{ print $1 * 2 + 1000 }')"
server_same
server_stop
judge stop "cserv stop ended it in order" true
exit "$status"
