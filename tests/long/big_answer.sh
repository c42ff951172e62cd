#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# A generated answer of 2 GiB to a client that reads 40 MiB a second: it comes whole, and the server grows
# by less than 64 MiB meanwhile.
# Environment: CSERV, BUILD; BYTES for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${BYTES:=2147483648}"
[ "$BYTES" = 2147483648 ] || echo "deviation: BYTES=$BYTES"
load_build
server_make
server_start
wait_for_hello "$PORT" /examples/hello 10
before=$(memory_of "$CONTAINER" Rss)
python3 "$ROOT/tests/support/slow_reader.py" "$PORT" "/examples/big?bytes=$BYTES" 41943040 >"$WORK/read" &
reader=$!
BACKGROUND=$reader
most=$before
spooled=0
while kill -0 "$reader" 2>/dev/null; do
    rss=$(memory_of "$CONTAINER" Rss) || break
    [ "$rss" -le "$most" ] || most=$rss
    now=$("$CSERV" status -b "$BASE" --json | sed -n 's/.*"spoolBytes":\([0-9]*\).*/\1/p')
    [ "${now:-0}" -le "$spooled" ] || spooled=$now
    sleep 0.5
done
wait "$reader"
judge whole "$(cat "$WORK/read") of $BYTES bytes came" test "$(cat "$WORK/read")" = "$BYTES"
judge memory "$before kB resident before, $most kB at most: less than 65536 more" at_most "$((most - before))" 65535
# A file that is used up counts until an io thread has closed it.
judge files "$spooled bytes in files at most: outputSpool 16777216, and what is being closed" at_most "$spooled" 33554432
server_same
server_stop
judge stop "cserv stop ended it in order" true
exit "$status"
