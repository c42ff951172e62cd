#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
# Connector settings whose effect is seen from outside: allowTrace, socket.txBufSize, server. Environment:
# CSERV (the command).
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-settings.XXXXXX") || exit 1
base=$work/base failed=0
trap '"$CSERV" stop -b "$base" >/dev/null 2>&1; rm -rf "$work"' EXIT

check() { # NAME EXPECTED GOT
    if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: expected '$2', got '$3'"; failed=1; fi
}
restart() {
    "$CSERV" stop -b "$base" >/dev/null 2>&1
    url=$("$CSERV" start -b "$base" 2>/dev/null | sed -n 's|.*serves \(http://[^ ]*[0-9]\)/.*|\1|p')
}
trace() {
    curl -s -X TRACE -H 'X-Mine: 1' -H 'Cookie: secret=1' -H 'Authorization: Basic c2VjcmV0' \
        -o "$work/echo" -w '%{http_code} %{content_type}' "$url/examples/hello"
}

"$CSERV" makebase "$base" --port 0 --loopback >/dev/null || { echo "FAIL makebase"; exit 1; }
restart
check trace-by-default 405 "$(trace | cut -d' ' -f1)"
check server-by-default 0 "$(curl -si "$url/" | grep -ci '^server:')"
sed -i 's/<Connector/<Connector allowTrace="true" server="cserv-test"/' "$base/conf/server.xml"
restart
check trace-allowed "200 message/http" "$(trace)"
check trace-echoes 1 "$(grep -c '^X-Mine: 1' "$work/echo")"
check trace-hides-secrets 0 "$(grep -ciE '^(cookie|authorization):' "$work/echo")"
check server-set 1 "$(curl -si "$url/" | tr -d '\r' | grep -c '^Server: cserv-test$')"
exit $failed
