#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# The server knows nothing of its stock webapps: with the link to examples gone its URL is 404, and the
# rest serves on. Environment: CSERV (the command).
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-without.XXXXXX") || exit 1
base=$work/base failed=0
trap '"$CSERV" stop -b "$base" >/dev/null 2>&1; rm -rf "$work"' EXIT

check() { # NAME EXPECTED GOT
    if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: expected $2, got $3"; failed=1; fi
}
status_of() { curl -s -o /dev/null -w '%{http_code}' "$url$1"; }

"$CSERV" makebase "$base" --port 0 --loopback >/dev/null || { echo "FAIL makebase"; exit 1; }
url=$("$CSERV" start -b "$base" 2>/dev/null | sed -n 's|.*serves \(http://[^ ]*[0-9]\)/.*|\1|p')
check with-examples 200 "$(status_of /examples/hello)"
check with-root 200 "$(status_of /)"
"$CSERV" stop -b "$base" >/dev/null
rm "$base/webapps/examples"
url=$("$CSERV" start -b "$base" 2>/dev/null | sed -n 's|.*serves \(http://[^ ]*[0-9]\)/.*|\1|p')
check without-examples 404 "$(status_of /examples/hello)"
check root-still-serves 200 "$(status_of /)"
exit $failed
