#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Static files side by side: sh tests/bench/static.sh [--rounds N] [--seconds S]
# cserv beside nginx and Tomcat, each with the same three files, 1 KiB, 64 KiB and 1 MiB, every body compared
# byte by byte. Interleaved rounds, medians. Exit 1 when a bound is missed:
#   1 KiB              CPU per request at most nginx's
#   64 KiB and 1 MiB   requests per second at least 0.95 of the best peer's
# Environment: CSERV (the binary; default build/bin/cserv), BUILD (its build folder), CC.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
rounds=5 seconds=2
while [ $# -gt 1 ]; do
    case $1 in
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    *) break ;;
    esac
    shift 2
done
case $#$rounds in 0*[!0-9]* | 00 | [1-9]*) echo "usage: sh tests/bench/static.sh [--rounds N] [--seconds S]" >&2
    exit 2 ;; esac

. "$ROOT/tests/support/load_server.sh"
. "$ROOT/tests/bench/peers.sh"
load_build
lines=$WORK/figures
: >"$lines"

# Byte I is 'a' + I % 26, as the load client expects.
make_file() { # FILE SIZE
    awk -v n="$2" 'BEGIN { t = "abcdefghijklmnopqrstuvwxyz"
        while (length(t) < 65536) t = t t
        # 26 divides the length of t, so that it can be repeated
        for (; n > 0; n -= length(t)) printf "%s", substr(t, 1, n) }' >"$1"
}
# All serve the same files, by links: two copies may lie in the page cache in pieces of other sizes, and
# sending those costs the kernel more or less.
make_files() { # FOLDER
    mkdir -p "$1" "$WORK/files" && for size in 1024 65536 1048576; do
        [ -f "$WORK/files/$size.txt" ] || make_file "$WORK/files/$size.txt" "$size" || return 1
        ln "$WORK/files/$size.txt" "$1/$size.txt" || return 1
    done
}

# The servers of peers.sh with files instead of their hello.
tomcat_files() {
    make_files "$WORK/tomcat/webapps/ROOT" && cp /etc/tomcat10/web.xml "$WORK/tomcat/conf/web.xml"
}
cserv_files() { make_files "$BASE/webapps/files"; }

nginx_static() {
    make_files "$WORK/nginx/html" || return 1
    user='' # as root its workers would change to another user, who may not enter this folder
    [ "$(id -u)" != 0 ] || user='user root;'
    cat >"$WORK/nginx/nginx.conf" <<END
daemon off;
$user
worker_processes auto;
pid $WORK/nginx/pid;
error_log $WORK/nginx/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    types { text/plain txt; }
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path $WORK/nginx/body;
    proxy_temp_path $WORK/nginx/proxy;
    fastcgi_temp_path $WORK/nginx/fastcgi;
    uwsgi_temp_path $WORK/nginx/uwsgi;
    scgi_temp_path $WORK/nginx/scgi;
    server {
        listen 127.0.0.1:$port backlog=1024;
        root $WORK/nginx/html;
    }
}
END
    "$nginx" -p "$WORK/nginx" -e "$WORK/nginx/error.log" -c "$WORK/nginx/nginx.conf" &
    pid=$! prefix=
}
tomcat_static() {
    mkdir -p "$WORK/tomcat/conf" && tomcat_files || return 1
    tomcat_start || return 1
    prefix=
}
cserv_static() {
    server_make --bare
    server_set maxKeepAliveRequests -1
    server_without_access_log
    cserv_files || return 1
    server_start
    port=$PORT pid=$SUPERVISOR prefix=/files
}

running=''
for name in cserv nginx tomcat; do
    reason=''
    if ! "${name}_ready"; then
        echo "SKIP $name: $reason"
        [ "$name" != cserv ] || exit 1
        continue
    fi
    port=$("$LOAD" free-port) || exit 1
    "${name}_static" || die "$name does not start"
    [ "$name" = cserv ] || BACKGROUND="$BACKGROUND $pid"
    tries=100
    until timeout 3 "$LOAD" --port "$port" --mix big=1 --big "$prefix/1024.txt" --big-size 1024 --connections 1 \
        --requests 1 --limit 2 >"$WORK/wait.out" 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { cat "$WORK/wait.out" >&2; die "$name does not answer on port $port"; }
        sleep 0.1
    done
    eval "port_$name=$port pid_$name=$pid prefix_$name=$prefix"
    running="$running $name"
done
echo "host: $(nproc) processors, Linux $(uname -r); load client on one thread; $rounds rounds of" \
    "$seconds s; load now $(cut -d' ' -f1 /proc/loadavg)"

measure() { # NAME SIZE CONNECTIONS SECONDS
    eval "port=\$port_$1 pid=\$pid_$1 prefix=\$prefix_$1"
    result=$("$LOAD" --fields --port "$port" --mix big=1 --big "$prefix/$2.txt" --big-size "$2" \
        --connections "$3" --duration "$4" --pid "$pid" --limit 60) || die "$1, $2 bytes: $result"
}

for name in $running; do # what is compiled while it runs needs more
    for size in 1024 65536; do measure "$name" "$size" 64 2; done
done
round=1
while [ "$round" -le "$rounds" ]; do
    for step in "1024 64" "65536 32" "1048576 16"; do
        # shellcheck disable=SC2086 # STEP is two words
        set -- $step
        for name in $running; do
            measure "$name" "$1" "$2" "$seconds"
            echo "$name $1 $(field rate "$result") $(field cpu "$result") $(field p99 "$result")" >>"$lines"
        done
    done
    running=$(echo "$running" | awk '{ for (i = NF; i > 0; i--) printf " %s", $i }') # the other way round
    round=$((round + 1))
done
server_same

median() { # NAME SIZE COLUMN
    awk -v n="$1" -v s="$2" -v c="$3" '$1 == n && $2 == s { print $c }' "$lines" | sort -n |
        awk '{ v[NR] = $1 } END { print NR == 0 ? "" : NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
for size in 1024 65536 1048576; do
    echo
    echo "$size bytes          req/s   CPU us/req   p99 us"
    for name in cserv nginx tomcat; do
        printf '  %-10s %12.0f %12.2f %8.0f\n' "$name" "$(median "$name" "$size" 3)" \
            "$(median "$name" "$size" 4)" "$(median "$name" "$size" 5)"
    done
done
echo
case " $running " in
*" nginx "*)
    judge static/1024 "CPU per request $(median cserv 1024 4) us, nginx $(median nginx 1024 4) us" \
        at_most "$(median cserv 1024 4)" "$(median nginx 1024 4)" ;;
*) echo "skip static/1024: nginx did not run" ;;
esac
for size in 65536 1048576; do
    best=$(for name in $running; do [ "$name" = cserv ] || median "$name" "$size" 3; done | sort -n | tail -n 1)
    [ -n "$best" ] || { echo "skip static/$size: no peer ran"; continue; }
    judge "static/$size" "$(median cserv "$size" 3) req/s, best peer $best req/s" \
        at_most "$(awk -v b="$best" 'BEGIN { print b * 0.95 }')" "$(median cserv "$size" 3)"
done
exit "$status"
