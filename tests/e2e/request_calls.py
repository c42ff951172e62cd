#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""What servlets can do to an answer as a whole: redirects, reset, buffer, fields read back, charset, early
hints. Every row is one request whose query says what is done, and one that asks what the calls returned."""
import os
import re
from urllib.parse import quote
from served import HERE, Client, Server, becomes, check, compile_module, end, read, same

server = Server()
compile_module(server.webapp("calls.so"), read(os.path.join(HERE, "modules", "request_calls.c")))
server.start()


def query(steps):
    return "&".join("%s=%s" % (quote(op), quote(str(value), safe="")) for op, value in steps)


def do(*steps, path="/do", method="GET", headers=()):
    got = server.get("/calls%s?%s" % (path, query(steps)), method, headers)
    return got, server.get("/calls/seen").text


def row(name, steps, results, status=200, body=None, **fields):
    """STEPS are done; the calls return RESULTS; the client gets STATUS, BODY and FIELDS (None: absent)."""
    got, seen = do(*steps)
    good = got.complete and got.status == status and seen == results
    good = good and (body is None or got.text == body)
    for key, value in fields.items():
        good = good and got.fields.get(key.replace("_", "-")) == value
    check(name, good, "%r %r, not %d %r %r %r" % (got, seen, status, results, body, fields))


# ---- redirect ----
row("redirect", [("redirect", "/calls/x?a=b#c"), ("write", "x")], "0 -3", 302, "", location="/calls/x?a=b#c",
    content_length="0")
row("redirect-relative-stays-relative", [("redirect", "../other/")], "0", 302, "", location="../other/")
row("redirect-absolute", [("redirect", "https://h.example:8443/p")], "0", 302, "", location="https://h.example:8443/p")
row("redirect-empty-is-this-one", [("redirect", "")], "0", 302, "", location="")
row("redirect-308", [("redirect-308", "x")], "0", 308, "", location="x")
row("redirect-303", [("redirect-303", "x")], "0", 303, "", location="x")
row("redirect-encodes", [("redirect", "/a b\"<\\>\u00e9%41")], "0", 302, "", location="/a%20b%22%3C%5C%3E%C3%A9%41")
row("redirect-backslash-is-no-host", [("redirect", "/\\evil.example")], "0", 302, "", location="/%5Cevil.example")
row("redirect-control-bytes", [("redirect", "/x\r\nSet-Cookie: a=b"), ("redirect", "/x\ty\x7f")], "-6 -6",
    set_cookie=None, location=None)
row("redirect-no-location", [("redirect-absent", "")], "-6", location=None)
row("redirect-bad-status", [("redirect-304", "x"), ("redirect-200", "x"), ("redirect-299", "x"), ("redirect-400", "x")],
    "-6 -6 -6 -6", location=None)
row("redirect-drops-the-body", [("write", "gone"), ("redirect", "/x")], "0 0", 302, "", content_length="0")
row("redirect-drops-the-length", [("length", 50), ("redirect", "/x")], "0 0", 302, "", content_length="0")
row("redirect-keeps-fields", [("header", "X-Kept:1"), ("redirect", "/x")], "0 0", 302, "", x_kept="1")
row("redirect-is-the-end", [("redirect", "/x"), ("committed", ""), ("redirect", "/y"), ("status", 200), ("header", "A:b"),
                            ("error", 500), ("reset", ""), ("flush", ""), ("buffer", 9)],
    "0 1 -3 -3 -3 -3 -3 -3 -3", 302, "", location="/x", a=None)
row("redirect-return-what-the-write-returned", [("redirect", "/x"), ("return", -3)], "0", 302, "", location="/x")
got, _ = do(("redirect", "/x"), ("return", -1))
same("redirect-then-failure", (got.status, got.fields.get("location")), (500, "/x"))
with Client(server.port) as client:
    got = client.ask("/calls/do?" + query([("write", "sent"), ("flush", ""), ("redirect", "/x"), ("committed", "")]))
    same("redirect-after-commit", (got.status, got.text, got.complete), (200, "sent", True))
    same("redirect-after-commit-is-told", client.ask("/calls/seen").text, "0 0 -3 1")

# ---- reset ----
row("reset", [("status", 201), ("header", "A:b"), ("type", "text/plain"), ("charset", "utf-8"), ("write", "x"), ("reset", ""),
              ("status-get", ""), ("charset-get", ""), ("type", "text/html"), ("write", "y")],
    "0 0 0 0 0 0 200 - 0 0", 200, "y", a=None, content_type="text/html")
row("reset-body", [("status", 201), ("header", "A:b"), ("write", "x"), ("reset-body", ""), ("write", "y")], "0 0 0 0 0",
    201, "y", a="b", content_length="1")
row("reset-body-forgets-the-length", [("length", 9), ("write", "x"), ("reset-body", ""), ("length-get", ""), ("write", "yz")],
    "0 0 0 -1 0", 200, "yz", content_length="2")
row("reset-after-commit", [("write", "x"), ("flush", ""), ("reset", ""), ("reset-body", "")], "0 0 -3 -3", 200, "x")
row("reset-after-error", [("error", 404), ("reset", ""), ("reset-body", "")], "0 -3 -3", 404)

# ---- buffer ----
row("buffer-default", [("buffer-size", ""), ("fill", 819), ("committed", ""), ("fill", 1), ("committed", "")],
    "8192 0 0 0 1", 200, "0123456789" * 820, content_length=None)
row("buffer-larger", [("buffer", 65536), ("buffer-size", ""), ("fill", 6553), ("committed", ""), ("reset-body", ""),
                      ("write", "short")], "0 65536 0 0 0 0", 200, "short", content_length="5")
row("buffer-never-smaller", [("buffer", 10), ("buffer-size", ""), ("buffer", 0), ("buffer-size", "")], "0 8192 0 8192")
row("buffer-bounds", [("buffer", -1), ("buffer", 1 << 24), ("buffer", (1 << 24) + 1), ("buffer", 1 << 40)], "-6 0 -5 -5")
row("buffer-after-a-byte", [("write", "x"), ("buffer", 9999), ("reset-body", ""), ("buffer", 9999), ("buffer-size", "")],
    "0 -3 0 0 9999")
row("buffer-of-the-next-request", [("buffer-size", "")], "8192")

# ---- fields ----
row("fields-read-back", [("header", "X-A:1"), ("add", "x-a:2"), ("get", "x-A"), ("second", "X-A"), ("has", "X-A"), ("has", "X-B"),
                         ("get", "X-B"), ("at", 0), ("at", 1), ("at", 2)], "0 0 1 2 1 0 - X-A x-a -")
row("fields-int", [("int", "X-N:-12"), ("addint", "X-N:9223372036854775807"), ("get", "X-N"), ("second", "X-N"), ("int", "X N:1")],
    "0 0 -12 9223372036854775807 -6")
row("fields-length", [("get", "Content-Length"), ("int", "Content-Length:3"), ("get", "content-length"), ("second", "Content-Length"),
                      ("write", "abc")], "- 0 3 - 0", 200, "abc", content_length="3")
row("status-get", [("status-get", ""), ("status", 404), ("status-get", ""), ("error", 410), ("status-get", "")],
    "200 0 404 0 410", 410)
row("unknown-number", [("unknown", "")], "-1")

# ---- charset ----
row("charset-after-type", [("type", "text/html"), ("charset", "utf-8"), ("type-get", "")], "0 0 text/html;charset=utf-8",
    content_type="text/html;charset=utf-8")
row("charset-before-type", [("charset", "utf-8"), ("type-get", ""), ("type", "text/html")], "0 - 0",
    content_type="text/html;charset=utf-8")
row("charset-of-the-type", [("type", "text/html; charset=\"iso-8859-1\""), ("charset-get", "")], "0 iso-8859-1",
    content_type="text/html; charset=\"iso-8859-1\"")
row("charset-replaced", [("type", "a/b; x=\"; charset=y\"; charset=z; w=1"), ("charset", "utf-8")], "0 0",
    content_type="a/b; x=\"; charset=y\"; w=1;charset=utf-8")
row("charset-of-the-type-wins", [("charset", "utf-8"), ("type", "text/html;charset=koi8-r"), ("charset-get", "")], "0 0 koi8-r",
    content_type="text/html;charset=koi8-r")
row("charset-stays-for-the-next-type", [("type", "text/html;charset=a"), ("type", "text/css")], "0 0",
    content_type="text/css;charset=a")
row("charset-taken-away", [("type", "text/html"), ("charset", "utf-8"), ("charset", "NULL"), ("charset-get", "")], "0 0 0 -",
    content_type="text/html")
row("charset-no-token", [("type", "text/html"), ("charset", "a b"), ("charset", ""), ("charset", "a;b")], "0 -6 -6 -6",
    content_type="text/html")
row("charset-without-type", [("charset", "utf-8"), ("write", "x")], "0 0", 200, "x", content_type=None)
row("charset-after-commit", [("flush", ""), ("charset", "utf-8")], "0 -3")
row("one-content-type", [("type", "text/html"), ("add", "Content-Type:text/css"), ("second", "Content-Type")], "0 0 -",
    content_type="text/css")

# ---- error ----
got, seen = do(("header", "X-A:1"), ("type", "text/css"), ("write", "dropped"), ("error", 409), ("committed", ""), ("write", "x"))
check("error", got.status == 409 and "told &lt;so&gt;" in got.text and "dropped" not in got.text and seen == "0 0 0 0 1 -3" and
      got.fields["content-type"] == "text/html; charset=utf-8", "%r %r" % (got, seen))
row("error-after-commit", [("write", "x"), ("flush", ""), ("error", 500)], "0 0 -3", 200, "x")
row("error-bounds", [("error", 399), ("error", 600)], "-6 -6")

# ---- early hints ----
LINK = "</a.css>; rel=preload"
with Client(server.port) as client:
    steps = [("header", "X-Not:now"), ("header", "Link:" + LINK), ("hints", ""), ("add", "Link:</b.js>; rel=preload"), ("hints", ""),
             ("write", "done")]
    client.send("/calls/do?" + query(steps))
    first, second, last = [client.take_answer() for _ in range(3)]
    same("hints", [(a.status, a.fields) for a in (first, second)], [(103, {"link": LINK}), (103, {"link": "</b.js>; rel=preload"})])
    check("hints-then-the-answer", last.status == 200 and last.text == "done" and last.fields["x-not"] == "now" and
          last.fields["link"] == "</b.js>; rel=preload" and last.complete, last)
    same("hints-results", client.ask("/calls/seen").text, "0 0 0 0 0 0")
row("hints-without-links", [("hints", ""), ("write", "x")], "0 0", 200, "x")
row("hints-after-commit", [("header", "Link:" + LINK), ("flush", ""), ("hints", "")], "0 0 -3")
row("hints-after-error", [("header", "Link:" + LINK), ("error", 404), ("hints", "")], "0 0 -3", 404)
with Client(server.port) as client: # RFC 9110 15.2: never to 1.0
    client.socket.sendall(("GET /calls/do?%s HTTP/1.0\r\n\r\n" % query([("header", "Link:" + LINK), ("hints", ""), ("write", "x")])
                           ).encode())
    while client.receive():
        pass
    check("hints-never-to-1.0", client.buffer.startswith(b"HTTP/1.1 200 OK\r\n") and client.buffer.count(b"HTTP/1.1 ") == 1 and
          client.buffer.endswith(b"x"), client.buffer)
with Client(server.port, receive_buffer=4096) as client: # a client that does not read is not waited for
    client.send("/calls/do?" + query([("header", "Link:" + "x" * 6000), ("hints-many", 5000), ("status-get", ""), ("write", "end")]))
    check("hints-do-not-wait", becomes(lambda: server.get("/calls/seen").text == "0 0 200 0"))
    answers = 0
    got = client.take_answer()
    while got.status == 103:
        answers += 1
        got = client.take_answer()
    check("hints-are-left-out", got.status == 200 and got.text == "end" and 0 < answers < 5000, "%d %r" % (answers, got))

# ---- cookies ----
def cookies(*fields):
    return server.get("/calls/cookies", headers=["Cookie: " + f for f in fields])


same("cookies", cookies("a=1; b=\"2\"; c", "a=3; bad=x y; d=\u00e9").text, "[a=1][b=\"2\"][c=][a=3][d=\ufffd] 1 3 -8")
same("cookies-none", cookies().text, " - - -8")
same("cookies-200", cookies("; ".join("n%d=1" % i for i in range(150)), ";".join("m%d" % i for i in range(50))).status, 200)
got = cookies("; ".join("n%d=1" % i for i in range(150)), ";".join("m%d" % i for i in range(51)))
check("cookies-201", got.status == 400 and "maxCookieCount" in got.text, got)
with Client(server.port) as client:
    client.send("/calls/set-cookies")
    lines = []
    for line in iter(client.take_line, b""):
        lines.append(line.decode())
    sets = [line.partition(": ")[2] for line in lines if line.startswith("Set-Cookie: ")]
    check("set-cookie-all", re.fullmatch(r"all=1; Max-Age=100; Expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT; Domain=a\.example; "
                                         r"Path=/calls; Secure; HttpOnly; SameSite=None; Partitioned", sets[0]), sets)
    same("set-cookie-others", sets[1:], ["plain=newer", "gone=; Max-Age=0; Expires=Sun, 06 Nov 1994 08:49:37 GMT"])
got = server.get("/calls/set-cookies")
same("set-cookie-results", got.text, "0 0 0 0 -6 -6 -6 -6 -6 -3")
got = server.get("/calls/set-cookies?bad=" + quote("x\r\nSet-Cookie: y"))
check("set-cookie-bad-octets", got.text.startswith("0 -6 0 0 -6") and got.fields["set-cookie"] == "plain=newer", got)
end()
