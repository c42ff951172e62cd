#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Static files as the real server sends them: RFC 9110 sections 13 (conditions) and 14 (ranges) as tables
against the default servlet, once for a file that it holds in memory and once for one that it does not; what
answers say of files; folders; changes that are live at once. Without a server: tests/unit/modules_default.
What must never be sent is in escapes.py, PUT and DELETE in files_write.py."""
import os
import time
from email.utils import formatdate, parsedate_to_datetime
from served import Server, check, end, same, write

SMALL = b"0123456789" * 100
LARGE = bytes(range(256)) * 1000
OLD = 1577934245.123456789 # of 2020: no clock's tick is near

STRONG = """<web-app>
  <servlet><servlet-name>default</servlet-name><servlet-class>default</servlet-class>
    <init-param><param-name>useStrongETags</param-name><param-value>true</param-value></init-param>
    <init-param><param-name>listings</param-name><param-value>true</param-value></init-param>
    <init-param><param-name>sortListings</param-name><param-value>true</param-value></init-param>
    <init-param><param-name>fileEncoding</param-name><param-value>ISO-8859-1</param-value></init-param>
    <init-param><param-name>allowPostAsGet</param-name><param-value>false</param-value></init-param>
    <init-param><param-name>directoryRedirectStatusCode</param-name><param-value>308</param-value></init-param>
  </servlet>
  <mime-mapping><extension>ODD</extension><mime-type>application/x-odd</mime-type></mime-mapping>
  <mime-mapping><extension>png</extension><mime-type>image/x-own</mime-type></mime-mapping>
  <welcome-file-list><welcome-file>start.html</welcome-file></welcome-file-list>
</web-app>
"""

server = Server()


def put(path, content, when=OLD):
    file = write(server.webapp(path), content)
    if when is not None:
        os.utime(file, (when, when))
    return file


for app in ("weak", "strong"):
    put(app + "/small.txt", SMALL)
    put(app + "/large.bin", LARGE)
    put(app + "/empty.txt", b"")
write(server.webapp("strong/WEB-INF/web.xml"), STRONG)
server.start()
while time.time() < os.stat(server.webapp("strong/empty.txt")).st_ctime + 0.1:
    time.sleep(0.01) # a file that may still change within its clock's tick has no strong tag
DATE = formatdate(int(OLD), usegmt=True)
EARLIER, LATER = formatdate(OLD - 86400, usegmt=True), formatdate(OLD + 86400, usegmt=True)

# ---- section 13: {same} is the file's tag, {weak} its weak form, {date} its date ----
# name, fields, status of GET with the strong tag, of GET with the weak one
CONDITIONS = [
    ("none", [], 200, 200),
    ("if-match", ["If-Match: {same}"], 200, 412),
    ("if-match-weak-never", ["If-Match: {weak}"], 412, 412),
    ("if-match-other", ['If-Match: "other"'], 412, 412),
    ("if-match-list", ['If-Match: "other", {same}'], 200, 412),
    ("if-match-two-fields", ['If-Match: "other"', "If-Match: {same}"], 200, 412),
    ("if-match-any", ["If-Match: *"], 200, 200),
    ("if-match-malformed", ["If-Match: other"], 412, 412),
    ("if-none-match", ["If-None-Match: {same}"], 304, 304),
    ("if-none-match-weak", ["If-None-Match: {weak}"], 304, 304),
    ("if-none-match-other", ['If-None-Match: "other"'], 200, 200),
    ("if-none-match-list", ['If-None-Match: "a", W/"b" , {same}'], 304, 304),
    ("if-none-match-two-fields", ['If-None-Match: "a"', "If-None-Match: {same}"], 304, 304),
    ("if-none-match-any", ["If-None-Match: *"], 304, 304),
    ("if-modified-since-same", ["If-Modified-Since: {date}"], 304, 304),
    ("if-modified-since-later", ["If-Modified-Since: " + LATER], 304, 304),
    ("if-modified-since-earlier", ["If-Modified-Since: " + EARLIER], 200, 200),
    ("if-modified-since-malformed", ["If-Modified-Since: yesterday"], 200, 200),
    ("if-modified-since-twice", ["If-Modified-Since: {date}", "If-Modified-Since: {date}"], 200, 200),
    ("if-modified-since-other-form", ["If-Modified-Since: Thu Jan  2 03:04:05 2020"], 304, 304),
    ("if-unmodified-since-same", ["If-Unmodified-Since: {date}"], 200, 200),
    ("if-unmodified-since-later", ["If-Unmodified-Since: " + LATER], 200, 200),
    ("if-unmodified-since-earlier", ["If-Unmodified-Since: " + EARLIER], 412, 412),
    ("if-unmodified-since-malformed", ["If-Unmodified-Since: never"], 200, 200),
    ("order-match-before-unmodified", ["If-Match: *", "If-Unmodified-Since: " + EARLIER], 200, 200),
    ("order-none-match-before-modified", ['If-None-Match: "other"', "If-Modified-Since: {date}"], 200, 200),
    ("order-none-match-before-modified-2", ["If-None-Match: {same}", "If-Modified-Since: " + EARLIER], 304, 304),
    ("order-match-first", ['If-Match: "other"', "If-None-Match: {same}"], 412, 412),
    ("order-unmodified-first", ["If-Unmodified-Since: " + EARLIER, "If-None-Match: {same}"], 412, 412),
    ("order-condition-before-range", ["If-None-Match: {same}", "Range: bytes=0-1"], 304, 304),
    ("order-condition-before-bad-range", ['If-Match: "other"', "Range: bytes=9999999-"], 412, 412),
]
for file, content in (("small.txt", SMALL), ("large.bin", LARGE)):
    for app, column in (("strong", 2), ("weak", 3)):
        first = server.get("/%s/%s" % (app, file))
        tag = first.fields.get("etag", "")
        check("tag/%s/%s" % (app, file), tag.startswith('"' if app == "strong" else 'W/"'), first.fields)
        same("date/%s/%s" % (app, file), first.fields.get("last-modified"), DATE)
        weak = tag if tag.startswith("W/") else "W/" + tag
        for row in CONDITIONS:
            fields = [f.format(same=tag, weak=weak, date=DATE) for f in row[1]]
            for method in ("GET", "HEAD"):
                got = server.get("/%s/%s" % (app, file), method, fields)
                body = {200: content, 304: b""}.get(got.status, got.body) if method == "GET" else b""
                good = got.status == row[column] and got.complete and got.body == body
                if got.status == 304:
                    good = good and got.fields.get("etag") == tag and "content-type" not in got.fields \
                        and "content-length" not in got.fields
                check("13/%s/%s/%s/%s" % (app, file, row[0], method), good, got)

# Conditions count only where the answer would be 2xx (13.2.1).
for fields in (["If-None-Match: *"], ["If-Match: *"], ["If-Unmodified-Since: " + EARLIER]):
    same("13/not-there/" + fields[0][:10], server.get("/weak/none", "GET", fields).status, 404)


# ---- section 14 ----
def parts_of(got):
    """[(Content-Range, bytes)] of multipart/byteranges, None when it is malformed."""
    kind, _, boundary = got.fields.get("content-type", "").partition("; boundary=")
    if kind != "multipart/byteranges" or not boundary:
        return None
    pieces = got.body.split(b"\r\n--" + boundary.encode())
    if pieces[0] or pieces[-1] != b"--\r\n":
        return None
    parts = []
    for piece in pieces[1:-1]:
        head, _, body = piece.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().strip().split("\r\n"))
        parts.append((fields.get("Content-Range"), body, fields.get("Content-Type")))
    return parts


def range_is_right(got, content, want):
    """WANT: a status, or the list of (first, last) that 206 holds."""
    size = len(content)
    if want == 200:
        return got.status == 200 and got.body == content and "content-range" not in got.fields
    if want == 416:
        return got.status == 416 and got.fields.get("content-range") == "bytes */%d" % size
    whole = [("bytes %d-%d/%d" % (a, b, size), content[a:b + 1]) for a, b in want]
    if got.status != 206:
        return False
    if len(want) == 1:
        return [(got.fields.get("content-range"), got.body)] == whole
    parts = parts_of(got)
    return parts is not None and "content-range" not in got.fields and [p[:2] for p in parts] == whole


def ranges(n): # of a file of N bytes: name, fields, what GET answers
    one = [(0, 0)]
    return [
        ("first", ["Range: bytes=0-0"], one),
        ("some", ["Range: bytes=10-99"], [(10, 99)]),
        ("open", ["Range: bytes=%d-" % (n - 3)], [(n - 3, n - 1)]),
        ("all", ["Range: bytes=0-"], [(0, n - 1)]),
        ("suffix", ["Range: bytes=-3"], [(n - 3, n - 1)]),
        ("suffix-longer", ["Range: bytes=-%d" % (n * 2)], [(0, n - 1)]),
        ("end-cut", ["Range: bytes=%d-%d" % (n - 1, n * 2)], [(n - 1, n - 1)]),
        ("behind", ["Range: bytes=%d-" % n], 416),
        ("suffix-of-nothing", ["Range: bytes=-0"], 416),
        ("malformed", ["Range: bytes=2-1"], 416),
        ("malformed-2", ["Range: bytes=x"], 416),
        ("other-unit", ["Range: lines=0-1"], 200),
        ("two-fields", ["Range: bytes=0-1", "Range: bytes=2-3"], 200),
        ("huge-numbers", ["Range: bytes=0-999999999999999999999999"], [(0, n - 1)]),
        ("several", ["Range: bytes=0-0,-1"], [(0, 0), (n - 1, n - 1)]),
        ("several-in-order", ["Range: bytes=500-509,5-9,100-199"], [(500, 509), (5, 9), (100, 199)]),
        ("several-some-behind", ["Range: bytes=0-1,%d-,5-6" % n], [(0, 1), (5, 6)]),
        ("several-one-left", ["Range: bytes=%d-,5-6" % n], [(5, 6)]),
        ("overlapping", ["Range: bytes=0-9,5-19,300-301"], [(0, 19), (300, 301)]),
        ("overlapping-flood", ["Range: bytes=" + ",".join(["0-"] * 30)], [(0, n - 1)]),
        ("flood", ["Range: bytes=" + ",".join("%d-%d" % (i * 3, i * 3) for i in range(200))], 200),
        ("if-range", ["Range: bytes=0-0", "If-Range: {same}"], {"strong": one, "weak": 200}),
        ("if-range-weak", ["Range: bytes=0-0", "If-Range: {weak}"], 200),
        ("if-range-other", ["Range: bytes=0-0", 'If-Range: "other"'], 200),
        ("if-range-other-bad-range", ["Range: bytes=%d-" % n, 'If-Range: "other"'], 200),
        ("if-range-date", ["Range: bytes=0-0", "If-Range: {date}"], one),
        ("if-range-date-earlier", ["Range: bytes=0-0", "If-Range: " + EARLIER], 200),
        ("if-range-date-later", ["Range: bytes=0-0", "If-Range: " + LATER], 200),
        ("if-range-malformed", ["Range: bytes=0-0", "If-Range: perhaps"], 200),
        ("if-range-twice", ["Range: bytes=0-0", "If-Range: {same}", "If-Range: {same}"], 200),
        ("if-range-alone", ["If-Range: {same}"], 200),
        ("if-match-and-range", ["Range: bytes=0-0", "If-Match: *"], one),
    ]


for file, content in (("small.txt", SMALL), ("large.bin", LARGE)):
    for app in ("strong", "weak"):
        url = "/%s/%s" % (app, file)
        first = server.get(url)
        tag = first.fields.get("etag", "")
        weak = tag if tag.startswith("W/") else "W/" + tag
        for name, fields, want in ranges(len(content)):
            fields = [f.format(same=tag, weak=weak, date=DATE) for f in fields]
            want = want[app] if isinstance(want, dict) else want
            got = server.get(url, "GET", fields)
            good = got.complete and range_is_right(got, content, want)
            if got.status == 206:
                good = good and got.fields.get("etag") == tag and got.fields.get("last-modified") == DATE
            check("14/%s/%s/%s" % (app, file, name), good, got)
            got = server.get(url, "HEAD", fields) # 14.2: ranges are of GET
            check("14/%s/%s/%s/HEAD" % (app, file, name), got.status == 200 and
                  got.fields.get("content-length") == str(len(content)), got)
got = server.get("/weak/small.txt", "GET", ["Range: bytes=0-1,5-6"])
check("14/part-type", [p[2] for p in parts_of(got) or []] == ["text/plain;charset=UTF-8"] * 2, got)
for fields, status in (([], 200), (["Range: bytes=0-"], 416), (["Range: bytes=-5"], 200)):
    got = server.get("/weak/empty.txt", "GET", fields)
    check("14/empty/%s" % "".join(fields)[13:], got.status == status and got.complete, got)

# ---- what an answer says ----
got = server.get("/weak/small.txt")
check("accept-ranges", got.fields.get("accept-ranges") == "bytes", got.fields)
for name, kind in [("a.html", "text/html;charset=UTF-8"), ("a.HTM", "text/html;charset=UTF-8"),
                   ("a.css", "text/css;charset=UTF-8"), ("a.js", "text/javascript;charset=UTF-8"),
                   ("a.xml", "application/xml;charset=UTF-8"), ("a.svg", "image/svg+xml;charset=UTF-8"),
                   ("a.json", "application/json"), ("a.png", "image/png"), ("a.tar.gz", "application/gzip"),
                   ("a.woff2", "font/woff2"), ("a.unheard-of", None), ("a", None)]:
    put("weak/types/" + name, b"x")
    same("type/" + name, server.get("/weak/types/" + name).fields.get("content-type"), kind)
for name, kind in [("a.odd", "application/x-odd"), ("a.PNG", "image/x-own"), ("a.jpg", "image/jpeg"),
                   ("a.txt", "text/plain;charset=ISO-8859-1")]:
    put("strong/" + name, b"x")
    same("type-by-web.xml/" + name, server.get("/strong/" + name).fields.get("content-type"), kind)
future = time.time() + 86400
put("weak/future.txt", b"x", future)
got = server.get("/weak/future.txt")
check("date-never-in-the-future", parsedate_to_datetime(got.fields["last-modified"]).timestamp() <= time.time(),
      got.fields)

# ---- methods ----
for app, allow in (("weak", "OPTIONS, GET, HEAD, POST"), ("strong", "OPTIONS, GET, HEAD")):
    got = server.get("/%s/small.txt" % app, "OPTIONS")
    check("options/" + app, got.status == 200 and got.fields.get("allow") == allow and not got.body, got)
    for method in ("PUT", "DELETE", "PATCH", "PROPFIND", "LOCK"):
        got = server.get("/%s/small.txt" % app, method, [], b"x" if method == "PUT" else b"")
        check("405/%s/%s" % (app, method), got.status == 405 and got.fields.get("allow") == allow, got)
    same("405/%s/TRACE" % app, server.get("/%s/small.txt" % app, "TRACE").status, 405)
got = server.get("/weak/small.txt", "POST", [], b"a=b")
check("post-as-get", got.status == 200 and got.body == SMALL, got)
got = server.get("/weak/small.txt", "POST", ["If-None-Match: *"], b"a=b")
same("post-is-no-get-for-conditions", got.status, 412)
same("post-refused", server.get("/strong/small.txt", "POST", [], b"a=b").status, 405)
check("nothing-was-changed", open(server.webapp("weak/small.txt"), "rb").read() == SMALL)

# ---- folders ----
put("weak/dir/index.htm", b"second")
put("strong/dir/start.html", b"start")
put("weak/bare/x", b"x")
for name, path, status, location in [
        ("redirect", "/weak/dir", 302, "/weak/dir/"),
        ("redirect-query", "/weak/dir?a=%20&b", 302, "/weak/dir/?a=%20&b"),
        ("redirect-code", "/strong/dir", 308, "/strong/dir/"),
        ("redirect-drops-parameters", "/weak/dir;v=1", 302, "/weak/dir/"),
        ("redirect-stays-here", "//weak//dir", 302, "/weak/dir/"),
        ("no-listing", "/weak/bare/", 404, None),
        ("file-with-slash", "/weak/small.txt/", 404, None),
        ("missing", "/weak/none", 404, None),
        ("below-a-file", "/weak/small.txt/x", 404, None)]:
    got = server.get(path)
    check("folder/" + name, got.status == status and got.fields.get("location") == location, got)
odd = 'a b%;?#"<&\u00e4'
put("weak/%s/x" % odd, b"odd")
got = server.get("/weak/a%20b%25%3B%3F%23%22%3C%26%C3%A4")
check("folder/redirect-encoded", got.fields.get("location") == "/weak/a%20b%25%3B%3F%23%22%3C%26%C3%A4/", got)
same("folder/encoded", server.get(got.fields["location"] + "x").body, b"odd")
same("welcome", server.get("/weak/dir/").body, b"second")
put("weak/dir/index.html", b"first")
same("welcome-order-live", server.get("/weak/dir/").body, b"first")
same("welcome-of-web.xml", server.get("/strong/dir/").body, b"start")

# ---- the listing ----
for name in ("b.txt", "A.txt", "c d&<i>.txt", "javascript:alert(1)", "WEB-INF/x", ".cserv-put-1", "sub/x"):
    put("strong/list/" + name, b"y" * 2048)
os.mkfifo(server.webapp("strong/list/fifo"))
os.symlink("/etc/passwd", server.webapp("strong/list/outside"))
os.symlink("b.txt", server.webapp("strong/list/inside"))
got = server.get("/strong/list/")
text = got.text
check("listing", got.status == 200 and got.fields.get("content-type") == "text/html;charset=UTF-8" and
      "default-src 'none'" in got.fields.get("content-security-policy", ""), got)
check("listing-escaped", "c d&amp;&lt;i&gt;.txt" in text and "./c%20d%26%3Ci%3E.txt" in text and
      "<i>" not in text and 'href="./javascript%3Aalert' in text, text)
check("listing-sorted", text.index(">A.txt") < text.index(">b.txt") < text.index(">sub/"), text)
check("listing-shows-what-is-served", ">inside" in text and "WEB-INF" not in text and "fifo" not in text and
      "outside" not in text and "cserv-put" not in text, text)
text = server.get("/strong/list/?C=N;O=D").text
check("listing-other-order", text.index(">b.txt") < text.index(">A.txt"), text)
got = server.get("/strong/list/", "HEAD")
check("listing-head", got.status == 200 and got.complete, got)

# ---- changes are live at once: no wait between change and request ----
file = server.webapp("weak/live.txt")
for i in range(300):
    content = b"%03d" % i if i % 3 else b"%03d and more" % i
    write(file, content)
    got = server.get("/weak/live.txt")
    if not (got.status == 200 and got.body == content):
        break
check("live/300-changes", i == 299 and got.body == content, (i, got))
tags = set()
for i in range(20): # same size, put in place by rename
    write(file + ".new", b"%03d" % i)
    os.rename(file + ".new", file)
    got = server.get("/weak/live.txt")
    tags.add(got.fields.get("etag"))
    if got.body != b"%03d" % i:
        break
check("live/renamed-over", got.body == b"019" and len(tags) > 15, (got, tags))


def remembered(path, name):
    """Asks for a file until it is held in memory: that is when it was left alone for longer than a tick."""
    while time.time() < os.stat(server.webapp(name)).st_ctime + 0.1:
        server.get(path)
    return [server.get(path).text for _ in range(2)]


for i in range(3): # one that is in memory: the same size and time, the same inode
    put("weak/kept.txt", b"%03d" % i)
    same("live/in-memory-%d" % i, remembered("/weak/kept.txt", "weak/kept.txt"), ["%03d" % i] * 2)
put("weak/kept.txt", b"xyz")
same("live/in-memory-changed", server.get("/weak/kept.txt").text, "xyz")
write(server.webapp("weak/deep/er/x.txt"), b"inside")
same("live/in-memory-deep", remembered("/weak/deep/er/x.txt", "weak/deep/er/x.txt"), ["inside"] * 2)
os.rename(server.webapp("weak/deep/er"), os.path.join(server.base, "er")) # the same file, now outside
os.symlink(os.path.join(server.base, "er"), server.webapp("weak/deep/er"))
same("live/in-memory-folder-became-a-link", server.get("/weak/deep/er/x.txt").status, 404)
os.unlink(file)
same("live/removed", server.get("/weak/live.txt").status, 404)
os.mkdir(file)
same("live/became-a-folder", server.get("/weak/live.txt").status, 302)
server.get("/weak/bare/x")
os.rename(server.webapp("weak/bare"), server.webapp("weak/moved"))
same("live/folder-moved", server.get("/weak/bare/x").status, 404)
same("live/folder-moved-to", server.get("/weak/moved/x").body, b"x")
os.rename(server.webapp("weak"), server.webapp("../weak.old"))
put("weak/small.txt", b"another folder")
same("live/the-webapp's-folder-replaced", server.get("/weak/small.txt").body, b"another folder")
same("live/the-webapp's-folder-replaced-2", server.get("/weak/large.bin").status, 404)

server.stop()
check("log-is-quiet", " ERROR " not in server.log(), server.log()[-800:])
end()
