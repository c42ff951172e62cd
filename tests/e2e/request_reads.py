#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""What a request tells of itself: mapping, ids, URL, languages, numbers, charset; its body in lines; the
trailers behind a chunked body, whole and split, collected and streamed."""
import os
import re
from served import HERE, Client, Server, check, compile_module, end, read, same

server = Server()
source = read(os.path.join(HERE, "modules", "request_reads.c"))
compile_module(server.webapp("reads.so"), source)
compile_module(server.webapp("folder/WEB-INF/lib/reads.so"), source)
server.configure(edit=lambda text: text.replace("<Connector ", "<Connector allowedTrailerHeaders='X-Sum, x-other,Host,Content-Type' ", 1))
server.start()
FOLDER = os.path.realpath(server.webapp("folder"))


def about(path, *headers, client=None):
    if client:
        got = client.ask(path, headers=headers)
    else:
        got = server.get(path, headers=headers)
    return dict(line.partition("=")[::2] for line in got.text.splitlines())


# ---- mapping: HttpServletMapping ----
def mapped(name, path, value, pattern, servlet, match):
    got = about(path)
    same("mapping/" + name, [got.get(k) for k in ("value", "pattern", "servlet", "match")], [value, pattern, servlet, match])


mapped("context-root", "/reads/", "", "", "root", "1")
mapped("default", "/reads/any/thing", "", "/", "default", "2")
mapped("exact", "/reads/exact/one", "exact/one", "/exact/one", "exact", "3")
mapped("extension", "/reads/foo/bar.ext", "foo/bar", "*.ext", "extension", "4")
mapped("extension-encoded", "/reads/a%20b.ext;x=y", "a b", "*.ext", "extension", "4")
mapped("path", "/reads/path/foo/bar", "foo/bar", "/path/*", "path", "5")
mapped("path-bare", "/reads/path", "", "/path/*", "path", "5")
mapped("path-slash", "/reads/path/", "", "/path/*", "path", "5")

# ---- url, translated ----
PORT = ":%d" % server.port


def url(name, want, path, host):
    with Client(server.port) as client:
        client.socket.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (path, host)).encode())
        got = client.take_answer().text
    check("url/" + name, "url=%s\n" % want in got and "url-again=1" in got, got)


url("port", "http://h.example:8080/reads/path/a%20b;c=d", "/reads/path/a%20b;c=d?x=y", "h.example:8080")
url("default-port", "http://h.example/reads/", "/reads/", "h.example")
url("default-port-given", "http://h.example/reads/", "/reads/", "h.example:80")
url("ipv6", "http://[::1]:81/reads/", "/reads/", "[::1]:81")
url("no-host", "http://127.0.0.1%s/reads/" % PORT, "/reads/", "")
same("translated", about("/folder/path/x/y.txt")["translated"], FOLDER + "/x/y.txt")
same("translated-decoded", about("/folder/path/a%20b")["translated"], FOLDER + "/a b")
same("translated-without-path-info", about("/folder/exact/one")["translated"], "-")
same("translated-without-folder", about("/reads/path/x")["translated"], "-")

# ---- ids ----
ids, connections = [], []
with Client(server.port) as client:
    for _ in range(3):
        got = about("/reads/", client=client)
        ids.append(got["id"])
        connections.append(got["connection"])
        same("id/same-all-along", got["id"], got["id-again"])
got = about("/reads/")
check("id/unique", len(set(ids + [got["id"]])) == 4 and all(re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]+", i) for i in ids), ids)
check("id/connection", len(set(connections)) == 1 and got["connection"] not in connections, (connections, got))

# ---- languages (RFC 9110 12.5.4), numbers ----
def languages(*fields):
    return about("/reads/", *["Accept-Language: " + f for f in fields])["languages"].split()


same("languages/none", languages(), [])
same("languages/order", languages("da, en-gb;q=0.8, en;q=0.7"), ["da", "en-gb", "en"])
same("languages/by-weight", languages("en;q=0.5, de, fr;q=0.9"), ["de", "fr", "en"])
same("languages/alike-as-they-came", languages("en;q=0.5,de;q=0.5", "fr;q=0.5,it"), ["it", "en", "de", "fr"])
same("languages/odd", languages("*, en;q=0, d_e, -x, abcdefghi, en-1234, ,fr;q=2, it;q=x"), ["en-1234"])
many = languages(",".join("l%s;q=0.%03d" % (chr(97 + i % 26), i) for i in range(1, 400)))
same("languages/many", (len(many), many[0], many[-1]), (399, "l" + chr(97 + 399 % 26), "lb"))


def number(*fields):
    return about("/reads/", *fields)["number"]


same("int", number("X-Number: -42"), "0 -42")
same("int/bounds", [number("X-Number: 9223372036854775807"), number("X-Number: -9223372036854775808"),
                    number("X-Number: 9223372036854775808"), number("X-Number: -9223372036854775809")],
     ["0 9223372036854775807", "0 -9223372036854775808", "-6 0", "-6 0"])
same("int/none", number(), "-8 0")
same("int/no-number", [number("X-Number: " + text) for text in ("", "x", "1x", "- 1", "1.0", "0x1", "--1")], ["-6 0"] * 7)

# ---- charset ----
FORM = "Content-Type: application/x-www-form-urlencoded"


def form(query, body, content_type=FORM):
    return server.get("/reads/form" + query, "POST", [content_type], body).text


same("charset/none", form("", b"a=%C3%A9\xc3\xa9"), "a=\u00e9\u00e9;0 -")
same("charset/of-the-type", form("", b"a=%E9\xe9&%e9=", FORM + "; charset=ISO-8859-1"), "a=\u00e9\u00e9;\u00e9=;0 ISO-8859-1")
same("charset/set", form("?cs=latin1", b"a=%E9"), "cs=latin1;a=\u00e9;0 latin1")
same("charset/set-stronger", form("?cs=utf-8", b"a=%C3%A9", FORM + ";charset=iso-8859-1"), "cs=utf-8;a=\u00e9;0 utf-8")
same("charset/late", form("?late=utf-8", b"a=b"), "late=utf-8;a=b;-3 -")
same("charset/unknown", form("?cs=koi8-r", b"a=b"), "cs=koi8-r;a=b;-6 -")
same("charset/unknown-of-the-type", form("", b"a=%41", FORM + ";charset=koi8-r"), "a=A;0 koi8-r")
got = server.get("/reads/form", "POST", [FORM], b"a=" + b"x" * (2 << 20))
check("form-larger-than-maxPostSize", got.status == 413 and "maxPostSize" in got.text, got)
got = server.get("/reads/form", "POST", [FORM], b"a=" + b"x" * ((2 << 20) - 2))
check("form-of-maxPostSize", got.status == 200, got)
got = server.get("/reads/form", "POST", [FORM], b"a&" * 1001)
check("form-of-too-many", got.status == 400 and "maxParameterCount" in got.text, got)
got = server.get("/reads/form?" + "&".join("q" * 500), "POST", [FORM], b"a&" * 500)
check("form-and-query-of-maxParameterCount", got.status == 200, got)
got = server.get("/reads/form?" + "&".join("q" * 500), "POST", [FORM], b"a&" * 501)
check("form-and-query-of-too-many", got.status == 400 and "maxParameterCount" in got.text, got)

# ---- lines ----
def lines(body, query="", path="/reads/lines"):
    return server.get(path + query, "POST", ["Content-Type: text/plain"], body).text


same("lines", lines(b"one\ntwo\r\n\nlast"), "[one\n][two\r\n][\n][last]0 0 -6")
same("lines/longer-than-the-buffer", lines(b"0123456789abcdef" b"ghi\n" b"0123456789abcde\n"),
     "[0123456789abcdef][ghi\n][0123456789abcde\n]0 0 -6")
same("lines/none", lines(b""), "0 0 -6")
same("lines/mixed-with-read", lines(b"1\n2\n3\nabcdefghij\nk\n", "?mixed=1"), "[1\n][2\n][3\n]+abcdefg[hij\n][k\n]0 0 -6")
text = b"".join(b"%d\n" % i for i in range(100000)) + b"end"
same("lines/many-from-a-file", lines(text, path="/reads/count-lines"), "100001 %d" % len(text))
same("lines/streamed", lines(text, path="/reads/stream-lines"), "100001 %d" % len(text))

# ---- trailers ----
HEAD = "POST /reads/%s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
BODY = b"5\r\nhello\r\n0\r\nX-Sum:  first \r\nX-Not: this\r\nHost: evil\r\nContent-Type: a/b\r\nX-OTHER: o\r\nx-sum: second\r\n\r\n"


def trailers(path, cuts=(), body=BODY):
    data = (HEAD % path).encode() + body
    with Client(server.port) as client:
        at = 0
        for cut in [*cuts, len(data)]:
            client.socket.sendall(data[at:cut])
            at = cut
        return client.take_answer().text


COLLECTED = "0 0 0 0 first X-Sum:first X-OTHER:o x-sum:second -8 -"
STREAMED = "-3 -3 0 0 first X-Sum:first X-OTHER:o x-sum:second -8 -"
same("trailers", trailers("trailers"), COLLECTED)
same("trailers/streamed", trailers("stream-trailers"), STREAMED)
start = len(HEAD % "trailers")
wrong = [cut for cut in range(start, start + len(BODY)) if trailers("trailers", [cut]) != COLLECTED]
same("trailers/split-anywhere", wrong, [])
start = len(HEAD % "stream-trailers")
wrong = [cut for cut in range(start, start + len(BODY), 3) if trailers("stream-trailers", [cut]) != STREAMED]
same("trailers/streamed-split", wrong, [])
same("trailers/none", trailers("trailers", body=b"0\r\n\r\n"), "-8 -8 0 -8 - -8 -")
same("trailers/of-a-sized-body", server.get("/reads/trailers", "POST", body=b"x").text, "-8 -8 0 -8 - -8 -")
same("trailers/without-body", server.get("/reads/trailers").text, "-8 -8 0 -8 - -8 -")
with Client(server.port) as client: # those of one request are not the next one's
    client.socket.sendall((HEAD % "trailers").encode() + BODY)
    client.take_answer()
    same("trailers/of-the-next-request", client.ask("/reads/trailers").text, "-8 -8 0 -8 - -8 -")
end()
