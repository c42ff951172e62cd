#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""multipart/form-data (RFC 7578): what parts a servlet gets, from memory and from disk; parameters beside
them; each limit and its answer; hostile bodies; a disk that is full. A row is one request, and one that asks
what the calls returned."""
import os
import resource
import shutil
from urllib.parse import quote
from served import HERE, Client, Server, becomes, check, compile_module, end, read, same, write

server = Server()
SOURCE = read(os.path.join(HERE, "modules", "request_parts.c"))
compile_module(server.webapp("parts.so"), SOURCE)
compile_module(server.webapp("xml/WEB-INF/lib/parts.so"), SOURCE)
WEB_XML = """<web-app><servlet><servlet-name>%s</servlet-name><servlet-class>%s</servlet-class>
<multipart-config><location>%s</location><max-file-size>%d</max-file-size><max-request-size>%d</max-request-size>
<file-size-threshold>%d</file-size-threshold></multipart-config></servlet>
<servlet-mapping><servlet-name>%s</servlet-name><url-pattern>/do</url-pattern></servlet-mapping>
<error-page><error-code>400</error-code><location>/sorry</location></error-page></web-app>"""
FOLDER = os.path.join(server.base, "elsewhere")
os.makedirs(FOLDER)
write(os.path.join(server.webapp("xml"), "WEB-INF", "web.xml"), WEB_XML % ("parts", "parts", FOLDER, 20000, -1, 0, "parts"))
server.configure(edit=lambda text: text.replace("<Connector ", "<Connector maxPartCount='20' maxPartHeaderSize='300' "
                                                "maxParameterCount='30' maxPostSize='50000' ", 1))
server.start()
TEMP = os.path.join(server.base, "work", "temp", "localhost", "parts")
BOUNDARY = "----B0undary"
KIND = "Content-Type: multipart/form-data; boundary=" + BOUNDARY


def part(name, content="", file=None, kind=None, more=()):
    lines = ['Content-Disposition: form-data; name="%s"' % name + ('; filename="%s"' % file if file is not None else "")]
    lines += ["Content-Type: " + kind] if kind else []
    head = "\r\n".join(lines + list(more))
    return head.encode("utf-8") + b"\r\n\r\n" + (content if isinstance(content, bytes) else content.encode())


def body(*parts, boundary=BOUNDARY):
    return b"".join(b"--" + boundary.encode() + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + boundary.encode() + b"--\r\n"


def sent(data, query="list", path="/do", kind="multipart/form-data; boundary=" + BOUNDARY, method="POST", webapp="/parts"):
    with Client(server.port) as client:
        answer = client.ask("%s%s?%s" % (webapp, path, query), method, ["Content-Type: " + kind] if kind else [], data)
        return answer, client.ask(webapp + "/told").text if not client.ended else server.get(webapp + "/told").text


def row(name, data, want, query="list", **more):
    answer, seen = sent(data, query, **more)
    check(name, answer.status == 200 and answer.complete and answer.text == seen == want, "%r %r, not %r" % (answer, seen, want))


def refused(name, data, status, words, **more):
    """The answer tells WORDS; the servlet's calls say CS_EINVAL, and there are no parts."""
    answer, seen = sent(data, **more)
    check(name, answer.status == status and words in answer.text and seen == "-6;-6", "%r %r" % (answer, seen))


def total(content):
    number = 0
    for byte in content if isinstance(content, bytes) else content.encode():
        number = (number * 31 + byte) & 0xffffffff
    return "%x" % number


def shown(name, file, kind, content):
    head = content[:8] if isinstance(content, str) else content[:8].decode("latin-1")
    return "[%s|%s|%s|%d|%s|%s]" % (name, file, kind, len(content), head, total(content))


big = bytes(range(256)) * 4000

# ---- what comes out ----
row("field", body(part("a", "one")), shown("a", "-", "-", "one") + "-8;list=;a=one;-8")
row("file", body(part("a", "one", "f.txt", "text/plain")), shown("a", "f.txt", "text/plain", "one") + "-8;list=;-8")
row("in-order", body(part("b", "1"), part("a", "2", "x"), part("b", "3"), part("a", "4")),
    shown("b", "-", "-", "1") + shown("a", "x", "-", "2") + shown("b", "-", "-", "3") + shown("a", "-", "-", "4") +
    "-8;list=;b=1;b=3;a=4;-8")
row("none", body(), "-8;list=;-8")
row("empty", body(part("a", ""), part("b", "", "")), "[a|-|-|0||0][b||-|0||0]-8;list=;a=;-8")
row("other-method", body(part("a", "one")), shown("a", "-", "-", "one") + "-8;list=;a=one;-8", method="PUT")
row("preamble-and-epilogue", b"hello\r\n" + body(part("a", "one")) + b"--" + BOUNDARY.encode() + b"\r\nmore", 
    shown("a", "-", "-", "one") + "-8;list=;a=one;-8")
row("boundary-quoted", body(part("a", "one"), boundary="b b"), shown("a", "-", "-", "one") + "-8;list=;a=one;-8",
    kind='Multipart/Form-Data; x="; boundary=y"; boundary="b b"; charset=utf-8')
row("boundary-of-70", body(part("a", "one"), boundary="x" * 70), shown("a", "-", "-", "one") + "-8;list=;a=one;-8",
    kind="multipart/form-data; boundary=" + "x" * 70)
row("file-name-as-sent", body(part("a", "x", "C:\\\\dir\\\\f \\\"q\\\".txt"), part("a", "y", "../../etc/pass wd"), part("a", "z", "\u00e9;b=c")),
    "[a|C:\\dir\\f \"q\".txt|-|1|x|78][a|../../etc/pass wd|-|1|y|79][a|\u00e9;b=c|-|1|z|7a]-8;list=;-8")
row("type-of-a-nested-multipart-is-a-type", body(part("a", b"--in\r\n\r\nx\r\n--in--", "f", "multipart/mixed; boundary=in")),
    shown("a", "f", "multipart/mixed; boundary=in", "--in\r\n\r\nx\r\n--in--") + "-8;list=;-8")
row("fields", body(part("a", "x", None, "text/plain", ["X-More: 1", "x-more:  2 "])),
    'Content-Disposition: form-data; name="a";Content-Type: text/plain;X-More: 1;x-more: 2;1;2;-;-8;-', "fields")
row("nth", body(part("a", "1"), part("b", "2"), part("a", "3", "f")), "0 1;0 3;-8 -;-8 1 -8", "nth")
row("pieces", body(part("a", "0123456789", "f")), total("0123456789") + " 0 3 234 0 0 -6 -6 0", "pieces")
row("send", body(part("a", "0123456789", "f")), "0 13 at 01234 -6", "send")
row("send/from-disk", body(part("a", "0123456789" * 5000, "f")), "0 50003 at 01234 -6", "send")
row("discard", body(part("a", "0123456789", "f")), "0 10 -8 -8 -8 0", "discard")
row("discard/from-disk", body(part("a", "0123456789" * 5000, "f")), "0 50000 -8 -8 -8 0", "discard")
row("filter-asks-first", body(part("a", "one"), part("b", "two", "f")),
    shown("a", "-", "-", "one") + shown("b", "f", "-", "two") + "-8;list=;a=one;-8", path="/filtered")
ONE = shown("a", "f", "-", "one")
row("forwarded-to", body(part("a", "one", "f"), part("b", "two")), ONE + shown("b", "-", "-", "two") + "-8;list=;q=1;b=two;-8",
    "q=1", path="/forward")
row("included", body(part("a", "one", "f"), part("b", "two")), ONE + shown("b", "-", "-", "two") + "-8;inc=1;list=;b=two;-8",
    path="/include")
row("wrapped", body(part("a", "one", "f"), part("b", "two")), ONE + shown("b", "-", "-", "two") + "-8;list=;b=two;-8", path="/wrapped")
for query in ("asked", "not-asked"):
    got = server.get("/parts/later?" + query, "POST", [KIND], body(part("a", big[1:], "f"), part("b", "two")))
    same("asynchronous/" + query, got.text, "[a|f|-|1023999|\1\2\3\4\5\6\7\b|%s]" % total(big[1:]) +
         shown("b", "-", "-", "two") + "-8;%s=;b=two;-8" % query)
got = server.get("/xml/do?list", "POST", [KIND], body(part("a", "one"))[:-4])
same("error-page-asks-in-vain", (got.status, got.text), (400, "sorry -6 -"))
got = server.get("/xml/do?list&x=%zz", "POST", [KIND], body(part("a", "one")))
same("error-page-asks-in-vain/bad-query", (got.status, got.text), (400, "sorry -6 -"))
sent(body(part("a", "0123456789" * 5000, "f")), "cleanup-before")
same("cleanup/registered-before", server.get("/parts/told").text, "cleanup -8")
sent(body(part("a", "0123456789" * 5000, "f")), "cleanup-behind")
same("cleanup/registered-behind", server.get("/parts/told").text, "cleanup 1")

# ---- parameters: the query first, then the form; both within maxParameterCount ----
row("params/query-first", body(part("a", "form")), "query", "params&a=query")
row("params/of-the-form", body(part("a", "form")), "form", "params")
row("params/latin1-by-the-part", body(part("a", b"\xe9", None, "text/plain; charset=ISO-8859-1"), part("b", "\u00e9")), 
    "\u00e9", "params")
row("params/latin1-by-the-request", body(part("a", b"\xe9")), "\u00e9", "params",
    kind="multipart/form-data; charset=iso-8859-1; boundary=" + BOUNDARY)
row("params/nul-in-a-value", body(part("a", b"x\0y")), "-", "params")
FIFTEEN = "list" + "&q" * 14
got, seen = sent(body(*[part("p%d" % i, "v") for i in range(15)]), FIFTEEN)
check("params/as-many-as-maxParameterCount", got.status == 200 and seen.endswith(";p14=v;-8"), seen)
refused("params/more-than-maxParameterCount", body(*[part("p%d" % i, "v") for i in range(16)]), 400, "maxParameterCount",
        query=FIFTEEN)
refused("params/files-count-too", body(*[part("p%d" % i, "v", "f") for i in range(16)]), 400, "maxParameterCount", query=FIFTEEN)
got, seen = sent(body(part("a", "x" * 25000), part("b", "y" * 25000)))
check("params/fields-of-maxPostSize", got.status == 200, got)
refused("params/fields-larger-than-maxPostSize", body(part("a", "x" * 25000), part("b", "y" * 25001)), 413, "maxPostSize")
got, seen = sent(body(part("a", "x" * 50000, "f"), part("b", "y" * 50000)))
check("params/files-are-not-of-maxPostSize", got.status == 200, got)

# ---- where the content is ----
row("disk", body(part("f", "0"), part("a", big, "f", "x/y"), part("b", big[1:], "g"), part("c", "end")),
    shown("f", "-", "-", "0") + ("[a|f|x/y|1024000||%s][b|g|-|1023999|\1\2\3\4\5\6\7\b|%s]" % (total(big), total(big[1:]))) +
    shown("c", "-", "-", "end") + "-8;list=;f=0;c=end;-8")
row("disk/streamed", body(part("a", big[1:], "f", "x/y"), part("b", "end")),
    "[a|f|x/y|1023999|\1\2\3\4\5\6\7\b|%s]" % total(big[1:]) + shown("b", "-", "-", "end") + "-8;list=;b=end;-8", path="/stream")
row("disk/8-KiB-are-not-worth-it", body(part("a", "x" * 8192, "f")), "", "open")
row("disk/one-file-0600-without-a-name", body(part("a", "x" * 8193, "f"), part("b", "y" * 10000, "f")), "600 18193 0;", "open")
row("disk/threshold", body(part("a", "x" * 100000, "f")), "", "open", path="/high")
row("disk/above-the-threshold", body(part("a", "x" * 100001, "f")), "600 100001 0;", "open", path="/high")
row("disk/nothing-is-left", b"", "", "open", kind=None)
same("disk/folder-is-empty", os.listdir(TEMP), [])

# ---- written to a file ----
os.makedirs(os.path.join(TEMP, "sub"))
os.symlink("/etc/passwd", os.path.join(TEMP, "link"))
target = os.path.join(server.base, "absolute")
write(target, "what was there before and is longer than the new content" * 3000)
for name, content in (("memory", b"0123456789"), ("disk", big)):
    tos = ["plain", "sub/x", target, "../up", "sub/../y", "none/x", "link", "sub", "x" * 300, "x" * 2000]
    row("write/" + name, body(part("a", content, "f")), "0 0 0 -6 -6 -8 -1 -1 -6 -6 -6 -6", "put&" + "&".join("to=" + quote(t) for t in tos))
    for place in (os.path.join(TEMP, "plain"), os.path.join(TEMP, "sub", "x"), target):
        with open(place, "rb") as file:
            check("write/%s/%s" % (name, os.path.basename(place)), file.read() == content)
    same("write/%s/mode" % name, "%o" % (os.stat(os.path.join(TEMP, "plain")).st_mode & 0o7777), "600")
    os.remove(os.path.join(TEMP, "plain"))
same("write/nothing-else", sorted(os.listdir(TEMP)), ["link", "sub"])
row("location/of-web.xml", body(part("a", "x", "f")), "0 -6 -6", "put&to=here", webapp="/xml")
same("location/of-web.xml/there", os.listdir(FOLDER), ["here"])
os.makedirs(os.path.join(TEMP, "below"))
row("location/below-the-temporary-folder", body(part("a", "x", "f")), "0 -6 -6", "put&to=here", path="/below")
same("location/below-the-temporary-folder/there", os.listdir(os.path.join(TEMP, "below")), ["here"])

# ---- who may ask ----
row("without-multipart-limits", body(part("a", "x")), "-3;list=;-8", path="/without")
row("another-type", b"a=b", "-6;list=;a=b;-8", kind="application/x-www-form-urlencoded")
row("no-type", b"a=b", "-6;list=;-8", kind=None)
row("no-body", b"", "-6;list=;-8", kind=None)
row("multipart/mixed", body(part("a", "x")), "-6;list=;-8", kind="multipart/mixed; boundary=" + BOUNDARY)
row("read-before", body(part("a", "x")), "4 -3 -", "read")
row("read-before/line", body(part("a", "x")), "4 -3 -", "line")
row("read-before/form", b"c=d&a=b", "4 -6 -", "read", kind="application/x-www-form-urlencoded")
row("read-afterwards", body(part("a", "x")), "1 0", "after")

# ---- limits ----
got, seen = sent(body(part("a", "x" * 1000, "f")), path="/low")
check("limits/max-file-size", got.status == 200, got)
refused("limits/larger-than-max-file-size", body(part("a", "x" * 1001, "f")), 413, "max-file-size", path="/low")
refused("limits/field-larger-than-max-file-size", body(part("a", "x" * 1001)), 413, "max-file-size", path="/low")
data = body(*[part("a", "x" * 500)] * 4)
data += b"e" * (3000 - len(data))
got, seen = sent(data, path="/low")
check("limits/max-request-size", got.status == 200, got)
refused("limits/larger-than-max-request-size", data + b"e", 413, "max-request-size", path="/low")
with Client(server.port) as client: # told before it is read; chunked: when it is
    chunked = ["Transfer-Encoding: chunked", "Content-Type: multipart/form-data; boundary=" + BOUNDARY]
    client.send("/parts/low?list", "POST", chunked)
    client.socket.sendall(b"%x\r\n" % (len(data) + 1) + data + b"e\r\n0\r\n\r\n")
    got = client.take_answer()
    check("limits/larger-than-max-request-size/chunked", got.status == 413 and "max-request-size" in got.text, got)
with Client(server.port) as client: # before any of the body has come; too much is left to read it for the sake of the connection
    client.send("/parts/stream-low?list", "POST", [KIND, "Content-Length: 10000000"])
    got = client.take_answer()
    check("limits/told-before-the-body", got.status == 413 and "max-request-size" in got.text, got)
    check("limits/a-long-rest-ends-the-connection", not client.receive() and got.fields.get("connection") == "close", got)
with Client(server.port) as client: # a short rest is read, and the connection goes on
    client.send("/parts/stream-low?list", "POST", [KIND, "Content-Length: 100000"])
    got = client.take_answer()
    client.socket.sendall(b"x" * 100000)
    check("limits/a-short-rest-is-read", got.status == 413 and client.ask("/parts/told").text == "-6;-6", got)
with Client(server.port) as client: # a limit that is met on the way
    client.send("/parts/stream-low?list", "POST", chunked)
    client.socket.sendall(b"7d0\r\n" + body(part("a", "x" * 5000, "f"))[:2000] + b"\r\n")
    got = client.take_answer()
    client.socket.sendall(b"3\r\nxyz\r\n0\r\n\r\n")
    check("limits/told-on-the-way", got.status == 413 and "max-file-size" in got.text and
          client.ask("/parts/told").text == "-6;-6", got)
refused("limits/web.xml-max-file-size", body(part("a", "x" * 20001, "f")), 413, "max-file-size", webapp="/xml")
got, seen = sent(body(*[part("a", "")] * 20))
same("limits/part-count-of-20", got.status, 200)
refused("limits/part-count-of-21", body(*[part("a", "")] * 21), 413, "maxPartCount")
head = part("a", "", None, None, ["X-Long: "])[:-4]
long = head + b"x" * (300 - len(head) - 4) + b"\r\n\r\n"
got, seen = sent(body(long))
check("limits/part-header-of-300", got.status == 200, got)
refused("limits/part-header-of-301", body(long[:-4] + b"x\r\n\r\n"), 413, "maxPartHeaderSize")
refused("limits/part-header-without-end", b"--" + BOUNDARY.encode() + b"\r\nA: " + b"x" * 100000, 413, "maxPartHeaderSize")

# ---- hostile ----
good = body(part("a", "one", "f"))
B = BOUNDARY.encode()
DISPOSITION = b"Content-Disposition: form-data; name=\"a\"\r\n"
hostile = {
    "no-boundary": (good, "multipart/form-data"),
    "boundary-empty": (good, "multipart/form-data; boundary="),
    "boundary-of-71": (body(part("a", "x"), boundary="x" * 71), "multipart/form-data; boundary=" + "x" * 71),
    "boundary-with-control-bytes": (good, 'multipart/form-data; boundary="a\tb"'),
    "boundary-whose-quote-does-not-end": (good, 'multipart/form-data; boundary="' + BOUNDARY),
    "boundary-is-another": (good, "multipart/form-data; boundary=other"),
}
for name, (data, kind) in hostile.items():
    refused("hostile/" + name, data, 400, "bound", kind=kind)
bodies = {
    "no-body": b"",
    "no-end": good[:-len(B) - 6],
    "half-an-end": good[:-4],
    "cut-in-the-content": good[:-len(B) - 8],
    "cut-in-the-fields": good[:len(B) + 20],
    "text-behind-a-boundary": good.replace(B + b"\r\n", B + b"x\r\n", 1),
    "line-feeds-only": good.replace(b"\r\n", b"\n"),
    "nul-in-a-name": body(DISPOSITION.replace(b'"a"', b'"a\0b"') + b"\r\nx"),
    "nul-in-a-field": body(DISPOSITION + b"X: \0\r\n\r\nx"),
    "control-byte-in-a-file-name": body(DISPOSITION[:-2] + b"; filename=\"a\x01\"\r\n\r\nx"),
    "no-disposition": body(b"Content-Type: text/plain\r\n\r\nx"),
    "no-fields": body(b"\r\nx"),
    "attachment": body(DISPOSITION.replace(b"form-data", b"attachment") + b"\r\nx"),
    "no-name": body(b"Content-Disposition: form-data\r\n\r\nx"),
    "name-whose-quote-does-not-end": body(DISPOSITION.replace(b'"a"', b'"a') + b"\r\nx"),
    "file-name-whose-quote-does-not-end": body(DISPOSITION[:-2] + b"; filename=\"f\r\n\r\nx"),
    "two-dispositions": body(DISPOSITION * 2 + b"\r\nx"),
    "folded": body(b"Content-Disposition: form-data;\r\n name=\"a\"\r\n\r\nx"),
    "blank-before-the-colon": body(DISPOSITION.replace(b":", b" :") + b"\r\nx"),
}
for name, data in bodies.items():
    refused("hostile/" + name, data, 400, "RFC")
got, seen = sent(good[:-4], "twice")
check("hostile/stays-refused", got.status == 400 and seen == "-6 -6 -", "%r %r" % (got, seen))
refused("hostile/many-parts", body(*[part("a", "")] * 5000), 413, "maxPartCount")
with Client(server.port) as client: # a client that goes in the middle of it
    client.send("/parts/stream?list", "POST", chunked)
    client.socket.sendall(b"40\r\n" + good[:64] + b"\r\n")
check("hostile/gone-client", becomes(lambda: server.get("/parts/told").text in ("-6;-6", "-2;-2")))
row("hostile/serves-on", good, shown("a", "f", "-", "one") + "-8;list=;-8")

# ---- a disk that is full: files of this process may not grow beyond a limit ----
def file_limit(size):
    top = server.status()["pid"]
    for pid in [top] + [int(p) for p in read("/proc/%d/task/%d/children" % (top, top)).split()]:
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


file_limit(200000)
refused("disk-full", body(part("a", "x" * 300000, "f")), 503, "no room", path="/stream")
row("disk-full/write", body(part("a", "x" * 150000, "f")), "0 -6 -6", "put&to=fits", path="/stream")
file_limit(50000)
write(os.path.join(TEMP, "half"), "old")  # regression 222: what was to be replaced was gone, too
row("disk-full/write-fails", body(part("a", "x" * 60000, "f")), "-5 -6 -6", "put&to=half", path="/high")
file_limit(None)
check("disk-full/told", server.logs("a part of a request cannot be written to"), server.log()[-500:])
same("disk-full/the-old-one-stays", read(os.path.join(TEMP, "half")), "old")
os.remove(os.path.join(TEMP, "half"))
same("disk-full/nothing-half", [n for n in os.listdir(TEMP) if n.startswith(".")], [])
shutil.rmtree(os.path.join(TEMP, "below"))
refused("location/missing", body(part("a", "x" * 9000, "f")), 500, "cannot keep this upload", path="/below")
row("location/missing-does-not-matter-in-memory", body(part("a", "x", "f")), "-8 -6 -6", "put&to=here", path="/below")
row("disk-full/afterwards", good, shown("a", "f", "-", "one") + "-8;list=;-8")
end()
