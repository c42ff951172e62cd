# SPDX-License-Identifier: Apache-2.0
# For tests/long/tsan.sh and asan.sh, which source it after load_server.sh: a load on a sanitizer build,
# and what the sanitizer has to say about it. Reports go to $WORK/report.PID.

# The binary must be such a build, else nothing would be shown.
sanitized_binary() { # SYMBOL BUILD-TYPE
    [ -x "$CSERV" ] || die "no cserv at $CSERV"
    grep -q "$1" "$CSERV" ||
        die "$CSERV is no build with -DCSERV_SANITIZE=$2: sh tests/run.sh --long $(basename "$0" .sh)"
}

# Requests against the running server, the mix of soak.sh.
sanitized_load() { # REQUESTS
    "$LOAD" --port "$PORT" --mix hello=70,echo=25,big=5 --connections 200 --requests "$1" \
        --timeout 60 --limit 3600 >"$WORK/load.out" 2>&1
    code=$?
    cat "$WORK/load.out"
    judge requests "$(sed -n '/^requests/p; /^errors/p' "$WORK/load.out" | tr -s ' \n' ' ')" \
        test "$code" = 0
    # A sanitizer ends the process with its first report; the supervisor would have replaced it.
    judge same-process "the container lived through it" test "$(server_container)" = "$CONTAINER"
}

sanitized_reports() { # PATTERN
    grep -lE "$1" "$WORK"/report.* >"$WORK/reports" 2>/dev/null
    while read -r file; do head -n 60 "$file"; done <"$WORK/reports"
    judge reports "$(wc -l <"$WORK/reports") of the processes have a report" test ! -s "$WORK/reports"
}
