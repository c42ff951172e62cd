#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
# The first hour of a new user: the commands and files of README.md and of the pages in webapps/docs, taken
# out of these texts (tests/support/texts.py), done in an empty folder one after the other, each with its
# time. Then the ExecStart of the installed unit with NOTIFY_SOCKET set. What is done otherwise than written
# stands in `as_here` and is printed.
#
# Here build/ is the tree that is tested, and `sh container/run.sh` stands for the commands in it that make
# the base and serve. FIRST_HOUR=fresh (tests/long/first_hour.sh) clones the source instead and lets
# container/run.sh build.
set -u
ROOT=${ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$ROOT/build}
unset CDPATH DESTDIR CSERV_BASE CSERV_HOME CSERV_PID PKG_CONFIG_PATH MAKEFLAGS
work=$(mktemp -d "${TMPDIR:-/tmp}/cserv-hour.XXXXXX") || exit 1
texts=$ROOT/tests/support/texts.py
hour=$work/hour # the empty folder
server=         # in the foreground of somebody's other terminal
dirty=          # something was put into webapps since the server was started
later=          # what has to come last
failed=0
port=8080

finish() {
    end_server
    for pid in $(cat "$work"/*/run/cserv.pid "$work"/*/*/run/cserv.pid 2>/dev/null); do
        case $(readlink "/proc/$pid/exe") in */cserv) kill -KILL "$pid" ;; esac
    done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

now() { echo $(($(date +%s%N) / 1000000)); }
begin=$(now)
ok() { echo "ok $1"; }
fail() {
    echo "FAIL $1: $(printf '%s' "$2" | tr '\n' ' ' | cut -c 1-700)"
    failed=1
}

# What is written, as it can be done here: places below $work, a free port, no user to be made, no systemd.
as_here() {
    sed -e "s,/opt/cserv,$work/opt/cserv,g" -e "s,/srv/site,$work/srv/site,g" \
        -e "s,/var/lib/cserv,$work/var/lib/cserv,g" -e "s,/etc/systemd,$work/etc/systemd,g" \
        -e "s,:8080/,:$port/,g" -e "s,--port 8080,--port $port," \
        -e '/ makebase /s/$/ --loopback/' \
        -e 's/^runuser -u cserv -- //' -e 's/ -o cserv -g cserv / /' \
        -e '/^useradd /d' -e '/^systemctl /d' -e '/^docker /d' \
        -e "s,cmake --install build ,cmake --install '$built' ," \
        -e "s,cmake --build build ,cmake --build '$built' ," \
        -e 's/^curl /curl -sS --fail --max-time 60 /'
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# What container/run.sh does once it has built: its own lines, with build for $build.
run_sh() {
    sed -n 's|^ *\(exec \)\{0,1\}"\$build/bin/cserv"|build/bin/cserv|p' "$ROOT/container/run.sh" |
        sed 's|"\$build/|"build/|g'
}

# The server of `sh container/run.sh`, in the background: its output stands in $work/served.
start_server() {
    : >"$work/served"
    if [ "$mode" = fresh ]; then
        setsid sh container/run.sh >"$work/served" 2>&1 </dev/null &
    else
        if [ ! -e build/base ]; then
            run_sh | grep makebase >"$work/serving" && sh -e "$work/serving" >"$work/out" 2>&1 || return 1
            sed -i "s/port=\"8080\"/port=\"$port\"/" build/base/conf/server.xml
        fi
        run_sh | grep ' run ' | sed 's/^/exec /' >"$work/serving"
        setsid sh -e "$work/serving" >"$work/served" 2>&1 </dev/null &
    fi
    server=$!
    until grep -q ' serves http' "$work/served"; do
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.02
    done
}

# Ctrl-C in its terminal.
end_server() {
    [ -n "$server" ] || return 0
    kill -INT "-$server" 2>/dev/null
    wait "$server"
    code=$?
    server=
    return $code
}

# What the texts promise of an answer, by the command.
promised() {
    case $1 in
    *name=you*) grep -q '^Hello, you!$' "$work/out" ;;
    *examples/hello*) grep -q 'Hello, World!' "$work/out" ;;
    *"cserv inspect hello.so"*) grep -q 'servlet hello' "$work/out" ;;
    esac
}

step() { # PAGE NAME
    name=${1##*/}/$2
    python3 "$texts" "$1" "$2" >"$work/written"
    as_here <"$work/written" >"$work/command"
    case $(cat "$work/written") in
    *"--target uninstall"*)
        later=$work/later.sh
        cp "$work/command" "$later"
        echo "   later     $name: at the end, so that the rest has something to work with"
        return
        ;;
    *tests/run.sh*)
        echo "   left out  $name: the tests are not run by a test"
        return
        ;;
    esac
    grep -E '^(useradd|systemctl|docker) ' "$work/written" | sed 's/^/   left out  /'
    [ -s "$work/command" ] || return
    before=$(now)
    if grep -q '^sh container/run.sh' "$work/written"; then
        end_server
        start_server || { fail "$name" "it does not serve: $(tail -n 5 "$work/served" "$work/out")" && return; }
        sed -i '/^sh container\/run.sh/d' "$work/command"
        dirty=
    elif [ -n "$dirty" ] && grep -Eq 'curl|cserv list' "$work/command"; then
        end_server || fail "$name/ctrl-c" "the server ended with $?"
        start_server || fail "$name/started-again" "$(tail -n 5 "$work/served")"
        dirty=
    fi
    if sh -e "$work/command" >"$work/out" 2>&1 && promised "$(cat "$work/written")"; then
        ok "$name"
    else
        fail "$name" "$(cat "$work/command" "$work/out")"
    fi
    ! grep -q 'webapps/' "$work/command" || dirty=yes
    echo "   $(($(now) - before)) ms    $(head -n 1 "$work/written")"
}

page() { # FILE
    python3 "$texts" "$1" >"$work/pieces.${1##*/}" || fail "${1##*/}" "it cannot be read"
    while read -r kind piece <&3; do
        if [ "$kind" = file ]; then
            python3 "$texts" "$1" "$piece" >"$piece"
        else
            step "$1" "$piece"
        fi
    done 3<"$work/pieces.${1##*/}"
}

# The unit as it was installed, with the base that the guide has made for it.
unit() {
    file=$work/etc/systemd/system/cserv.service
    [ -f "$file" ] || { fail unit "no page has put it in place" && return; }
    as_here <"$file" >"$work/unit"
    exec_start=$(sed -n 's/^ExecStart=//p' "$work/unit")
    base=$(sed -n 's/^Environment=CSERV_BASE=//p' "$work/unit")
    sed -i "s/port=\"8080\"/port=\"$port\"/" "$base/conf/server.xml"
    before=$(now)
    # shellcheck disable=SC2086 # the line is words
    if CSERV_BASE=$base python3 "$ROOT/tests/support/notified.py" "$work" \
        "curl -sS --fail --max-time 60 http://127.0.0.1:$port/examples/hello" $exec_start >"$work/out" 2>&1; then
        ok unit/exec-start
    else
        fail unit/exec-start "$(cat "$work/out")"
    fi
    grep ' ms  ' "$work/out"
    echo "   $(($(now) - before)) ms    ExecStart=$(sed -n 's/^ExecStart=//p' "$file")"
}

# The Dockerfile of the guide installs what building takes, and exactly what the command needs at run time.
dockerfile() {
    [ -f Dockerfile ] || { fail dockerfile "no page has one" && return; }
    . "$ROOT/container/packages.sh"
    sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' Dockerfile | sed -n 's/^RUN apt-get update && apt-get install -y --no-install-recommends \([^&]*\).*/\1/p' \
        >"$work/installs"
    # shellcheck disable=SC2086
    wanted=$(printf '%s\n' $packages_to_build | sort)
    written=$(sed -n 1p "$work/installs" | tr -s ' ' '\n' | grep . | sort)
    if [ "$written" = "$wanted" ]; then ok dockerfile/build; else fail dockerfile/build "$written, not $wanted"; fi
    if ! command -v dpkg-query >/dev/null || ! grep -q 'VERSION_ID="12"' /etc/os-release; then
        echo "skip dockerfile/run: this is not the Debian it is written for"
        return
    fi
    if [ -n "${SANITIZER:-}" ]; then
        echo "skip dockerfile/run: a sanitizer needs libraries of its own"
        return
    fi
    needed=$(LC_ALL=C readelf -dW "$built/bin/cserv" | sed -n 's,.*(NEEDED).*\[\(.*\)\],*/\1,p')
    # shellcheck disable=SC2086
    wanted=$(set -f && dpkg-query -S $needed | sed 's/:.*//' | grep -v '^libc6' | sort -u)
    written=$(sed -n 2p "$work/installs" | tr -s ' ' '\n' | grep . | sort)
    if [ "$written" = "$wanted" ]; then ok dockerfile/run; else fail dockerfile/run "$written, not $wanted"; fi
}

# ---- the place ----
mode=${FIRST_HOUR:-quick}
mkdir -p "$work/srv" "$work/var/lib" "$work/etc/systemd/system" "$work/opt"
if [ "$mode" = fresh ]; then
    ! curl -s --max-time 5 http://127.0.0.1:8080/ >/dev/null || {
        echo "skip first-hour: port 8080, which the texts name, is taken"
        exit 77
    }
    before=$(now)
    git clone -q "$ROOT" "$hour" || exit 1
    echo "   $(($(now) - before)) ms    git clone"
    built=$hour/build
else
    port=$(free_port)
    built=$BUILD
    mkdir -p "$hour/build"
    for each in bin conf webapps modules cserv.pc; do ln -s "$BUILD/$each" "$hour/build/$each"; done
    export CSERV_BASE="$hour/build/base" # build/bin/cserv is at home in $BUILD
    echo "   otherwise than written: port $port for 8080, build/ is $BUILD, on loopback, no new user, no systemd, places below $work"
fi
cd "$hour" || exit 1

# ---- the texts, in the order in which one reads them ----
page "$ROOT/README.md"
page "$ROOT/webapps/docs/start.html"
for each in "$ROOT"/webapps/docs/*.html; do
    case $each in */start.html | */operating.html) ;; *) page "$each" ;; esac
done
end_server || fail ctrl-c "the server ended with $?"
page "$ROOT/webapps/docs/operating.html"
unit
dockerfile
if [ -n "$later" ]; then
    if sh -e "$later" >"$work/out" 2>&1 && [ ! -e "$work/opt/cserv/bin/cserv" ] &&
        [ -f "$work/var/lib/cserv/conf/server.xml" ]; then
        ok uninstall
    else
        fail uninstall "$(cat "$work/out")"
    fi
fi
echo "   the first hour took $(($(now) - begin)) ms"
exit $failed
