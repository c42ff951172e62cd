#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""What servlets may answer, and what the server makes of it: methods, conditions, failures, announced
lengths, parameters, cleanups, stale handles; and the life of a webapp in its order."""
import os
import re
import shutil
from served import (HERE, Client, Server, check, compile_module, end, read, same, skip,
                    write)

SOURCES = os.path.join(HERE, "modules")
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"

CXX = """#include <cserv/servlet.h>
#include <stdexcept>
static void bad(void *) { throw std::runtime_error("a cleanup threw"); }
static int get(cs_request *req, cs_response *res)
{ cs_req_on_cleanup(req, bad, nullptr); return cs_res_puts(res, "threw later"); }
static int strange(cs_request *, cs_response *) { throw 7; }
static int pass(cs_request *q, cs_response *s, cs_chain *c, void *) { return cs_chain_next(c, q, s); }
static int bad_filter(cs_request *, cs_response *, cs_chain *, void *)
{ throw std::runtime_error("a filter threw"); }
static const cs_servlet servlets[] = {{.name = "get", .url_patterns = "/get /f/get", .get = get},
    {.name = "strange", .url_patterns = "/strange", .get = strange}};
static const cs_filter filters[] = {{.name = "pass", .url_patterns = "/*", .filter = pass},
    {.name = "bad", .url_patterns = "/f/*", .filter = bad_filter}};
static int init(cs_ctx *ctx) { return cs_ctx_on_cleanup(ctx, bad, nullptr); }
CS_WEBAPP("cxx", "1.0", .init = init, .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
"""
LIFE_XML = """<web-app><display-name>My Life</display-name>
  <servlet><servlet-name>xml</servlet-name><servlet-class>a.so:zero-one</servlet-class>
    <load-on-startup>3</load-on-startup></servlet></web-app>
"""

server = Server()
compile_module(server.webapp("answers.so"), read(os.path.join(SOURCES, "answers.c")))
life = read(os.path.join(SOURCES, "life.c"))
compile_module(server.webapp("life/WEB-INF/lib/a.so"), life)
compile_module(server.webapp("life/WEB-INF/lib/b.so"), life, more=['-DPART="two"'])
write(server.webapp("life/WEB-INF/web.xml"), LIFE_XML)
cxx = shutil.which("c++") is not None
if cxx:
    compile_module(server.webapp("cxx.so"), CXX, compiler="c++", more=["-std=c++20"])
server.start()


def get(path, *arguments, **more):
    return server.get("/answers" + path, *arguments, **more)


def expect(name, got, status, text=None, **fields):
    """TEXT: exact; "...x": has x. A field of None is absent."""
    good = got.status == status and got.complete
    if text is not None:
        good = good and (text[3:] in got.text if text.startswith("...") else got.text == text)
    for key, value in fields.items():
        good = good and got.fields.get(key.replace("_", "-")) == value
    return check(name, good, "%r, not %d %r %r" % (got, status, text, fields))


def logged(name, text):
    return check(name, server.logs(text), "no '%s' in the log" % text)


# ---- methods ----
expect("get", get("/get"), 200, "method GET", content_length="10")
expect("head-from-get", get("/get", "HEAD"), 200, "", content_length="11")
expect("head-is-told-its-method", get("/own", "HEAD"), 200, "")
expect("405", get("/get", "POST", body=b"x"), 405, "...405", allow="GET, HEAD, OPTIONS")
expect("405-get", get("/post"), 405, "...405", allow="POST, PUT, OPTIONS")
expect("405-head", get("/post", "HEAD"), 405, "", allow="POST, PUT, OPTIONS")
expect("options", get("/get", "OPTIONS"), 200, "", allow="GET, HEAD, OPTIONS", content_length="0")
expect("options-of-its-own", get("/own", "OPTIONS"), 200, "method OPTIONS", allow=None)
expect("allow-without-get", get("/own"), 405, "...405", allow="HEAD, DELETE, PATCH, OPTIONS")
for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
    expect("service-" + method, get("/service", method), 200, "method " + method)

# ---- last_modified ----
since = "If-Modified-Since: "
expect("last-modified", get("/modified"), 200, "method GET", last_modified=DATE)
expect("304", get("/modified", headers=[since + DATE]), 304, "", last_modified=DATE)
expect("304-head", get("/modified", "HEAD", headers=[since + DATE]), 304, "")
expect("304-later", get("/modified", headers=[since + "Sun, 06 Nov 1994 08:49:38 GMT"]), 304, "")
expect("modified", get("/modified", headers=[since + "Sun, 06 Nov 1994 08:49:36 GMT"]), 200, "method GET")
expect("not-a-date", get("/modified", headers=[since + "yesterday"]), 200, "method GET")
expect("none-match-comes-first", get("/modified", headers=[since + DATE, 'If-None-Match: "x"']), 200)
expect("304-not-for-post", get("/modified", "POST", headers=[since + DATE]), 200, "method POST")
expect("not-known", get("/modified?at=-1", headers=[since + DATE]), 200, "method GET", last_modified=None)
expect("far-future", get("/modified?at=9223372036854775807"), 200, "method GET",
       last_modified="Fri, 31 Dec 9999 23:59:59 GMT")

# ---- failures ----
expect("fail-text-on-the-page", get("/fail"), 500, "...the &lt;soup&gt; is cold",
       content_type="text/html; charset=utf-8")
logged("fail-text-in-the-log", "servlet fail returned -1: the <soup> is cold")
check("fail-drops-what-was-written", "dropped" not in get("/fail").text)
expect("positive-is-a-bug", get("/result?is=3"), 500)
logged("positive-is-logged", "a positive result is a bug")
expect("unnamed-code", get("/result?is=-4096"), 500)
got = get("/result?is=-2")
same("gone-is-silent", (got.status, got.body), (0, b""))
# regression 007: the lowest number there is
check("regression-007-lowest", get("/lowest?is=-2147483648").status in (404, 500, 503))
got = get("/late")
check("late-failure-is-told", got.status == 200 and not got.complete, got)
expect("error", get("/error?message=no+%3Cb%3E"), 409, "...no &lt;b&gt;", x_stays="1", etag=None)
same("error-is-the-end", get("/seen").text, "0 -3 -3 -3 -3")
expect("error-without-message", get("/error"), 409, "...409")

# ---- unavailable ----
got = get("/unavailable?seconds=300")
check("unavailable", got.status == 503 and got.fields.get("retry-after") in ("300", "301"), got)
got = get("/unavailable")
check("unavailable-stays", got.status == 503 and 290 < int(got.fields.get("retry-after", 0)) <= 301, got)
expect("unavailable-others-serve", get("/get"), 200, "method GET")
expect("unavailable-for-good", get("/gone"), 404)
expect("unavailable-for-good-stays", get("/gone"), 404)
# regression 008: from init it failed the whole webapp
expect("regression-008-init-unavailable", get("/init-temporary"), 503, retry_after="77")
expect("regression-008-init-for-good", get("/init-good"), 404)

# ---- parameters ----
expect("params", get("/params?x=1&y=%C3%A9+z&x=2"), 200, "x=1;y=\u00e9 z;x=2;[1]")
form = ["Content-Type: application/x-www-form-urlencoded; charset=utf-8"]
expect("params-form", get("/params?x=q", "POST", form, b"x=b&y="), 200, "x=q;x=b;y=;[q]")
expect("params-not-a-form", get("/params", "POST", ["Content-Type: text/plain"], b"x=b"), 200, "[absent]")
expect("params-malformed", get("/params?x=%zz"), 400, "...malformed")
expect("params-malformed-form", get("/params", "POST", form, b"x=%"), 400, "...malformed")
expect("params-too-many", get("/params?" + "&".join("p%d=" % i for i in range(1001))), 400)
expect("params-as-many-as-allowed", get("/params?" + "&".join("p=" for i in range(1000))), 200)
expect("params-nobody-asks", get("/get?x=%zz"), 200, "method GET")

# ---- lengths and fields ----
expect("length-exact", get("/length?announced=3&text=abc"), 200, "abc", content_length="3")
expect("length-over-is-cut", get("/length?announced=3&text=abcdef"), 200, "abc", content_length="3")
same("length-over-is-told", get("/seen").text, "-5")
got = get("/length?announced=9&text=abc")
same("length-under-is-no-answer", (got.status, got.body), (0, b""))
got = get("/length?announced=9&text=abc&flush=1")
check("length-under-closes", got.status == 200 and got.body == b"abc" and not got.complete, got)
logged("length-under-is-logged", "ended after 3 of 9 bytes")
expect("fields", get("/fields"), 200, "-6 -6 -6 -3 -3 -6 -6 -6 0 -6 -3 -3 1", x_good="trimmed",
       x_late=None, set_cookie=None, x_name=None)
got = get("/static?times=3")
check("write-static", got.complete and got.body == (b"\1\2\3" + bytes((1 << 20) - 3)) * 3, len(got.body))

# ---- cleanups and handles ----
with Client(server.port) as client: # one connection: one request after the other
    expect("cleanups", client.ask("/answers/cleanups"), 200, "-6")
    same("cleanups-last-first", client.ask("/answers/seen").text, "321")
    expect("cleanups-of-a-failure", client.ask("/answers/cleanups?fail=1"), 500)
    same("cleanups-of-a-failure-run", client.ask("/answers/seen").text, "321")
    expect("keep-handles", client.ask("/answers/keep"), 200, "kept")
    same("stale-handles", client.ask("/answers/stale").text, "-2 -2 -2 -2 -2 -2 -2 -2 -2 - - -")
    expect("stale-handles-harm-nobody", client.ask("/answers/get"), 200, "method GET")

# ---- C++ ----
if cxx:
    # regression 009: an exception out of a cleanup ended the process
    expect("regression-009-cleanup-throws", server.get("/cxx/get"), 200, "threw later")
    logged("regression-009-cleanup-is-logged", "a cleanup failed: a cleanup threw")
    expect("not-a-std-exception", server.get("/cxx/strange"), 500, "...not a std::exception")
    expect("filter-throws", server.get("/cxx/f/get"), 500, "...a filter threw")
    expect("cxx-serves-on", server.get("/cxx/get"), 200, "threw later")
else:
    skip("cxx", "there is no c++")

# ---- a webapp's life ----
expect("state-of-the-module", server.get("/life/zero-one"), 200, "one")
expect("state-of-the-other-module", server.get("/life/zero-two"), 200, "two")
slow = Client(server.port, receive_buffer=4096)
slow.send("/answers/static?times=16")
slow.take(20)
done = server.stop("--timeout", "1") # output held by write_static is under way
slow.socket.close()
same("stop", done.returncode, 0)
log = server.log()
check("stop-in-order", "stopped after" in log, log[-500:])
check("gone-is-not-logged", "returned -2" not in log)
check("not-initialised-not-destroyed", "what was not initialised" not in log)
if cxx:
    same("cleanup-of-the-webapp-throws", log.count("a cleanup failed: a cleanup threw"), 3)
steps = re.findall(r"localhost/life: <([^>]*)>", log)
same("life", steps, """init one at /life of localhost by My Life
init two at /life of localhost by My Life
context-initialized one
second-initialized one
context-initialized two
second-initialized two
init one filter-one
init two filter-two
init one zero-one
init two zero-two
init one xml
init one five-one
init one five-again-one
init two five-two
init two five-again-two
init one late-one
init two late-two
start one
start two
health one
health two
stop two 1
stop one 1
stop two 2
stop one 2
destroy two five-again-two
destroy two zero-two
destroy two five-two
destroy two late-two
destroy one five-again-one
destroy one zero-one
destroy one five-one
destroy one late-one
destroy one xml
destroy two filter-two
destroy one filter-one
second-destroyed two -
context-destroyed two listener
second-destroyed one -
context-destroyed one listener
cleanup two second
cleanup two first
destroy two
cleanup one second
cleanup one first
destroy one""".split("\n"))
end()
