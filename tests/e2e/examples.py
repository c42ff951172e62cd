#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example over a real connection, a row each; and the index page: whatever it links to is there, each
example's source as text. What they do in detail: tests/unit/webapps_examples."""
import os
import re
import socket
import zlib
from served import BUILD, Client, Server, becomes, check, end, read, same

server = Server()
for name in ("examples", "docs", "ROOT"):
    os.symlink(os.path.join(BUILD, "webapps", name), server.webapp(name))
server.start()
FORM = ["Content-Type: application/x-www-form-urlencoded"]
PARTS = (b"--b\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n" + b"x" * 100000 +
         b"\r\n--b--\r\n")
BIG = bytes(range(256)) * 4096

# name, method, path, fields, body, status, text in the answer, fields of the answer
ROWS = [
    ("hello", "GET", "hello", [], b"", 200, "Hello, World!", {}),
    ("hello-de", "GET", "hello/de", [], b"", 200, "Hallo, Welt!", {"content-type": "text/plain; charset=utf-8"}),
    ("settings", "GET", "settings", [], b"", 200, "The more the merrier, at most 12 of us\n", {}),
    ("later", "GET", "later?number=999999000001", [], b"", 200, "the smallest factor of 999999000001 is 999999000001\n", {}),
    ("later-wrong", "GET", "later?number=1", [], b"", 400, "wants a number from 2", {}),
    ("later-not-by-clients", "GET", "later/shown", [], b"", 404, "ask for later?number=N", {}),
    ("echo", "POST", "echo", ["Content-Type: a/b"], b"hi", 200, "hi", {"content-type": "a/b"}),
    ("request", "GET", "request/a%20b?x=1&x=2", [], b"", 200, '"pathInfo":"/a b"', {}),
    ("form", "GET", "form", [], b"", 200, '<form method="post">', {}),
    ("form-post", "POST", "form", FORM, b"name=%3Cb%3E", 200, "<dd>&lt;b>", {}),
    ("files", "GET", "files", [], b"", 200, 'enctype="multipart/form-data"', {}),
    ("files-post", "POST", "files", ["Content-Type: multipart/form-data; boundary=b"], PARTS, 200,
     "<dt>file a.txt</dt><dd>100000 bytes</dd>", {}),
    ("cookie", "GET", "cookie", ["Cookie: colour=teal"], b"", 200, "your colour is teal", {}),
    ("cookie-set", "GET", "cookie?colour=teal", [], b"", 303, "", {"location": "cookie"}),
    ("page", "GET", "page", [], b"", 200, "\n<p>hello says:\n<q>Hello, World!</q></p>\n</main>\n", {}),
    ("page-other", "GET", "page?show=ticks", [], b"", 200, "<q>", {}),
    ("shout", "PUT", "shout", [], b"hear " * 100000, 200, "HEAR " * 100000, {"content-type": "text/plain"}),
    ("sleep", "GET", "sleep?ms=20", [], b"", 200, "slept 20", {}),
    ("wait", "GET", "wait?ms=20", [], b"", 200, "waited 20", {}),
    ("wait-wrong", "GET", "wait?ms=0", [], b"", 400, "milliseconds from 1 to 60000", {}),
    ("big", "GET", "big?bytes=100000", [], b"", 200, "xyzabc", {"content-length": "100000"}),
    ("upload", "POST", "upload", [], BIG, 200, "1048576 bytes, CRC-32 %08x" % zlib.crc32(BIG), {}),
    ("visits", "GET", "visits", [], b"", 200, "visit 1", {"cache-control": "no-store"}),
    ("visits-again", "GET", "visits", [], b"", 200, "visit 2", {}),
    ("ticks", "GET", "ticks", [], b"", 200, " of this worker", {}),
    ("refuse", "GET", "fail?how=refuse", [], b"", 404, "no such thing on the shelf", {}),
    ("conflict", "GET", "fail?how=conflict", [], b"", 409, "<h1>Sorry</h1>", {}),
    ("error", "GET", "fail?how=error", [], b"", 500, "the shelf has fallen down", {}),
    ("download", "GET", "download", [], b"", 200, "int download_get(",
     {"content-disposition": 'attachment; filename="download.c"'}),
    ("index", "GET", "", [], b"", 200, "<h1>Examples</h1>", {}),
]
for name, method, path, fields, body, status, text, wanted in ROWS:
    got = server.get("/examples/" + path, method, fields, body)
    good = got.status == status and got.complete and text in got.text
    good = good and all(got.fields.get(key) == value for key, value in wanted.items())
    check("examples/" + name, good, "%r, not %d with %r %r" % (got, status, text, wanted))

with Client(server.port) as client:
    client.send("/examples/hints")
    hint, page = client.take_answer(), client.take_answer()
LINK = {"link": "<examples.css>; rel=preload; as=style"}
same("examples/hints-first", (hint.status, hint.fields), (103, LINK))
check("examples/hints", page.status == 200 and "<h1>Early hints</h1>" in page.text and page.fields["link"] == LINK["link"], page)
check("examples/ticks-go-on", becomes(lambda: int(server.get("/examples/ticks").text.split()[0]) > 2))
took = server.get("/examples/sleep?ms=20").fields.get("x-took-us", "0")
check("examples/stopwatch", int(took) >= 20000, took)
since = server.get("/examples/download").fields.get("last-modified", "")
same("examples/download-again", server.get("/examples/download", headers=["If-Modified-Since: " + since]).status, 304)

with Client(server.port) as client:
    client.send("/examples/fail?how=late")
    late = client.take_answer()
check("examples/late", late.status == 200 and not late.complete, repr(late))

# Two streams, each fed twice; then one leaves and the other goes on.
def event(stream):
    lines = [stream.readline() for _ in range(5)]  # a chunk's size, three lines, the end of a chunk
    return [line.strip() for line in lines if line.startswith((b"id: ", b"data: "))]

with socket.create_connection(("127.0.0.1", server.port), 10) as left:
    with Client(server.port) as client:
        for one in (left, client.socket):
            one.sendall(b"GET /examples/events HTTP/1.1\r\nHost: a\r\n\r\n")
        fed = client.socket.makefile("rb")
        head = iter(fed.readline, b"\r\n")
        check("examples/events-type", b"Content-Type: text/event-stream\r\n" in list(head))
        first, second = event(fed), event(fed)
        numbers = [int(e[0].split()[1]) for e in (first, second)]
        same("examples/events", numbers[1] - numbers[0], 1)
        left.close()
        same("examples/events-go-on", int(event(fed)[0].split()[1]) - numbers[1], 1)
same("examples/events-left", server.get("/examples/hello").status, 200)

# A streaming servlet answers for what has come, while the rest is still to be sent.
with Client(server.port) as client:
    client.socket.sendall(b"POST /examples/upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    client.socket.sendall(b"3\r\ndef\r\n0\r\n\r\n")
    same("examples/upload-chunked", client.take_answer().text, "6 bytes, CRC-32 %08x\n" % zlib.crc32(b"abcdef"))

# What has come goes out before the rest is sent.
with Client(server.port) as client:
    client.socket.sendall(b"POST /examples/shout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    answer = client.socket.makefile("rb")
    list(iter(answer.readline, b"\r\n"))
    same("examples/shout-at-once", [answer.readline() for _ in range(2)], [b"3\r\n", b"ABC\r\n"])
    client.socket.sendall(b"2\r\nde\r\n0\r\n\r\n")
    same("examples/shout-rest", answer.readline() + answer.readline(), b"2\r\nDE\r\n")

# ---- the index page ----

page = server.get("/examples/")
links = sorted(set(re.findall(r'href="([^"#]+)"', page.text)) - {"events"})  # which has no end
check("index/links", len(links) > 20, links)
for link in links:
    path = link if link.startswith("/") else "/examples/" + link
    want = {"hints": 103, "fail?how=refuse": 404, "fail?how=conflict": 409, "fail?how=error": 500,
            "cookie?colour=teal": 303, "cookie?colour=": 303}.get(link, 200)
    same("index/" + link, server.get(path.replace("&amp;", "&")).status, want)

folder = os.path.join(BUILD, "webapps", "examples")
for name in sorted(os.listdir(folder)):
    if not name.endswith((".c", ".h")):
        continue
    got = server.get("/examples/" + name)
    check("source/" + name, got.text == read(os.path.join(folder, name)) and
          got.fields.get("content-type", "").startswith("text/plain"), repr(got)[:200])
    helper = name in ("module.c", "examples.h", "json_writer.c", "html.c", "number.c")
    check("source/%s-is-linked" % name, helper or name in links, "the index page does not name it")
for name in ("hello", "echo", "request", "form", "sleep", "big", "upload", "shout", "visits", "fail", "download",
             "files", "cookie", "page", "ticks", "events", "wait", "settings", "later", "hints"):
    check("index/has-" + name, name + "<" in page.text or name + "?" in page.text or name + "/" in page.text, name)
same("index/web-inf-is-not-served", server.get("/examples/WEB-INF/web.xml").status, 404)
server.stop() # two visits were by links
check("log/visits", server.logs("there were 4 visits"), server.log()[-500:])
end()
