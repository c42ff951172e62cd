#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cs_res_before_head: what a filter says of an answer when it is known what it is, however the answer begins
to leave; what may not be done there; that it does not run for error pages and redirects."""
import os
import re
import shutil
from served import HERE, Client, Server, check, compile_module, end, read, same, skip

CXX = """#include <cserv/servlet.h>
#include <stdexcept>
static void bad(cs_response *, void *) { throw std::runtime_error("a head threw"); }
static void good(cs_response *res, void *) { cs_res_header(res, "X-Good", "1"); }
static int get(cs_request *, cs_response *res)
{ cs_res_before_head(res, good, nullptr); cs_res_before_head(res, bad, nullptr); return cs_res_puts(res, "fine"); }
static const cs_servlet servlets[] = {{.name = "get", .url_patterns = "/get", .get = get}};
CS_WEBAPP("cxx", "1.0", .servlets = CS_ROWS(servlets))
"""
server = Server()
compile_module(server.webapp("b.so"), read(os.path.join(HERE, "modules", "before_head.c")))
cxx = shutil.which("c++") is not None
if cxx:
    compile_module(server.webapp("cxx.so"), CXX, compiler="c++", more=["-std=c++20"])
server.start()


def seen(how, method="GET", more=""):
    """Status, all X-Seen fields, the body."""
    with Client(server.port) as client:
        answer = client.ask("/b/a?how=%s%s" % (how, more), method)
        client.send("/b/a?how=%s%s" % (how, more), method)
        while b"\r\n\r\n" not in client.buffer and client.receive():
            pass
        head = client.buffer.decode("latin-1").split("\r\n\r\n")[0]
    return answer, re.findall(r"(?im)^x-seen: (.*?)\r?$", head)


def row(name, how, status, fields, body=None, method="GET"):
    answer, found = seen(how, method)
    same("before-head/" + name, (answer.status, found, answer.text if body is not None else None),
         (status, fields, body))


BOTH = ["second 200 text/x-early s", "first 200 text/x-early s"]
row("a short answer: the last registered first", "short", 200, BOTH, "short")
row("a long one, at its first bytes", "long", 200, BOTH, "0123456789" * 2000)
row("flushed", "flush", 200, BOTH, "abcd")
row("a file", "file", 200, BOTH)
row("HEAD", "long", 200, BOTH, "", "HEAD")
row("304", "none", 304, ["second 304 text/x-early s", "first 304 text/x-early s"], "")
row("405 is an error", "short", 405, [], None, "POST")
row("forgotten fields", "reset", 200, ["second 200 - -", "first 200 - -"], "")
row("an error page", "error", 404, [])
row("a failure", "fail", 500, [])
row("a redirect", "redirect", 302, [], "")
answer = server.get("/b/none?how=short")
same("before-head/nothing serves it", (answer.status, answer.fields.get("x-seen")), (404, None))

answer = server.get("/b/a?how=short&allowed=1")
same("before-head/what may not be done", answer.fields.get("x-refused"), " ".join(["-3"] * 13) + " committed 0 wrapped 0 kept -3 -3")
same("before-head/what may be done", (answer.fields.get("x-allowed"), answer.status, answer.text,
                                      answer.fields.get("content-type"), answer.fields.get("set-cookie"),
                                      answer.fields.get("x-date")),
     ("0 0 0 0 0 0", 203, "short", "text/x-late;charset=utf-8", "c=1", "Thu, 01 Jan 1970 00:00:00 GMT"))
answer = server.get("/b/a?how=long&allowed=1")
same("before-head/the same in the middle of a write", (answer.status, len(answer.text), answer.complete),
     (203, 20000, True))
if cxx:
    answer = server.get("/cxx/get")
    same("before-head/an exception: the others run", (answer.status, answer.text, answer.fields.get("x-good")),
         (200, "fine", "1"))
    check("before-head/it is logged", server.logs("what was to run before the head failed: a head threw"), server.log())
else:
    skip("before-head/an exception", "no C++ compiler")
end()
