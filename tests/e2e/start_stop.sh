#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
# The commands around a server's life: makebase, start, stop, status, run, and what happens when its
# processes are killed.
#
# CSERV: path of the command (default: build/bin/cserv beside this tree's README.md). Prints one line
# per case, "ok NAME", "FAIL NAME: why" or "skip NAME: why"; ends with 1 if a case failed. Serves on
# free ports of the loopback, in bases of its own; leaves nothing behind.
set -u

here=$(cd "$(dirname "$0")" && pwd)
CSERV=${CSERV:-$here/../../build/bin/cserv}
case $CSERV in /*) ;; *) CSERV=$PWD/$CSERV ;; esac
unset CSERV_BASE CSERV_PID
work=$(mktemp -d) || exit 1
base=$work/base
patience=30 # seconds until an awaited event counts as missing
failed=0
started="" # pids of servers in the foreground

finish() {
    for each in "$base" "$work/other" "$work"/long/*/*/*; do
        [ -d "$each/run" ] && "$CSERV" stop -b "$each" --timeout 0 >/dev/null 2>&1
    done
    for pid in $started; do kill -9 "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

ok() { echo "ok $1"; }
fail() {
    echo "FAIL $1: $2 $(tr '\n' ' ' <"$work/out" | cut -c1-300) $(tr '\n' ' ' <"$work/err" | cut -c1-300)"
    failed=1
}
# The command's output goes to $work/out and $work/err; nothing may take longer than the patience.
cserv() { timeout "$patience" "$CSERV" "$@" >"$work/out" 2>"$work/err" </dev/null; }
# expect NAME CODE ARGUMENT...: the exit code is CODE.
expect() {
    name=$1 want=$2
    shift 2
    cserv "$@"
    code=$?
    if [ $code -eq "$want" ]; then ok "$name"; else fail "$name" "exit code $code, not $want:"; fi
}
# holds NAME WHERE PATTERN: the last command's out or err has a line that matches.
holds() {
    if grep -Eq -- "$3" "$work/$2"; then ok "$1"; else fail "$1" "no \"$3\" in std$2:"; fi
}
# becomes NAME COMMAND...: the command succeeds before the patience is over.
becomes() {
    name=$1
    shift
    until=$(($(date +%s) + patience))
    while ! "$@" >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge $until ]; then
            fail "$name" "it did not happen in $patience s;"
            return 1
        fi
        sleep 0.02
    done
    ok "$name"
}
field() { "$CSERV" status -b "$1" --json 2>/dev/null | sed -n "s/.*\"$2\":\[\{0,1\}\"\{0,1\}\([^],\"]*\).*/\1/p"; }
hello() { curl -s --max-time "$patience" "$(field "${1:-$base}" urls)examples/hello"; }
serves() { [ "$(hello "${1:-$base}")" = "Hello, World!" ]; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
is_other_container() {
    now=$(field "$base" container)
    [ -n "$now" ] && [ "$now" != 0 ] && [ "$now" != "$1" ]
}
# check NAME WHY COMMAND...
check() {
    name=$1 why=$2
    shift 2
    if "$@"; then ok "$name"; else fail "$name" "$why;"; fi
}
same() { [ "$1" = "$2" ]; }

# ---- usage -----------------------------------------------------------------------------------
expect help 0 --help
holds help-lists-start out '^  start '
expect help-of-a-command 0 start --help
expect unknown-command 2 statsu
holds unknown-command-nearest err 'did you mean "status"'
expect no-command 2
expect unknown-option 2 start --fast
expect bad-number 2 stop --timeout soon
expect version-json 0 version --json -b "$base"
holds version-json-has-abi out '"abi":"[0-9]+\.[0-9]+"'

# ---- makebase --------------------------------------------------------------------------------
expect makebase 0 makebase "$base" --port 0 --loopback
holds makebase-names-it out "$base"
for folder in conf logs temp webapps work run; do
    [ "$(stat -c %a "$base/$folder" 2>/dev/null)" = 750 ] || fail "makebase-$folder" "no folder, or not 0750;"
done
expect makebase-twice 1 makebase "$base"
holds makebase-twice-says-why err 'is a base already'
mkdir "$work/full" && touch "$work/full/file"
expect makebase-in-a-full-folder 1 makebase "$work/full"
check makebase-leaves-it "it changed the folder" same "$(ls "$work/full")" file
expect makebase-bare 0 makebase "$work/bare" --bare --port 65535
check makebase-bare-has-none "there are webapps" same "$(ls "$work/bare/webapps")" ""
check makebase-port "the port is not in server.xml" grep -q 'port="65535"' "$work/bare/conf/server.xml"
expect makebase-bad-port 2 makebase "$work/never" --port 65536
expect configtest 0 configtest -b "$base"
holds configtest-ok out '^OK '

# ---- nothing runs ----------------------------------------------------------------------------
expect status-of-stopped 1 status -b "$base"
expect stop-of-stopped 0 stop -b "$base"
expect list-of-stopped 1 list -b "$base"
expect start-without-base 1 start -b "$work/nowhere"
holds start-without-base-hint err 'makebase'

# ---- start -----------------------------------------------------------------------------------
expect start 0 start -b "$base"
holds start-line out "^cserv [0-9.]+ serves http://127\.0\.0\.1:[0-9]+/ \(pid [0-9]+, base $base, [0-9]+ webapps?.*\) in [0-9]+ ms$"
check start-answers "no Hello, World!" serves
supervisor=$(field "$base" pid)
container=$(field "$base" container)
check pid-file "it does not hold the supervisor's pid" same "$(cat "$base/run/cserv.pid")" "$supervisor"
check one-child "the supervisor's only child is not the container" \
    same "$(cat "/proc/$supervisor/task/$supervisor/children")" "$container "
check container-name "ps does not show cserv" same "$(cat "/proc/$container/comm")" cserv
holds_tunable() { tr '\0' '\n' <"/proc/$container/environ" | grep -qx "$1"; }
check container-static-tls "GLIBC_TUNABLES gives no room" \
    holds_tunable 'GLIBC_TUNABLES=glibc.rtld.optional_static_tls=65536'
check control-socket-mode "it is not 0600" same "$(stat -c %a "$base/run/cserv.sock")" 600
expect status 0 status -b "$base"
holds status-shows-url out '^http://127\.0\.0\.1:[0-9]+/$'
holds status-shows-connections out '^http-[0-9]+: [0-9]+ of [0-9]+ connections, [1-9][0-9]* requests'
holds status-shows-threads out '^  threads: [0-9]+ .maxThreads 200., [0-9]+ busy'
expect status-json 0 status --json -b "$base"
holds status-json-counters out '"counters":\{"accepts":[1-9].*"requests":[1-9]'
holds status-json-connectors out '"connectors":\[\{"name":"http-[0-9]+",.*"states":\{.*"closed":\{'
holds status-json-queues out '"queues":\[.*"name":"[^"]*/examples"'
check status-json-is-json "python3 cannot read it" python3 -c 'import json, sys; json.load(sys.stdin)' <"$work/out"
expect list 0 list -b "$base"
expect list-json 0 list --json -b "$base"
holds list-json-has-base out "^\{\"base\":\"$base\",\"webapps\":\["
expect second-start 1 start -b "$base"
holds second-start-names-the-first err "process $supervisor"
expect run-beside-start 1 run -b "$base"
check first-still-serves "the first server was disturbed" serves
check out-file-mode "logs/cserv.out is not 0640" same "$(stat -c %a "$base/logs/cserv.out")" 640

# ---- stop, with a request in flight ------------------------------------------------------------
curl -s --max-time "$patience" "$(field "$base" urls)examples/sleep?ms=1000" >"$work/slept" &
sleeper=$!
in_flight() { grep -qs ' 01 ' "/proc/$container/net/tcp" && [ "$(ss_count)" -ge 1 ]; }
port=$(field "$base" urls | sed 's/.*:\([0-9]*\).*/\1/')
ss_count() { grep -c ":$(printf %04X "$port") .* 01 " "/proc/$container/net/tcp"; }
becomes request-in-flight in_flight
expect stop 0 stop -b "$base"
wait $sleeper
check stop-lets-requests-end "it was cut off: $(cat "$work/slept")" same "$(cat "$work/slept")" "slept 1000"
check stop-ends-supervisor "the supervisor lives" gone "$supervisor"
check stop-ends-container "the container lives" gone "$container"
check stop-removes-pid-file "run/cserv.pid is there" test ! -e "$base/run/cserv.pid"
check stop-removes-socket "run/cserv.sock is there" test ! -e "$base/run/cserv.sock"

cserv start -b "$base"
container=$(field "$base" container)
port=$(field "$base" urls | sed 's/.*:\([0-9]*\).*/\1/')
supervisor=$(field "$base" pid)
curl -s --max-time "$patience" "$(field "$base" urls)examples/sleep?ms=1000" >"$work/slept" &
sleeper=$!
becomes request-in-flight-again in_flight
kill -TERM "$supervisor"
expect start-waits-for-one-that-stops 0 start -b "$base"
wait $sleeper
check signalled-one-finished-its-request "it was cut off" same "$(cat "$work/slept")" "slept 1000"
check next-one-serves "no Hello, World!" serves
cserv stop -b "$base"

# ---- the caller's pipe, files and terminal -----------------------------------------------------
line=$(timeout "$patience" sh -c "x=\$('$CSERV' start -b '$base'); echo \"\$x\"")
check substitution-returns "got: $line" test "${line#* serves }" != "$line"
cserv stop -b "$base"
check pipe-ends "cserv start | cat did not end" \
    timeout "$patience" sh -c "'$CSERV' start -b '$base' 2>&1 | cat >'$work/piped'"
cserv stop -b "$base"
exec 9>"$work/inherited"
cserv start -b "$base"
exec 9>&-
for pid in $(field "$base" pid) $(field "$base" container); do
    files=$(readlink /proc/"$pid"/fd/*)
    case $files in
    *"$work/inherited"* | *"$work/out"* | *"$work/err"* | */dev/pts/*) fail "leaves-files" "$files;" ;;
    *) ok leaves-files ;;
    esac
    check "no-terminal" "process $pid has one" same "$(cut -d' ' -f7 "/proc/$pid/stat")" 0
done
case $(readlink /proc/"$(field "$base" container)"/fd/*) in
*cserv.pid*) fail container-has-no-lock "the pid file was inherited;" ;;
*) ok container-has-no-lock ;;
esac
cserv stop -b "$base"
if command -v script >/dev/null; then
    timeout "$patience" script -qec "'$CSERV' start -b '$base'" "$work/typescript" >/dev/null 2>&1 </dev/null
    check terminal-may-close "the server went with its terminal" serves
    cserv stop -b "$base"
else
    echo "skip terminal-may-close: no script command"
fi

# ---- CSERV_PID ---------------------------------------------------------------------------------
CSERV_PID=$work/second.pid cserv start -b "$base"
check second-pid-file "it has another pid" same "$(cat "$work/second.pid")" "$(field "$base" pid)"
cserv stop -b "$base"
check second-pid-file-removed "it is still there" test ! -e "$work/second.pid"

# ---- crashes -----------------------------------------------------------------------------------
cserv start -b "$base"
supervisor=$(field "$base" pid)
url=$(field "$base" urls)
for round in 1 2 3; do
    container=$(field "$base" container)
    kill -9 "$container"
    check "served-after-kill-$round" "the first request after it failed" \
        same "$(curl -s --max-time "$patience" "${url}examples/hello")" "Hello, World!"
    becomes "another-container-$round" is_other_container "$container"
    check "same-port-$round" "the url changed" same "$(field "$base" urls)" "$url"
done
check restarts-counted "not 3" same "$(field "$base" restarts)" 3
check crash-in-log "no line tells the signal" grep -q 'signal 9' "$base/logs/cserv.log"
container=$(field "$base" container)
kill -9 "$supervisor"
becomes container-follows-supervisor gone "$container"
expect status-after-it 1 status -b "$base"
expect stop-after-it 0 stop -b "$base"
expect start-after-it 0 start -b "$base"
check serves-after-it "no Hello, World!" serves

# ---- a start that fails --------------------------------------------------------------------------
port=$(field "$base" urls | sed 's/.*:\([0-9]*\).*/\1/')
cserv makebase "$work/other" --port "$port" --loopback
place="$work/other/conf/server.xml:$(grep -n '^ *<Connector ' "$work/other/conf/server.xml" | head -n 1 | cut -d: -f1)"
expect port-taken 1 start -b "$work/other"
holds port-taken-says-where err "$place: .*127\.0\.0\.1 port $port: Address already in use"
expect port-taken-in-run 1 run -b "$work/other"
holds port-taken-in-run-says-where err "$place: "
check port-taken-leaves-nothing "a pid file is left" test ! -e "$work/other/run/cserv.pid"
check port-taken-first-serves "the first server was disturbed" serves
sed -i 's/port="[0-9]*"/port="many"/' "$work/other/conf/server.xml"
expect bad-config 1 start -b "$work/other"
holds bad-config-says-where err "$work/other/conf/server.xml:[0-9]+: "
expect bad-config-test 1 configtest -b "$work/other"
holds bad-config-test-says-where err "$work/other/conf/server.xml:[0-9]+: "
cserv stop -b "$base"

# ---- a base with a path longer than a socket address ----------------------------------------------
part=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
long=$work/long/$part/$part/$part
expect long-makebase 0 makebase "$long" --port 0 --loopback
expect long-start 0 start -b "$long"
check long-serves "no Hello, World!" serves "$long"
expect long-second-start 1 start -b "$long"
expect long-stop 0 stop -b "$long"

# ---- in the foreground -----------------------------------------------------------------------------
# foreground ARGUMENT...: a server in a process group of its own, as a terminal would give it. $pid.
foreground() {
    setsid "$CSERV" "$@" >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    started="$started $pid"
}
# ends NAME: the foreground server ends with exit 0.
ends() {
    becomes "$1" gone "$pid" || kill -9 "$pid"
    wait "$pid"
    code=$?
    check "$1-code" "exit code $code" same $code 0
}
for signal in TERM INT; do
    foreground run -b "$base"
    becomes "run-$signal-serves" serves
    container=$(field "$base" container)
    holds "run-$signal-line" out "^cserv [0-9.]+ serves http://127\.0\.0\.1:[0-9]+/ \(pid $pid, base $base,"
    kill -$signal -"$pid" # as Ctrl-C: to the whole group
    ends "run-$signal-ends"
    check "run-$signal-container-ends" "the container lives" gone "$container"
done
foreground run -b "$base"
becomes run-serves serves
expect stop-of-run 0 stop -b "$base"
ends stopped-run-ends

foreground run --single -b "$base"
becomes single-serves serves
check single-is-one-process "it has children" same "$(cat "/proc/$pid/task/$pid/children")" ""
check single-pid-file "it does not hold its pid" same "$(cat "$base/run/cserv.pid")" "$pid"
expect single-second-start 1 start -b "$base"
expect single-list 0 list -b "$base"
expect single-stop 0 stop -b "$base"
ends single-ends
check single-removes-socket "run/cserv.sock is there" test ! -e "$base/run/cserv.sock"
foreground run --single -b "$base"
becomes single-serves-again serves
kill -INT -"$pid"
ends single-interrupted-ends

exit $failed
