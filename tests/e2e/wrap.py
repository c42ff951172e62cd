#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrapped requests and answers, end to end: filters of a module that is built for minor 2 (modules/wrapping.c) around
servlets that are built for the newest (modules/dispatch.c). A row: name, path, what wraps, what each
part does, status, text."""
import gzip
import os
import threading
from served import HERE, Server, check, compile_module, end, read, same, write

server = Server()
PARTS = read(os.path.join(HERE, "modules", "dispatch.c"))
compile_module(server.webapp("w/WEB-INF/lib/dispatch.so"), PARTS, more=["-I" + os.path.join(HERE, "modules")])
compile_module(server.webapp("w/WEB-INF/lib/wrapping.so"), read(os.path.join(HERE, "modules", "wrapping.c")))
PAGE = "<html><body><h1>page</h1></body></html>"
DONE = PAGE.replace("</body>", "<p>rewritten</p></body>")
write(server.webapp("w/page.html"), PAGE)
write(server.webapp("w/part/page.html"), PAGE)
write(server.webapp("w/gz/page.html"), PAGE)
write(server.webapp("w/all/page.html"), PAGE)
write(server.webapp("w/gz/large.txt"), "0123456789" * 20000)
MAPPINGS = [("gzip", "/gz/*", "REQUEST"), ("gzip", "/all/*", "REQUEST"), ("cache", "/all/*", "REQUEST"),
            ("cache", "/cached/*", "REQUEST INCLUDE"), ("rewrite", "/all/*", "REQUEST"),
            ("rewrite", "/rw/*", "REQUEST"), ("rewrite", "/part/*", "INCLUDE FORWARD"),
            ("wrap-inside", "/*", "INCLUDE FORWARD ERROR")]
write(server.webapp("w/WEB-INF/web.xml"), "<web-app>%s%s%s%s%s</web-app>" % (
    "".join("<filter><filter-name>%s</filter-name><filter-class>%s</filter-class></filter>" % (name, name)
            for name in ("gzip", "cache", "rewrite", "wrap-inside")),
    "".join("<servlet><servlet-name>%s</servlet-name><servlet-class>%s</servlet-class></servlet>" % (name, name)
            for name in "ab"),
    "".join("<filter-mapping><filter-name>%s</filter-name><url-pattern>%s</url-pattern>%s</filter-mapping>" % (
        name, pattern, "".join("<dispatcher>%s</dispatcher>" % kind for kind in kinds.split()))
            for name, pattern, kinds in MAPPINGS),
    "".join("<servlet-mapping><servlet-name>%s</servlet-name><url-pattern>%s/%s</url-pattern></servlet-mapping>" % (
        name, folder, name) for name in "ab" for folder in ("", "/gz", "/rw", "/all", "/cached", "/part")),
    "<error-page><error-code>410</error-code><location>/x/c/410</location></error-page>"))
THROWS = """
#include <cserv/servlet.h>
#include <stdexcept>
static int throwing(void *, cs_response *, const void *, size_t) { throw std::runtime_error("boom in write"); }
static int ending(void *, cs_response *) { throw std::runtime_error("boom in end"); }
static cs_str header(void *, cs_request *, cs_str, uint32_t) { throw std::runtime_error("boom in header"); }
static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *)
{
    struct cs_override_res over;
    struct cs_override_req over_req;
    cs_str how = cs_req_get(req, CS_REQ_QUERY);
    over.size = sizeof(over);
    over_req.size = sizeof(over_req);
    if (how.ptr && *how.ptr == 'w')
        over.write = throwing;
    if (how.ptr && *how.ptr == 'e')
        over.end = ending;
    if (how.ptr && *how.ptr == 'h')
        over_req.header = header;
    return cs_chain_next(chain, cs_req_wrap(req, &over_req, nullptr), cs_res_wrap(res, &over, nullptr));
}
static int servlet(cs_request *req, cs_response *res)
{
    return cs_res_puts(res, cs_req_header(req, "Host") ? "with" : "without");
}
static const cs_servlet servlets[] = {{.name = "s", .url_patterns = "/s", .get = servlet}};
static const cs_filter filters[] = {{.name = "f", .url_patterns = "/*", .filter = filter}};
CS_WEBAPP("throws", "1.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
"""
compile_module(server.webapp("cpp.so"), THROWS, "c++", more=["-std=c++20"])
server.start()


def ask(path, wraps, parts, method="GET", body=b"", headers=()):
    fields = ["Do-%s: %s" % part for part in parts.items()] + list(headers)
    if wraps:
        fields += ["Wrap: " + wraps]
    return server.get(path, method, fields, body)


def rows(table):
    for name, path, wraps, parts, status, text, *more in table:
        got = ask(path, wraps, parts, *more)
        good = got.status == status and (text is None or got.text == text) and got.complete
        check(name, good, "%r, not %d %r" % (got, status, text))


# ---- what the overrides of an answer are told ----
rows([
    ("write", "/w/a", "trace", {"a": "say abc; say d"}, 200, "abcd[w3 w1 e0 ]"),
    ("write-printf", "/w/a", "trace", {"a": "rc"}, 200, "[0][w3 e0 ]"),
    ("write-pieces", "/w/a", "trace", {"a": "pieces abc de; rc"}, 200, "abcde[0][w3 w2 w3 e0 ]"),
    ("write-pieces-passed-on", "/w/a", "fields", {"a": "pieces abc de"}, 200, "abcde"),
    ("write-pieces-one-fails", "/w/a", "trace failing", {"a": "pieces x y; ok"}, 200, "[e0 ]"),
    ("header-date", "/w/a", "trace", {"a": "date-add X-A 0"}, 200, "[h:X-A=29 e0 ]"),
    ("write-static", "/w/a", "trace", {"a": "static"}, 200, "constant" + "\0" * 4992 + "[w5000 e0 ]"),
    ("write-static-without-overrides", "/w/a", "none", {"a": "static"}, 200, "constant" + "\0" * 4992),
    ("write-file", "/w/a", "trace", {"a": "file /page.html 6 10"}, 200, PAGE[6:16] + "[w10 e0 ]"),
    ("write-file-past-its-end", "/w/a", "trace", {"a": "file /page.html 6 1000; rc; ok"}, 200, "[-6][w4 e0 ]"),
    ("write-file-that-is-none", "/w/a", "trace", {"a": "file /none 0 1; rc; ok"}, 200, "[-6][w4 e0 ]"),
    ("write-file-large", "/w/a", "upper", {"a": "file /gz/large.txt 1 100000"}, 200, ("0123456789" * 20000)[1:100001]),
    ("write-of-a-served-file", "/w/page.html", "upper", {}, 200, PAGE.upper()),
    ("write-result", "/w/a", "failing", {"a": "say x; result -5"}, 500, None),
    ("write-error-is-the-writers", "/w/a", "trace failing", {"a": "say x; ok"}, 200, "[e0 ]"),
    ("status", "/w/a", "trace", {"a": "status 203"}, 203, "[s203 e0 ]"),
    ("header", "/w/a", "trace", {"a": "header X-A bc"}, 200, "[h:X-A=2 e0 ]"),
    ("header-length", "/w/a", "trace", {"a": "length 3; say abc"}, 200, "abc[h:Content-Length=1 w3 e0 ]"),
    ("header-length-is-dropped", "/w/a", "upper", {"a": "length 2; say ab; say cd"}, 200, "ABCD"),
    ("header-length-as-field-is-dropped", "/w/a", "upper", {"a": "header Content-Length 2; say abc"}, 200, "ABC"),
    ("header-length-stays", "/w/a", "none", {"a": "length 2; say ab"}, 200, "ab"),
    ("header-cookie", "/w/a", "trace", {"a": "cookie k v"}, 200, "[h:Set-Cookie=3 e0 ]"),
    ("flush", "/w/a", "trace", {"a": "say a; flush; say b"}, 200, "ab[w1 f0 w1 e0 ]"),
    ("flush-passes", "/w/a", "upper", {"a": "flush; committed"}, 200, "1."),
    ("end-of-nothing", "/w/a", "trace", {"a": "ok"}, 200, "[e0 ]"),
    ("end-of-a-failure", "/w/a", "trace", {"a": "say x; fail soup"}, 500, None),
    ("end-that-fails", "/w/a", "ends-badly", {"a": "say x"}, 500, None),
    ("end-that-is-positive", "/w/a", "ends-positive", {"a": "say x"}, 500, None),
    ("end-that-fails-outside", "/w/a", "ends-badly trace", {"a": "say x"}, 500, None),
    ("reset", "/w/a", "trace", {"a": "say abc; reset; rc; say de"}, 200, "[0]de[w3 r0 w3 w2 e0 ]"),
    ("reset-body", "/w/a", "trace", {"a": "status 203; say abc; reset-body; say de"}, 203, "de[s203 w3 r0 w2 e0 ]"),
    ("reset-cannot", "/w/a", "upper", {"a": "say abc; reset; rc; reset-body; rc; ok"}, 200, "ABC[-3][-3]"),
    ("reset-can-before", "/w/a", "upper", {"a": "status 203; reset; rc"}, 200, "[0]"),
    ("reset-of-what-is-held", "/w/a", "hold", {"a": "say lost; reset; say kept"}, 200, "kept"),
    ("hold", "/w/a", "hold", {"a": "say a; committed; fill; committed"}, 200, "a0." + "x" * 10000 + "0."),
    ("error", "/w/a", "trace", {"a": "say x; error 404 soup"}, 404, None),
    ("error-then-write", "/w/a", "hold", {"a": "say x; error 409; say y"}, 409, None),
    ("error-page", "/w/a", "upper", {"a": "say x; error 410", "c": "say page"}, 410, "page"),
    ("redirect", "/w/a", "trace", {"a": "redirect /b"}, 302, ""),
    ("redirect-after-bytes", "/w/a", "upper", {"a": "say x; redirect /b"}, 302, ""),

    ("two", "/w/a", "trace upper", {"a": "say abc"}, 200, "ABC[w3 e0 ]"),
    ("two-others", "/w/a", "upper trace", {"a": "say abc"}, 200, "ABC[W3 E0 ]"),
    ("two-ends-from-inside", "/w/a", "trace hold", {"a": "say abc"}, 200, "abc[w3 e0 ]"),
    ("two-of-a-kind", "/w/a", "hold hold", {"a": "say abc"}, 200, "abc"),
    ("many", "/w/a", " ".join(["none"] * 40 + ["upper"]), {"a": "say abc"}, 200, "ABC"),

    ("older-struct", "/w/a", "short", {"a": "say abc"}, 200, "ABC"),
    ("newer-struct", "/w/a", "newer", {"a": "say abc"}, 200, "ABC"),
    ("newer-struct-with-more", "/w/a", "unknown", {"a": "say abc"}, 500, None),
    ("reserved", "/w/a", "reserved", {"a": "say abc"}, 500, None),
    ("no-struct", "/w/a", "nothing", {"a": "say abc"}, 500, None),
])

# ---- with dispatches ----
INSIDE = ["Wrap-Inside: trace"]
rows([
    ("include", "/w/a", "upper", {"a": "say a; include /b; say c"}, 200, "ABC"),
    ("include-tells-no-status", "/w/a", "trace", {"a": "include /b; ok", "b": "status 500; header X y; length 1; error 404;"
                                                  "redirect /x; reset; cookie k v; say z"}, 200, "z[w1 e0 ]"),
    ("include-flush", "/w/a", "trace", {"a": "include /b", "b": "flush"}, 200, "[f0 e0 ]"),
    ("include-inside", "/w/a", "", {"a": "say 1; include /b; say 2"}, 200, "1b[w1 e0 ]2", "GET", b"", INSIDE),
    ("include-inside-status", "/w/a", "", {"a": "include /b; ok", "b": "status 500; header X y"}, 200,
     "[s500 h:X=1 e0 ]", "GET", b"", INSIDE),
    ("include-inside-and-outside", "/w/a", "upper", {"a": "say 1; include /b; say z"}, 200, "1B[W1 E0 ]Z", "GET", b"",
     INSIDE),
    ("include-inside-ends-first", "/w/a", "", {"a": "say 1; include /b; say 2"}, 200, "1b2", "GET", b"",
     ["Wrap-Inside: hold"]),
    ("include-of-a-file", "/w/a", "upper", {"a": "say a; include /page.html"}, 200, "A" + PAGE.upper()),
    ("include-rewritten", "/w/a", "", {"a": "say 1; include /part/page.html; say 2"}, 200, "1" + DONE + "2"),
    ("include-rewritten-and-forwarded", "/w/a", "", {"a": "say 1; include /part/b; ok", "b": "forward /page.html"},
     200, DONE),
    ("forward-rewritten", "/w/a", "", {"a": "say lost; forward /part/page.html"}, 200, DONE),
    ("forward", "/w/a", "upper", {"a": "forward /b; say more"}, 200, "B"),
    ("forward-resets", "/w/a", "trace", {"a": "say lost; forward /b"}, 200, "b[w4 r0 w1 e0 ]"),
    ("forward-cannot-reset", "/w/a", "upper", {"a": "say kept; forward /b; rc; ok"}, 200, "KEPT[-3]"),
    ("forward-of-what-is-held", "/w/a", "hold", {"a": "say lost; forward /b"}, 200, "b"),
    ("forward-inside", "/w/a", "", {"a": "forward /b"}, 200, "b[w1 e0 ]", "GET", b"", INSIDE),
    ("forward-error", "/w/a", "trace", {"a": "forward /b", "b": "error 404"}, 404, None),
    ("error-page-inside", "/w/a", "trace", {"a": "error 410", "c": "say page"}, 410, "page[w4 e0 ]", "GET", b"", INSIDE),
    ("wrapped-handle-dies", "/w/a", "upper", {"a": "keep; say x"}, 200, "X"),
    ("wrapped-handle-died", "/w/a", "", {"a": "kept; ok"}, 200, "-,-2,-2."),
])

for name, wraps, parts, want in (
        ("before-head", "trace", {"a": "before X-B; say a"}, "set"),
        ("before-head-of-a-long-answer", "upper", {"a": "before X-B; fill"}, "set"),
        ("before-head-in-a-forward", "upper", {"a": "forward /b", "b": "before X-B; say b"}, "set"),
        ("before-head-in-a-forward-of-nothing", "", {"a": "forward /b", "b": "before X-B; say b"}, "set"),
        ("before-head-in-an-include", "", {"a": "include /b; say 2", "b": "before X-B; rc"}, None),
        ("before-head-of-what-an-error-drops", "", {"a": "before X-B; error 410", "c": "say page"}, None),
        ("before-head-in-an-error-page", "", {"a": "error 410", "c": "before X-B; say page"}, "set")):
    got = ask("/w/a", wraps, parts)
    check(name, got.fields.get("x-b") == want and got.complete and got.status in (200, 410), got)

# ---- wrapped requests ----
IN = ["X-Changed: one", "X-Hidden: two", "X-Changed: three", "X-Other: four"]
rows([
    ("request-header", "/w/a", "req", {"a": "in x-changed; in X-Hidden; in X-Made; in X-Other"}, 200, "0,1,..made,.four,.",
     "GET", b"", IN),
    ("request-header-list", "/w/a", "req", {"a": "fields"}, 200, "X-Changed=0,X-Changed=1,X-Other=four,.", "GET", b"", IN),
    ("request-header-list-as-it-is", "/w/a", "req-none", {"a": "fields; in X-Hidden"}, 200,
     "X-Changed=one,X-Hidden=two,X-Changed=three,X-Other=four,.two,.", "GET", b"", IN),
    ("request-param", "/w/a?q=1&hidden=2&q=3", "req", {"a": "param q; param hidden; params"}, 200,
     "<1>,<3>..q=<1>,q=<3>,."),
    ("request-param-of-a-form", "/w/a?q=1", "req", {"a": "param q"}, 200, "<1>,<2>.", "POST", b"q=2",
     ["Content-Type: application/x-www-form-urlencoded"]),
    ("request-get", "/w/a", "req", {"a": "tell"}, 200, "a:1|BREW|/w/a|/w|/a|-|-."),
    ("request-read", "/w/a", "req", {"a": "read"}, 200, "SOME BYTES.", "POST", b"some bytes"),
    ("request-read-line", "/w/a", "req", {"a": "line; line; line; line"}, 200, "4:ONE\n16:AAAAAAAAAAAAAAAA4:AAA\n1:B",
     "POST", b"one\n" + b"a" * 19 + b"\nb"),
    ("request-about", "/w/a", "req", {"a": "about"}, 200, "text/plain|2|fr|0:-5|784111777|http://localhost/w/a.", "POST",
     b"xx", ["Content-Type: text/plain", "Accept-Language: en;q=0.5, fr", "X-Number: -5",
             "X-Date: Sun, 06 Nov 1994 08:49:37 GMT"]),
    ("request-cookies", "/w/a", "req", {"a": "cookies"}, 200, "a=1,b=2,.", "GET", b"", ["Cookie: a=1; b=2"]),
    ("request-attributes", "/w/a", "req", {"f": "set x 1; next", "a": "attr x; attrs"}, 200, "1.x=1,1."),
    ("request-twice", "/w/a?q=1", "req req", {"a": "param q; tell"}, 200, "<<1>>.a:1|BREW|/w/a|/w|/a|-|q=1."),
    ("request-of-an-include", "/w/a?q=1", "req", {"a": "include /b?q=2", "b": "params; tell; told include"}, 200,
     "q=2,q=<1>,.b:4|BREW|/w/a|/w|/a|-|q=1./w/b|/w|/b|-|q=2|/b."),
    ("request-of-a-forward", "/w/a?q=1", "req", {"a": "forward /b?q=2", "b": "params; tell; told forward"}, 200,
     "q=2,q=<1>,.b:2|BREW|/w/b|/w|/b|-|q=2./w/a|/w|/a|-|q=1|/a."),
    ("request-inside-an-include", "/w/a?q=1", "", {"a": "include /b?q=2", "b": "params; tell"}, 200,
     "q=<2>,q=<1>,.b:4|BREW|/w/a|/w|/a|-|q=1.", "GET", b"", ["Wrap-Inside: req"]),
    ("request-not-outside", "/w/a", "", {"a": "include /b; tell", "b": "tell"}, 200,
     "b:4|BREW|/w/a|/w|/a|-|-.a:1|GET|/w/a|/w|/a|-|-.", "GET", b"", ["Wrap-Inside: req"]),
])


# ---- gzip, rewriting, caching: what filters are for ----
def unzipped(name, got, want, status=200):
    try:
        text = gzip.decompress(got.body).decode()
    except (OSError, EOFError) as error:
        text = repr(error)
    check(name, got.status == status and got.fields.get("content-encoding") == "gzip" and got.complete and
          text == want, "%r: %.100s" % (got, text))


unzipped("gzip", ask("/w/gz/a", "", {"a": "say 1; say 2"}), "12")
unzipped("gzip-nothing", ask("/w/gz/a", "", {"a": "ok"}), "")
unzipped("gzip-length", ask("/w/gz/a", "", {"a": "length 2; say 1; say 2"}), "12")
unzipped("gzip-flush", ask("/w/gz/a", "", {"a": "say 1; flush; fill; flush; say 2"}), "1" + "x" * 10000 + "2")
unzipped("gzip-include", ask("/w/gz/a", "", {"a": "say 1; include /b; say 2"}), "1b2")
unzipped("gzip-include-first", ask("/w/gz/a", "", {"a": "include /b; say 2"}), "b2")
unzipped("gzip-include-of-a-file", ask("/w/gz/a", "", {"a": "include /page.html; say 2"}), PAGE + "2")
unzipped("gzip-include-rewritten", ask("/w/gz/a", "", {"a": "say 1; include /part/page.html; say 2"}), "1" + DONE + "2")
unzipped("gzip-forward", ask("/w/gz/a", "", {"a": "forward /b"}), "b")
unzipped("gzip-of-a-file", ask("/w/gz/page.html", "", {}), PAGE)
unzipped("gzip-of-a-large-file", ask("/w/gz/large.txt", "", {}), "0123456789" * 20000)
unzipped("gzip-of-a-status", ask("/w/gz/a", "", {"a": "status 404; say own"}), "own", 404)
unzipped("gzip-inside-upper", ask("/w/gz/a", "upper", {"a": "say abc"}), "ABC")
got = ask("/w/gz/a", "", {"a": "say 1; error 404"})
check("gzip-error", got.status == 404 and "content-encoding" not in got.fields and "HTTP Status 404" in got.text, got)
got = ask("/w/gz/a", "", {"a": "say 1; error 410", "c": "say page"})
check("gzip-error-page", got.status == 410 and "content-encoding" not in got.fields and got.text == "page", got)
got = ask("/w/gz/a", "", {"a": "fill; fail soup"})
check("gzip-failure-after-the-head", got.status == 200 and not got.complete, got)
got = ask("/w/gz/a", "", {"a": "say 1"}, "HEAD")
check("gzip-head", got.status == 200 and got.fields.get("content-encoding") == "gzip" and not got.body, got)

same("rewrite", ask("/w/rw/a", "", {"a": "say <body>1; include /page.html"}).text,
     ("<body>1" + PAGE).replace("</body>", "<p>rewritten</p></body>"))
same("rewrite-nothing-to-do", ask("/w/rw/a", "", {"a": "say text"}).text, "text")
same("rewrite-length", ask("/w/rw/a", "", {"a": "length 14; say <body>x</body>"}).text, "<body>x<p>rewritten</p></body>")
same("rewrite-reset", ask("/w/rw/a", "", {"a": "say </body>; reset; say text"}).text, "text")
same("rewrite-error", ask("/w/rw/a", "", {"a": "say </body>; error 409"}).status, 409)


def cached(name, path, parts, text, hit, headers=()):
    got = ask(path, "", parts, headers=headers)
    check(name, got.text == text and (got.fields.get("x-cache") == "hit") == hit and got.complete, got)


FORGET = ["Cache: forget"]
cached("cache-takes", "/w/cached/a", {"a": "header Content-Type text/x; say first"}, "first", False, FORGET)
cached("cache-gives", "/w/cached/a", {"a": "say second"}, "first", True)
same("cache-gives-the-type", ask("/w/cached/a", "", {}).fields.get("content-type"), "text/x")
cached("cache-takes-parts", "/w/cached/a", {"a": "say 1; include /b; say 2; rc"}, "1b2[0]", False, FORGET)
cached("cache-gives-parts", "/w/cached/a", {"a": "say second"}, "1b2[0]", True)
cached("cache-not-an-error", "/w/cached/a", {"a": "status 404; say error"}, "error", False, FORGET)
cached("cache-not-an-error-2", "/w/cached/a", {"a": "say first"}, "first", False)
cached("cache-of-an-include", "/w/a", {"a": "say 1; include /cached/b; say 2", "b": "say part"}, "1part2", False, FORGET)
cached("cache-of-an-include-2", "/w/a", {"a": "say 3; include /cached/b; say 4", "b": "say other"}, "3part4", False)
unzipped("all-three", ask("/w/all/page.html", "", {}, headers=FORGET), DONE)
unzipped("all-three-again", ask("/w/all/a", "", {"a": "say other"}), DONE)
unzipped("all-three-include", ask("/w/all/a", "", {"a": "say </body>; include /b"}, headers=FORGET),
         "<p>rewritten</p></body>b")

# ---- asynchronous ----
rows([
    ("async", "/w/a", "trace", {"a": "later x"}, 200, "GET,/a,1,x[w9 w1 e0 ]"),
    ("async-held", "/w/a", "hold", {"a": "say 1; later x; say 2"}, 200, "12GET,/a,1,x"),
    ("async-in-a-forward", "/w/a", "hold", {"a": "say lost; forward /b?q=1", "b": "later x"}, 200, "GET,/b,2,x"),
    ("async-in-an-include", "/w/a", "upper", {"a": "say 1; include /b; say 2", "b": "later x"}, 200,
     "12GET,/A,4,X"),
    ("async-wrapped-in-an-include", "/w/a", "", {"a": "say 1; include /b; say 2", "b": "later x"}, 200,
     "12GET,/a,4,x[w9 w1 e0 ]", "GET", b"", INSIDE),
    ("async-after-an-include-of-another", "/w/a", "upper", {"a": "include /page.html; later x"}, 200,
     PAGE.upper() + "GET,/A,1,X"),
    ("async-request", "/w/a", "req", {"a": "later x"}, 200, "BREW,/a,1,x"),
    ("async-error", "/w/a", "upper", {"a": "later x; error 409"}, 409, None),
    ("async-error-page", "/w/a", "upper", {"a": "later x; error 410", "c": "say page"}, 410, "page"),
    ("async-error-page-ends-what-it-wraps", "/w/a", "upper", {"a": "later x; error 410", "c": "say page"}, 410, "page",
     "GET", b"", ["Wrap-Inside: hold"]),
    ("async-end-that-fails", "/w/a", "ends-badly", {"a": "later x"}, 500, None),
    ("async-end-that-fails-behind-an-error", "/w/a", "ends-badly", {"a": "later x; error 409"}, 409, None),
    ("async-failure", "/w/a", "hold", {"a": "later x; fail soup"}, 500, None),
])
unzipped("gzip-async", ask("/w/gz/a", "", {"a": "say 1; later x"}), "1GET,/gz/a,1,x")
unzipped("gzip-async-include", ask("/w/gz/a", "", {"a": "say 1; include /b; say 2", "b": "later x"}), "12GET,/gz/a,4,x")
unzipped("gzip-async-forward", ask("/w/all/a", "", {"a": "forward /b", "b": "later </body>"}, headers=FORGET),
         "GET,/b,2,<p>rewritten</p></body>")
unzipped("gzip-async-cached", ask("/w/all/a", "", {}), "GET,/b,2,<p>rewritten</p></body>")

# ---- many at once ----
wrong = []


def hammer(number):
    for i in range(30):
        text = "%d.%d" % (number, i)
        got = ask("/w/gz/a", "trace upper", {"a": "say a%s; include /b; include /part/page.html; later z" % text,
                                             "b": "say b" + text})
        try:
            body = gzip.decompress(got.body).decode()
        except (OSError, EOFError) as error:
            body = repr(error)
        if not body.startswith("A%sB%s%s" % (text, text, DONE.upper())) or "GET,/GZ/A,1,Z[" not in body:
            wrong.append(body)


threads = [threading.Thread(target=hammer, args=(n,)) for n in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check("many-at-once", not wrong, wrong)

# ---- C++ ----
for how, text in (("write", "boom in write"), ("end", "boom in end")):
    got = server.get("/cpp/s?" + how)
    check("throws-in-" + how, got.status == 500 and text in got.text, got)
got = server.get("/cpp/s?header")
check("throws-in-header", got.status == 200 and got.text == "without", got)
same("throws-not", server.get("/cpp/s").text, "with")

server.stop()
end()
