# SPDX-License-Identifier: Apache-2.0
# For the scripts of tests/bench and tests/long, which source it: the load client, built once, and a
# cserv of their own on a fresh base. ROOT (the source tree) must be set; BUILD and CSERV may be.
# Everything lives in $WORK, which goes with the script; $keep_work=1 keeps it.

: "${BUILD:=$ROOT/build}"
: "${CSERV:=$BUILD/bin/cserv}"
: "${CC:=cc}"
umask 022
unset CSERV_BASE CSERV_HOME CSERV_PID
WORK=$(mktemp -d "${TMPDIR:-/tmp}/cserv-load.XXXXXX") || exit 1
LOAD=$WORK/load
SERVED=''      # the base that was started last and not stopped
BACKGROUND=''  # processes to end with the script

say() { echo "$*"; }
die() { echo "$(basename "$0"): $*" >&2; exit 1; }
skip() { echo "skip $(basename "$0" .sh): $*"; exit 77; }

load_server_cleanup() {
    code=$?
    trap - EXIT INT TERM
    for p in $BACKGROUND; do kill "$p" 2>/dev/null; done
    if [ -n "$SERVED" ]; then "$CSERV" stop -b "$SERVED" >/dev/null 2>&1; fi
    for p in $BACKGROUND; do wait "$p" 2>/dev/null; done
    if [ "${keep_work:-0}" = 1 ]; then echo "kept: $WORK" >&2; else rm -rf "$WORK"; fi
    exit "$code"
}
trap load_server_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

load_build() {
    "$CC" -std=c11 -O2 -g -o "$LOAD" "$ROOT"/tests/support/load*.c -lpthread ||
        die "the load client does not compile"
}

# One line per thing shown, as tests/run.sh counts them; $status is the script's exit code at its end.
status=0
judge() { # NAME TEXT COMMAND...
    judged=$1 text=$2
    shift 2
    if "$@"; then echo "ok $judged: $text"; else echo "FAIL $judged: $text"; status=1; fi
}
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 <= b + 0) }'; }

# The value of NAME in the words name=value of TEXT.
field() { printf '%s\n' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# BASE and PORT of a new cserv; further arguments go to makebase.
server_make() {
    [ -x "$CSERV" ] || die "no cserv at $CSERV: build it first (sh container/run.sh, or cmake)"
    PORT=$("$LOAD" free-port) || exit 1
    BASE=$WORK/base
    "$CSERV" makebase "$BASE" --port "$PORT" "$@" >"$WORK/makebase.out" 2>&1 ||
        { cat "$WORK/makebase.out" >&2; die "makebase failed"; }
}

# Sets an attribute of the Connector; every deviation from makebase's defaults is printed.
server_set() {
    sed -i -e "/<Connector\\([[:space:]]\\|\$\\)/,/>/ s/[[:space:]]$1=\"[^\"]*\"//g" \
        -e "s/<Connector\\([[:space:]]\\|\$\\)/<Connector $1=\"$2\"\\1/" "$BASE/conf/server.xml" &&
        grep -q "<Connector.* $1=\"$2\"" "$BASE/conf/server.xml" || die "cannot set $1 in server.xml"
    say "deviation from makebase's server.xml: Connector $1=\"$2\"" >&2
}

# For comparisons with servers that write no access log.
server_without_access_log() {
    sed -i -e '/<Valve className="org.apache.catalina.valves.AccessLogValve"/d' "$BASE/conf/server.xml" &&
        ! grep -q AccessLogValve "$BASE/conf/server.xml" || die "cannot remove the access log from server.xml"
    say "deviation from makebase's server.xml: no access log, as its peers have none" >&2
}

# The supervisor's only child. Empty while there is none.
server_container() {
    tr -d ' ' 2>/dev/null <"/proc/$SUPERVISOR/task/$SUPERVISOR/children"
}

# After `cserv start` returned: which processes these are.
server_find() {
    SUPERVISOR=$(cat "$BASE/run/cserv.pid") || die "no pid file in $BASE/run"
    CONTAINER=$(server_container)
    [ -d "/proc/$CONTAINER" ] && [ -n "$CONTAINER" ] || die "no container below pid $SUPERVISOR"
}

server_start() {
    SERVED=$BASE
    "$CSERV" start -b "$BASE" >"$WORK/start.out" 2>&1 ||
        { cat "$WORK/start.out" >&2; SERVED=''; die "cserv did not start"; }
    server_find
}

server_stop() {
    "$CSERV" stop -b "$BASE" >"$WORK/stop.out" 2>&1 ||
        { cat "$WORK/stop.out" >&2; tail -20 "$BASE"/logs/* >&2; die "cserv did not stop in order"; }
    SERVED=''
}

# A process that died meanwhile was replaced by the supervisor: no figure is valid then.
server_same() {
    [ "$(server_container)" = "$CONTAINER" ] ||
        { tail -n 20 "$BASE"/logs/* >&2; die "the container $CONTAINER died: see above"; }
}

# kB of FIELD ("Pss", "Rss", "Anonymous") of a process.
memory_of() { awk -v f="$2:" '$1 == f { print $2; exit }' "/proc/$1/smaps_rollup"; }
fds_of() { ls "/proc/$1/fd" | wc -l; }

# Waits until a process's figure (a command and its words) was the same three times, at most 10 s.
settled() {
    last='' same=0 tries=0
    while [ "$same" -lt 3 ] && [ "$tries" -lt 50 ]; do
        value=$("$@")
        if [ "$value" = "$last" ]; then same=$((same + 1)); else same=0; fi
        last=$value
        tries=$((tries + 1))
        sleep 0.2
    done
    echo "$last"
}

# Waits until PATH on PORT answers rightly, at most SECONDS.
wait_for_hello() {
    tries=$(($3 * 10))
    until "$LOAD" --port "$1" --hello "$2" --connections 1 --requests 1 --timeout 2 --limit 2 \
        >"$WORK/wait.out" 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { cat "$WORK/wait.out" >&2; return 1; }
        sleep 0.1
    done
}
