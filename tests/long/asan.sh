#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: address
# 200,000 requests against an AddressSanitizer build: no report, no error, and no leak when it stops.
# Environment: CSERV_ASAN or CSERV (a build with -DCSERV_SANITIZE=address), BUILD, CC; REQUESTS.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
CSERV=${CSERV_ASAN:-${CSERV-}}
. "$ROOT/tests/support/load_server.sh"
. "$ROOT/tests/support/load_sanitized.sh"
sanitized_binary __asan_init address
: "${REQUESTS:=200000}"
[ "$REQUESTS" = 200000 ] || echo "deviation: REQUESTS=$REQUESTS"
# atexit=1: a process that ends in order leaves its statistics, which proves that the leak check, done
# at the same moment, was reached.
own=detect_leaks=1:atexit=1:log_path=$WORK/report
ASAN_OPTIONS=${ASAN_OPTIONS:-halt_on_error=1:exitcode=99}:$own
UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}:log_path=$WORK/report
export ASAN_OPTIONS UBSAN_OPTIONS
load_build
server_make
server_start
sanitized_load "$REQUESTS"
server_stop
judge leak-check "the container ended through exit, where leaks are looked for" \
    grep -qsE 'AddressSanitizer exit stats|ERROR: LeakSanitizer: detected' "$WORK/report.$CONTAINER"
sanitized_reports 'ERROR: AddressSanitizer|ERROR: LeakSanitizer|LeakSanitizer has encountered|runtime error:'
exit "$status"
