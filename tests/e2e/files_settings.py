#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""The init parameters of the default servlet, each with another value than its default: precompressed files
and what clients accept, PUT and DELETE, sendfile and memory off, no ranges. Malformed values fail the webapp
by name."""
import os
import threading
from served import Client, Server, check, end, same, write

XML = """<web-app>
  <servlet><servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>%s</servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern>
    <url-pattern>/also/*</url-pattern></servlet-mapping>
</web-app>"""
PARAM = "<init-param><param-name>%s</param-name><param-value>%s</param-value></init-param>"
OLD = 1577934245
LARGE = bytes(range(256)) * 1000

server = Server()


def site(name, **params):
    text = XML % "".join(PARAM % row for row in params.items())
    write(server.webapp(name + "/WEB-INF/web.xml"), text)


def put(path, content, when=OLD):
    file = write(server.webapp(path), content)
    os.utime(file, (when, when))


site("coded", precompressed="true")
site("listed", precompressed="gzip=.gzip,br=.br")
site("open", readonly="false", useStrongETags="true")
site("whole", readonly="false", allowPartialPut="false")
site("plain", sendfileSize="-1", cacheMaxSize="0", useAcceptRanges="false", fileEncoding="", debug="11",
     input="2048", output="2048", no_such="x")
for bad in ("listings=perhaps", "sendfileSize=many", "cacheMaxSize=-1", "directoryRedirectStatusCode=200",
            "precompressed=br", "precompressed=br=br", "fileEncoding=a b", "readonly="):
    name, _, value = bad.partition("=")
    site("bad-" + bad.replace("=", "-").replace(" ", "-"), **{name: value})
for extension in ("", ".br", ".zst", ".gz", ".gzip"):
    put("coded/a.js" + extension, "of a.js" + extension)
    put("listed/a.js" + extension, "of a.js" + extension)
put("coded/only.css", "of only.css")
put("coded/only.css.gz", "of only.css.gz")
put("coded/stale.css", "of stale.css", OLD + 10)
put("coded/stale.css.gz", "of stale.css.gz")
put("coded/none.css", "of none.css")
put("coded/large.txt", b"x" * 200000)
put("coded/large.txt.gz", LARGE)
put("plain/large.bin", LARGE)
put("plain/a.txt", "a")
server.start()

# ---- precompressed ----
# path, Accept-Encoding, status, what is sent, Vary
for path, accept, status, text, varies in [
        ("/coded/a.js", None, 200, "of a.js", True),
        ("/coded/a.js", "gzip", 200, "of a.js.gz", True),
        ("/coded/a.js", "gzip, deflate, br, zstd", 200, "of a.js.br", True),
        ("/coded/a.js", "zstd, gzip", 200, "of a.js.zst", True),
        ("/coded/a.js", "br;q=0.1, gzip;q=0.2", 200, "of a.js.gz", True),
        ("/coded/a.js", "br;q=0, *", 200, "of a.js.zst", True),
        ("/coded/a.js", "identity", 200, "of a.js", True),
        ("/coded/a.js", "", 200, "of a.js", True),
        ("/coded/a.js", "compress", 200, "of a.js", True),
        ("/coded/a.js", "*;q=0", 406, None, False),
        ("/coded/a.js", "identity;q=0, gzip", 200, "of a.js.gz", True),
        ("/coded/only.css", "br", 200, "of only.css", True),
        ("/coded/only.css", "br, gzip;q=0.5", 200, "of only.css.gz", True),
        ("/coded/only.css", "identity;q=0, br", 406, None, False),
        ("/coded/stale.css", "gzip", 200, "of stale.css", False),
        ("/coded/none.css", "gzip", 200, "of none.css", False),
        ("/coded/none.css", "identity;q=0", 406, None, False),
        ("/coded/a.js.br", "gzip", 200, "of a.js.br", False),
        ("/listed/a.js", "gzip", 200, "of a.js.gzip", True),
        ("/listed/a.js", "gzip, br", 200, "of a.js.gzip", True),
        ("/listed/a.js", "zstd", 200, "of a.js", True),
        ("/plain/a.txt", "identity;q=0", 200, "a", False)]:
    fields = [] if accept is None else ["Accept-Encoding: " + accept]
    for _ in range(2): # the second time from memory
        got = server.get(path, "GET", fields)
        coding = {".br": "br", ".zst": "zstd", ".gz": "gzip", ".gzip": "gzip"}.get(
            (text or "")[len("of " + os.path.basename(path)):])
        good = got.status == status and (text is None or got.text == text) and \
            ("accept-encoding" in got.fields.get("vary", "").lower()) == varies
        if status == 200:
            good = good and got.fields.get("content-encoding") == coding
        check("coded%s/%s" % (path, accept), good, (got, got.fields))
two = [server.get("/coded/a.js", "GET", ["Accept-Encoding: br", "Accept-Encoding: gzip"])]
same("coded/two-fields", two[0].text, "of a.js.br")
kinds = {accept: server.get("/coded/a.js", "GET", ["Accept-Encoding: " + accept]).fields
         for accept in ("br", "gzip", "zstd", "identity")}
same("coded/tags-differ", len({f["etag"] for f in kinds.values()}), 4)
same("coded/type-is-the-file's", {f["content-type"] for f in kinds.values()}, {"text/javascript;charset=UTF-8"})
got = server.get("/coded/a.js", "GET", ["Accept-Encoding: gzip", "If-None-Match: " + kinds["gzip"]["etag"]])
check("coded/304", got.status == 304 and got.fields.get("vary") == "Accept-Encoding", got)
same("coded/other-tag-is-no-304",
     server.get("/coded/a.js", "GET", ["Accept-Encoding: br", "If-None-Match: " + kinds["gzip"]["etag"]]).status, 200)
got = server.get("/coded/large.txt", "GET", ["Accept-Encoding: gzip", "Range: bytes=100-199"])
check("coded/range-is-of-the-coded", got.status == 206 and got.body == LARGE[100:200] and
      got.fields.get("content-range") == "bytes 100-199/%d" % len(LARGE) and
      got.fields.get("content-encoding") == "gzip", got)
os.unlink(server.webapp("coded/a.js.br"))
same("coded/live", server.get("/coded/a.js", "GET", ["Accept-Encoding: br, gzip"]).text, "of a.js.gz")

# ---- mapped to a prefix, it serves the same paths as elsewhere ----
put("plain/also/b.txt", "b")
same("prefix", server.get("/plain/also/b.txt").text, "b")

# ---- sendfile, memory and ranges off ----
got = server.get("/plain/large.bin", "GET", ["Range: bytes=0-1"])
check("plain", got.status == 200 and got.body == LARGE and "accept-ranges" not in got.fields, got.fields)
same("no-charset", server.get("/plain/a.txt").fields.get("content-type"), "text/plain")

# ---- PUT and DELETE ----
folder = server.webapp("open")
for kind, path, method, fields, body, status in [
        ("put-new", "/open/a.txt", "PUT", [], b"one", 201),
        ("put-over", "/open/a.txt", "PUT", [], b"second", 204),
        ("put-empty", "/open/empty.txt", "PUT", ["Content-Length: 0"], b"", 201),
        ("put-large", "/open/large.bin", "PUT", [], LARGE, 201),
        ("put-if-none-match", "/open/a.txt", "PUT", ["If-None-Match: *"], b"x", 412),
        ("put-if-none-match-new", "/open/b.txt", "PUT", ["If-None-Match: *"], b"b", 201),
        ("put-if-match-missing", "/open/c.txt", "PUT", ["If-Match: *"], b"x", 412),
        ("put-if-match-any", "/open/b.txt", "PUT", ["If-Match: *"], b"bb", 204),
        ("put-if-match-other", "/open/b.txt", "PUT", ['If-Match: "other"'], b"x", 412),
        ("put-if-unmodified", "/open/b.txt", "PUT", ["If-Unmodified-Since: Thu, 02 Jan 2020 03:04:05 GMT"], b"x", 412),
        ("put-no-folder", "/open/none/a.txt", "PUT", [], b"x", 409),
        ("put-below-a-file", "/open/a.txt/b", "PUT", [], b"x", 409),
        ("put-folder", "/open/dir/", "PUT", [], b"x", 409),
        ("put-root", "/open/", "PUT", [], b"x", 409),
        ("put-hidden", "/open/WEB-INF/web.xml", "PUT", [], b"x", 404),
        ("put-hidden-new", "/open/WEB-INF/classes", "PUT", [], b"x", 404),
        ("put-jsp", "/open/x.jsp", "PUT", [], b"x", 501),
        ("put-temporary", "/open/.cserv-put-1", "PUT", [], b"x", 409),
        ("put-above", "/open/../outside", "PUT", [], b"x", (400, 404)),
        ("put-part", "/open/a.txt", "PUT", ["Content-Range: bytes 1-2/6"], b"EC", 204),
        ("put-part-longer", "/open/a.txt", "PUT", ["Content-Range: bytes 6-8/9"], b"!!!", 204),
        ("put-part-new", "/open/part.txt", "PUT", ["Content-Range: bytes 0-2/3"], b"abc", 201),
        ("put-part-hole", "/open/a.txt", "PUT", ["Content-Range: bytes 100-101/102"], b"xx", 409),
        ("put-part-other-length", "/open/a.txt", "PUT", ["Content-Range: bytes 0-5/9"], b"xx", 400),
        ("put-part-malformed", "/open/a.txt", "PUT", ["Content-Range: lines 0-1/9"], b"xx", 400),
        ("put-part-unknown-length", "/open/a.txt", "PUT", ["Content-Range: bytes 0-1/*"], b"xx", 400),
        ("put-part-off", "/whole/a.txt", "PUT", ["Content-Range: bytes 0-1/2"], b"xx", 400),
        ("put-whole", "/whole/a.txt", "PUT", [], b"xx", 201),
        ("delete-conditional", "/open/b.txt", "DELETE", ['If-Match: "other"'], b"", 412),
        ("delete", "/open/b.txt", "DELETE", [], b"", 204),
        ("delete-again", "/open/b.txt", "DELETE", [], b"", 404),
        ("delete-hidden", "/open/WEB-INF/web.xml", "DELETE", [], b"", 404),
        ("delete-root", "/open/", "DELETE", [], b"", 409)]:
    got = server.get(path, method, fields, body)
    good = got.status in (status if isinstance(status, tuple) else (status,)) and got.complete
    check("write/" + kind, good, got)
    if good and got.status in (201, 204) and method == "PUT" and "part" not in kind:
        same("write/%s/served" % kind, server.get(path).body, body)
same("write/parts", server.get("/open/a.txt").body, b"sECond!!!")
same("write/part-new", server.get("/open/part.txt").body, b"abc")
got = server.get("/open/a.txt", "OPTIONS")
same("write/allow", got.fields.get("allow"), "OPTIONS, GET, HEAD, POST, PUT, DELETE")
same("write/mode", os.stat(folder + "/a.txt").st_mode & 0o777, 0o640)
same("write/hidden-untouched", "org.apache" in open(folder + "/WEB-INF/web.xml", encoding="ascii").read(), True)
same("write/nothing-left", [n for n in os.listdir(folder) if "cserv" in n], [])
os.makedirs(folder + "/full/sub")
os.makedirs(folder + "/bare")
write(folder + "/index.html", "welcome")
same("write/delete-full-folder", server.get("/open/full", "DELETE").status, 409)
same("write/delete-empty-folder", server.get("/open/bare", "DELETE").status, 204)
same("write/welcome-is-not-the-folder", server.get("/open/", "DELETE").status, 409)
same("write/welcome-is-there", os.path.exists(folder + "/index.html"), True)
outside = os.path.join(server.base, "outside")
write(outside + "/kept.txt", "kept")
os.symlink(outside, folder + "/link")
os.symlink(outside + "/kept.txt", folder + "/link.txt")
same("write/through-a-link", server.get("/open/link/new.txt", "PUT", [], b"x").status, 409)
same("write/delete-through-a-link", server.get("/open/link/kept.txt", "DELETE").status, 404)
same("write/link-is-replaced", server.get("/open/link.txt", "PUT", [], b"x").status, 204)
same("write/outside-untouched", (os.listdir(outside), open(outside + "/kept.txt", encoding="ascii").read()),
     (["kept.txt"], "kept"))

# Readers see the old bytes or the new ones; of two that create, one does.
torn = []


def change():
    with Client(server.port) as client:
        for i in range(200):
            client.ask("/open/torn.txt", "PUT", [], bytes([65 + i % 26]) * 30000)


def read():
    with Client(server.port) as client:
        for _ in range(400):
            got = client.ask("/open/torn.txt")
            if got.status == 200 and (len(got.body) != 30000 or len(set(got.body)) != 1):
                torn.append(got)


threads = [threading.Thread(target=t) for t in (change, read, read)]
for t in threads:
    t.start()
for t in threads:
    t.join()
check("write/never-torn", not torn and server.get("/open/torn.txt").status == 200, torn[:1])
results = []
threads = [threading.Thread(target=lambda: results.append(
    server.get("/open/first.txt", "PUT", ["If-None-Match: *"], b"x" * 9000).status)) for _ in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
same("write/one-creates", sorted(results), [201] + [412] * 7)

# ---- malformed values ----
rows = server.webapps()
for name, line in rows.items():
    if name.startswith("bad-"):
        check("refused/" + name, ":running:" in line and server.get("/%s/" % name).status == 503, line)
log = server.log()
check("refused/are-told", "init-param listings has the value 'perhaps'; expected true or false" in log, log[-800:])
server.stop()
end()
