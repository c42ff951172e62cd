#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: thread
# 500,000 requests against a ThreadSanitizer build with 3 groups and 64 workers: no report, no error.
# Environment: CSERV_TSAN or CSERV (a build with -DCSERV_SANITIZE=thread), BUILD, CC; REQUESTS.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
CSERV=${CSERV_TSAN:-${CSERV-}}
. "$ROOT/tests/support/load_server.sh"
. "$ROOT/tests/support/load_sanitized.sh"
sanitized_binary __tsan_init thread
: "${REQUESTS:=500000}"
[ "$REQUESTS" = 500000 ] || echo "deviation: REQUESTS=$REQUESTS"
TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:exitcode=66:second_deadlock_stack=1}:log_path=$WORK/report
export TSAN_OPTIONS
load_build
server_make
server_set groups 3
server_set maxThreads 64
server_start
sanitized_load "$REQUESTS"
server_stop
sanitized_reports 'WARNING: ThreadSanitizer|FATAL: ThreadSanitizer|ERROR: ThreadSanitizer'
exit "$status"
