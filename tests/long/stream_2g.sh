#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# builds: release
# 2 GiB in one request to a servlet that reads its body while it comes (CS_STREAMING): what it read has the
# length and the Adler-32 of what was sent, nothing went to a file, and the container's memory grew by less
# than 64 MiB meanwhile. Environment: CSERV, BUILD, CC; MIB for a shorter trial.

ROOT=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
. "$ROOT/tests/support/load_server.sh"
: "${MIB:=2048}"
[ "$MIB" = 2048 ] || echo "deviation: MIB=$MIB"
load_build
server_make
server_set maxBodySize 4294967296
cat >"$WORK/sum.c" <<'EOF'
#include <cserv/servlet.h>
static int sum(cs_request *q, cs_response *s)
{
    static _Thread_local unsigned char piece[5552]; /* so many bytes fit before the sums must be reduced */
    unsigned long long size = 0;
    uint32_t a = 1, b = 0;
    int64_t n;
    while ((n = cs_req_read(q, piece, sizeof(piece))) > 0) {
        for (int64_t i = 0; i < n; i++)
            b += a += piece[i];
        a %= 65521;
        b %= 65521;
        size += (unsigned long long)n;
    }
    return n < 0 ? (int)n : cs_res_printf(s, "%llu %u", size, (unsigned)(b << 16 | a));
}
static const cs_servlet rows[] = {{.name = "sum", .url_patterns = "/sum", .flags = CS_STREAMING, .put = sum}};
CS_WEBAPP("sum", "1", .servlets = CS_ROWS(rows))
EOF
# shellcheck disable=SC2046
"$CC" -O2 -shared -fPIC "$WORK/sum.c" -o "$BASE/webapps/sum.so" $(pkg-config --cflags --libs "$BUILD/cserv.pc") ||
    die "the servlet does not compile"
server_start
curl -s -T "$WORK/sum.c" -o /dev/null "http://127.0.0.1:$PORT/sum/sum" || die "the servlet does not answer"

python3 - "$PORT" "$MIB" "$CONTAINER" >"$WORK/result" <<'EOF' || die "the client failed"
import os, socket, sys, zlib
port, count, pid = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
MIB = 1 << 20


def rss():
    with open("/proc/%s/status" % pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


blocks = [os.urandom(MIB) for _ in range(7)]
before = most = rss()
s = socket.create_connection(("127.0.0.1", port))
s.sendall(b"PUT /sum/sum HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (count * MIB))
value = 1
for i in range(count):
    block = blocks[i * 5 % 7]
    s.sendall(block)
    value = zlib.adler32(block, value)
    if i % 16 == 0:
        most = max(most, rss())
answer = b""
for data in iter(lambda: s.recv(65536), b""):
    answer += data
most = max(most, rss())
got = answer.partition(b"\r\n\r\n")[2].decode()
print("status=%s got=%s want=%d:%d grown=%d" % (answer[9:12].decode(), got.replace(" ", ":"), count * MIB, value,
                                               most - before))
EOF
result=$(cat "$WORK/result")
judge upload "$MIB MiB: status $(field status "$result"), the servlet read $(field got "$result"), sent was $(field want "$result")" \
    test "$(field got "$result")" = "$(field want "$result")"
judge memory "the container grew by $(field grown "$result") KiB: less than 64 MiB" \
    at_most "$(field grown "$result")" 65535
written=$("$CSERV" status -b "$BASE" --json | sed -n 's/.*"spool_bytes_written":\([0-9]*\).*/\1/p')
judge files "$written bytes went to files" test "$written" = 0
server_stop
judge stop "cserv stop ended it in order" true
exit "$status"
