#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Large request bodies with real clients: what curl uploads is what the servlet reads, byte for byte; what is
refused is refused in an answer that curl shows, by the attribute's name, while everything else is served, and
all is well again afterwards. Each attribute of the spool is set once to another value than its default."""
import os
import re
import subprocess
import zlib
from served import PATIENCE, Server, becomes, check, compile_module, end, run, same, skip, work, write

DIGEST = r"""#include <cserv/servlet.h>
static int sum(cs_request *q, cs_response *s)
{
    char piece[10000];
    unsigned long long size = 0, a = 1, b = 0;
    int64_t n;
    while ((n = cs_req_read(q, piece, sizeof(piece))) > 0) {
        for (int64_t i = 0; i < n; i++) {
            a = (a + (unsigned char)piece[i]) % 65521;
            b = (b + a) % 65521;
        }
        size += (unsigned long long)n;
    }
    return n < 0 ? (int)n : cs_res_printf(s, "%llu %llu", size, b << 16 | a);
}
static int form(cs_request *q, cs_response *s)
{
    const char *last = cs_req_param(q, "last");
    return cs_res_puts(s, last ? last : "none");
}
static const cs_servlet rows[] = {{.name = "sum", .url_patterns = "/sum", .service = sum},
                                  {.name = "form", .url_patterns = "/form", .service = form}};
CS_WEBAPP("body", "1", .servlets = CS_ROWS(rows))
"""
MIB = 1 << 20


def adler(path):
    value, size = 1, 0
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(MIB), b""):
            value = zlib.adler32(piece, value)
            size += len(piece)
    return "%d %d" % (size, value)


def attributes(server, element, text):
    server.configure(edit=lambda xml: re.sub(r"<%s\b" % element, "<%s %s" % (element, text), xml, count=1))


def serve(name, connector="", whole=""):
    server = Server(name)
    compile_module(server.webapp("body.so"), DIGEST)
    if connector:
        attributes(server, "Connector", connector)
    if whole:
        attributes(server, "Server", whole)
    server.start()
    return server


def curl(server, path, file, *more):
    """(exit code, status, body)"""
    out = os.path.join(work, "answer")
    done = run("curl", "-sS", "-m", str(PATIENCE), "-o", out, "-w", "%{http_code}", "--data-binary", "@" + file,
               *more, "http://127.0.0.1:%d%s" % (server.port, path))
    with open(out, "rb") as file_out:
        return done.returncode, int(done.stdout or 0), file_out.read().decode("utf-8", "replace")


def spool(server):
    return server.status()["spool"]


def clean(name, server):
    """Nothing of a body is left: no bytes, no files, no memory."""
    def nothing():
        now = spool(server)
        return now["files"] == now["spoolBytes"] == now["bufferedBytes"] == now["jobs"] == 0
    check(name, becomes(nothing) and os.listdir(os.path.join(server.base, "temp")) == [], spool(server))


def serves_on(name, server):
    answer = server.get("/body/sum", "POST", body=b"abc")
    same(name, (answer.status, answer.text), (200, "3 38600999"))


def refusal(name, server, file, status, text):
    code, got, body = curl(server, "/body/sum", file, "-H", "Expect:")
    check(name, code == 0 and got == status and text in body, (code, got, body))
    serves_on(name + "-others", server)


big = os.path.join(work, "big")
subprocess.run(["dd", "if=/dev/urandom", "of=" + big, "bs=1M", "count=200", "status=none"], check=True)
seventy = write(os.path.join(work, "seventy"), b"x" * 70000000)
small = write(os.path.join(work, "small"), os.urandom(500000))

# ---- with the defaults ----
server = serve("defaults")
shown = 0
for i in range(50):
    code, status, body = curl(server, "/body/sum", seventy, "-H", "Expect:")
    shown += code == 0 and status == 413 and "maxBodySize" in body
same("413-of-70-MB-is-shown", "%d of 50" % shown, "50 of 50")
code, status, body = curl(server, "/body/sum", seventy)
check("413-with-expect", code == 0 and status == 413, (code, status, body))
code, status, body = curl(server, "/body/sum", seventy, "-H", "Expect:", "-H", "Transfer-Encoding: chunked")
check("413-chunked", code == 0 and status == 413, (code, status, body))
same("half-a-megabyte", curl(server, "/body/sum", small)[1:], (200, adler(small)))
same("chunked", curl(server, "/body/sum", small, "-H", "Transfer-Encoding: chunked")[1:], (200, adler(small)))
form = write(os.path.join(work, "form"), b"a=" + b"b" * 1500000 + b"&last=found")
same("form-from-a-file", curl(server, "/body/form", form)[1:], (200, "found"))
check("form-over-maxPostSize", curl(server, "/body/form", write(form, b"a=" + b"b" * 2097152))[1] == 413)
clean("nothing-is-left", server)
check("logged-by-name", server.logs("Setting: maxBodySize"), server.log()[-500:])
server.stop()

# ---- larger, in a file as a whole ----
print("maxBodySize=268435456 bodyMemory=0", flush=True)
server = serve("large", 'maxBodySize="268435456" bodyMemory="0"')
same("200-MiB", curl(server, "/body/sum", big)[1:], (200, adler(big)))
same("200-MiB-chunked", curl(server, "/body/sum", big, "-H", "Transfer-Encoding: chunked")[1:], (200, adler(big)))
written = server.status()["counters"]["spool_bytes_written"]
same("all-of-it-went-to-files", written, 2 * 200 * MIB)
clean("nothing-is-left-of-200-MiB", server)
server.stop()

# ---- caps, each by its name ----
server = serve("caps", whole='maxSpool="500000"')
refusal("maxSpool", server, small, 413, "maxSpool")
same("maxSpool-shown", spool(server)["maxSpool"], 500000)
server.stop()

server = serve("files", whole='maxSpoolFiles="0"')
refusal("maxSpoolFiles", server, small, 503, "maxSpoolFiles")
check("maxSpoolFiles-logged", server.logs("three quarters of maxSpoolFiles"), server.log()[-500:])
same("maxSpoolFiles-counted", spool(server)["refused"]["FILES_SHARE"], 1)
server.stop()

server = serve("free", whole='minFreeDisk="99"')
refusal("minFreeDisk", server, small, 503, "minFreeDisk")
server.stop()

server = serve("memory", whole='maxBufferedMemory="0"')
same("maxBufferedMemory-short-means-file", curl(server, "/body/sum", small)[1:], (200, adler(small)))
check("maxBufferedMemory-logged", server.logs("maxBufferedMemory"), server.log()[-500:])
server.stop()

# ---- the folder goes away and comes back ----
server = serve("folder")
temp = os.path.join(server.base, "temp")
os.rename(temp, temp + ".away")
refusal("no-temp-folder", server, small, 503, "temp folder")
os.rename(temp + ".away", temp)
same("temp-folder-is-back", curl(server, "/body/sum", small)[1:], (200, adler(small)))
clean("nothing-is-left-of-the-folder", server)
server.stop()

# ---- a full disk ----
server = Server("disk")
compile_module(server.webapp("body.so"), DIGEST)
attributes(server, "Server", 'minFreeDisk="0"')
temp = os.path.join(server.base, "temp")
mounted = run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", temp).returncode == 0
if mounted:
    try:
        server.start()
        check("tmpfs-is-warned-about", server.logs("is a tmpfs"), server.log()[-500:])
        refusal("disk-full", server, small, 503, "disk of the temp folder is full")
        little = write(os.path.join(work, "little"), os.urandom(150000))
        same("disk-full-recovers", curl(server, "/body/sum", little)[1:], (200, adler(little)))
        server.stop()
    finally:
        run("umount", "-l", temp)
else:
    skip("disk-full", "a small file system cannot be mounted here")

end()
