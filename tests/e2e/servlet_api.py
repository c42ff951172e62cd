#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""What a Jakarta Servlet author expects of HttpServletRequest and HttpServletResponse, one row for each
sentence, under the name of the Java method; the C calls behind them are those of modules/servlet_api.c and
request_calls.c. Sessions, users, async and dispatch have scripts of their own: request_sentences.txt and
servlet_sentences.txt tell which case of which script shows each sentence of the specification."""
import os
import re
from urllib.parse import quote
from sentences import shown
from served import CSERV, HERE, Client, Server, check, compile_module, end, read, run, same, work, write

server = Server()
source = read(os.path.join(HERE, "modules", "servlet_api.c"))
compile_module(server.webapp("api.so"), source)
compile_module(server.webapp("ROOT.so"), source)
compile_module(server.webapp("calls.so"), read(os.path.join(HERE, "modules", "request_calls.c")))
server.start()
PORT = server.port
FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"


def told(path, method="GET", headers=(), body=b"", host="h.example:81", version="1.1"):
    """What the servlet tells of its request, and the client's port."""
    with Client(PORT) as client:
        mine = client.socket.getsockname()[1]
        lines = ["%s %s HTTP/%s" % (method, path, version), "Host: " + host, *headers]
        if body and not any(h.startswith("Transfer-Encoding") for h in headers):
            lines.append("Content-Length: %d" % len(body))
        client.socket.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        if version == "1.0":
            while client.receive():
                pass
            return client.buffer.partition(b"\r\n\r\n")[2].decode().splitlines(), mine
        return client.take_answer(method).text.splitlines(), mine


def row(name, want, path="/api/path/x", *arguments, **more):
    """WANT is among the lines; "%d" in it is the client's port."""
    lines, mine = told(path, *arguments, **more)
    want = want.replace("%d", str(mine))
    key = re.match(r"[a-z-]+", want)[0]
    check("request/" + name, want in lines, "%r, not %r" % ([l for l in lines if l.startswith(key)], want))


# ---- 5.1: HttpServletRequest ----
row("getMethod", "method=GET")
row("getMethod is any method", "method=PATCH", "/api/path/x", "PATCH")
row("getRequestURI is as it was sent, without the query", "uri=/api/path/a%20b;x=y", "/api/path/a%20b;x=y?q=r")
row("getQueryString is as it was sent", "query=a=%41&&b", "/api/path/x?a=%41&&b")
row("getQueryString is null without one", "query is absent")
row("getQueryString may be empty", "query=", "/api/path/x?")
row("getProtocol", "protocol=HTTP/1.1")
row("getProtocol of an old client", "protocol=HTTP/1.0", version="1.0")
row("getContextPath", "context-path=/api")
row("getContextPath of ROOT is empty", "context-path=", "/path/x")
row("getServletPath of a path mapping is what stands before /*", "servlet-path=/path")
row("getServletPath of an exact mapping is the path", "servlet-path=/exact", "/api/exact")
row("getServletPath of an extension mapping is the path, decoded", "servlet-path=/a b/c.ext", "/api/a%20b/c.ext;x=y")
row("getPathInfo is the rest, decoded, without parameters", "path-info=/a b/c", "/api/path/a%20b;p=q/c")
row("getPathInfo is null when nothing follows", "path-info is absent", "/api/path")
row("getPathInfo of an exact mapping is null", "path-info is absent", "/api/exact")
row("getPathInfo of an extension mapping is null", "path-info is absent", "/api/x.ext")
row("getContextPath is the webapp's own, however it was sent", "context-path=/api", "/%61pi/path/x")
row("getScheme", "scheme=http")
row("isSecure", "secure=0")
row("getServerName is of the Host field", "server-name=h.example")
row("getServerPort is of the Host field", "server-port=81")
row("getServerPort is the scheme's without one", "server-port=80", host="h.example")
row("getServerName is the local address when Host is empty", "server-name=127.0.0.1", host="")
row("getRemoteAddr", "remote-addr=127.0.0.1")
row("getRemotePort", "remote-port=%d")
row("getLocalAddr", "local-addr=127.0.0.1")
row("getLocalPort", "local-port=%s" % PORT)
TWO = ["X-Row: one", "x-ROW: two"]
row("getHeader is the first, any case", "header=one", "/api/path/x", "GET", TWO)
row("getHeader is null when there is none", "header is absent")
row("getHeaders has all in order", "second-header=two", "/api/path/x", "GET", TWO)
row("getHeaderNames", "headers=Host: h.example:81, X-Row: one, x-ROW: two, ", "/api/path/x", "GET", TWO)
row("getDateHeader", "date-header=784111777", "/api/path/x", "GET", ["X-Date: Sun, 06 Nov 1994 08:49:37 GMT"])
row("getDateHeader of an old form", "date-header=784111777", "/api/path/x", "GET", ["X-Date: Sunday, 06-Nov-94 08:49:37 GMT"])
row("getDateHeader is -1 when there is none", "date-header=-1")
row("getDateHeader is -1 when it is malformed", "date-header=-1", "/api/path/x", "GET", ["X-Date: tomorrow"])
row("getCookies", "cookies=a=1, b=2, a=3, ", "/api/path/x", "GET", ["Cookie: a=1; b=2", "Cookie: a=3"])
row("getCookies is null without any", "cookies=")
row("getCookies knows the first of a name", "cookie=1", "/api/path/x", "GET", ["Cookie: a=1; b=2; a=3"])
row("getCookies knows the others of a name", "second-cookie=3", "/api/path/x", "GET", ["Cookie: a=1; b=2; a=3"])
row("getContentType", "content-type=text/x;a=b", "/api/path/x", "POST", ["Content-Type: text/x;a=b"], b"x")
row("getContentType is null without one", "content-type is absent")
row("getContentLength", "content-length=3", "/api/path/x", "POST", [], b"abc")
row("getContentLength is -1 without a body", "content-length=-1")
row("getContentLength is -1 when it is chunked", "content-length=-1", "/api/path/x", "POST", ["Transfer-Encoding: chunked"],
    b"3\r\nabc\r\n0\r\n\r\n")
row("getCharacterEncoding is of the Content-Type", "charset=koi8-r", "/api/path/x", "POST", ["Content-Type: text/x; charset=\"koi8-r\""],
    b"x")
row("getCharacterEncoding is null without one", "charset is absent", "/api/path/x", "POST", ["Content-Type: text/x"], b"x")
row("setCharacterEncoding overrides it", "charset=iso-8859-1", "/api/path/x", "POST",
    ["Content-Type: text/x;charset=utf-8", "X-Charset: iso-8859-1"], b"x")
row("setCharacterEncoding is for what is read of the body", "param=\u00e9", "/api/path/x", "POST", [FORM, "X-Charset: iso-8859-1"], b"a=%E9")
row("setCharacterEncoding refuses what it does not know", "set-charset=-6", "/api/path/x", "POST", [FORM, "X-Charset: none"], b"a=b")
row("getParameter is the first", "param=1", "/api/path/x?a=1&a=2")
row("getParameter is null when there is none", "param is absent", "/api/path/x?b=1")
row("getParameter is empty without a value", "param=", "/api/path/x?a")
row("getParameter is decoded", "param=a b&\u00e9", "/api/path/x?%61=a+b%26%C3%A9")
row("getParameterValues has all in order", "second-param=2", "/api/path/x?a=1&b=3&a=2")
row("getParameterNames and getParameterMap", "params=a=1, b=2, a=3, ", "/api/path/x?a=1&b=2&a=3")
row("parameters are of the query first, then of the form", "params=a=q, b=r, a=f, c=g, ", "/api/path/x?a=q&b=r", "POST", [FORM], b"a=f&c=g")
row("parameters of a form whose type is in any case", "params=a=q, a=f, ", "/api/path/x?a=q", "POST", [FORM.upper() + " ; charset=UTF-8"], b"a=f")
row("parameters of a form that is chunked", "params=a=q, a=f, c=g, ", "/api/path/x?a=q", "POST", [FORM, "Transfer-Encoding: chunked"],
    b"3\r\na=f\r\n4\r\n&c=g\r\n0\r\n\r\n")
row("parameters of a form are those of a POST", "params=a=q, ", "/api/path/x?a=q", "PUT", [FORM], b"a=f")
row("parameters of another type are the query's", "params=a=q, ", "/api/path/x?a=q", "POST", ["Content-Type: text/plain"], b"a=f")
PARTS = b"--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n12\r\n" \
        b"--b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\n345\r\n--b--"
row("parameters are of the parts, too, and behind the query", "params=c=q, c=345, ", "/api/path/x?c=q", "POST", [MULTIPART], PARTS)
row("getPart", "part=f", "/api/path/x", "POST", [MULTIPART], PARTS)
row("getPart is null when there is none", "part is absent")
row("getParts", "parts=a 2, c 3, ", "/api/path/x", "POST", [MULTIPART], PARTS)
row("getInputStream is at its end behind the parameters of a form", "read-behind=0", "/api/path/x", "POST", [FORM], b"a=f")
row("getInputStream has what is no form behind the parameters", "read-behind=3", "/api/path/x", "POST", ["Content-Type: text/plain"], b"a=f")
row("getAttribute is null when nobody set it", "attr-none=1")
row("setAttribute, getAttribute", "attr=1")
row("getAttributeNames", "attrs=a=1, b=2, ")
row("setAttribute replaces, and frees what was there", "attr-replaced=3 2")
row("removeAttribute removes, and frees", "attr-removed=1 21")
same("request/attributes are freed at the end", server.get("/api/frees").text, "213")
row("getServletContext", "context=/api")
row("getServletContextName", "context-name=api")
row("getVirtualServerName", "context-host=localhost")
row("getServerInfo", "server-info=" + run(CSERV, "version").stdout.split("\n")[0].replace(" ", "/"))
row("getRealPath: a single file has no folder", "context-folder is absent")
row("getDispatcherType", "dispatcher-type=1")
row("isAsyncSupported", "async-supported=0")
row("isAsyncStarted", "async-started=0")
row("getServletName", "servlet-name=tell")


def posted(name, want, path, body, headers=("Content-Type: text/plain",)):
    got = server.get(path, "POST", headers, body)
    same("request/" + name, got.text, want)


posted("getInputStream gives the body in pieces, then 0", "[abcde][fgh]0", "/api/body", b"abcdefgh")
posted("getInputStream of no body is at its end", "0", "/api/body", b"")
posted("getInputStream gives a form that nobody asked for parameters", "[a=b&c][=d]0", "/api/body", b"a=b&c=d", [FORM])
same("request/log", server.get("/api/logs").text, "0")
check("request/log has its level and the webapp's path", server.logs("<info") and
      re.search(r" ERROR .*localhost/api: <error 1>\n.* WARN .*localhost/api: <warning 2>\n.* INFO .*localhost/api: <info", server.log()),
      server.log()[-1000:])
check("request/log is one line", re.search(r"<info[^\n]*of two lines 4>", server.log()), server.log()[-500:])
check("request/log of a lower level is left out", "<debug" not in server.log())
posted("getReader().readLine", "[one\n][a longer ][line\n][last]0", "/api/lines", b"one\na longer line\nlast")


# ---- 5.2: HttpServletResponse ----
def does(name, steps, results, status=200, body=None, **fields):
    """STEPS are done; the calls return RESULTS; the client gets STATUS, BODY and FIELDS (None: absent)."""
    got = server.get("/calls/do?" + "&".join("%s=%s" % (quote(op), quote(str(value), safe="")) for op, value in steps))
    seen = server.get("/calls/seen").text
    good = got.complete and got.status == status and seen == results and (body is None or got.text == body)
    for key, value in fields.items():
        good = good and got.fields.get(key.replace("_", "-")) == value
    check("response/" + name, good, "%r %r, not %d %r %r %r" % (got, seen, status, results, body, fields))


FLUSHED = ("flush", "")
STATE = "-3" # IllegalStateException, or what Java ignores once the answer is committed
file = write(os.path.join(work, "file"), "0123456789")
does("getStatus is 200 at first", [("status-get", "")], "200")
does("setStatus", [("status", 202), ("status-get", "")], "0 202", 202)
does("setStatus has no effect after commit", [FLUSHED, ("status", 202)], "0 " + STATE, 200)
does("setHeader replaces", [("header", "X-A:1"), ("header", "x-a:2")], "0 0", x_a="2")
does("addHeader adds", [("header", "X-A:1"), ("add", "X-A:2"), ("second", "x-a")], "0 0 2")
does("setHeader has no effect after commit", [FLUSHED, ("header", "X-A:1")], "0 " + STATE, x_a=None)
does("setIntHeader", [("int", "X-A:-5")], "0", x_a="-5")
does("addIntHeader", [("int", "X-A:1"), ("addint", "X-A:2"), ("second", "X-A")], "0 0 2")
does("setDateHeader", [("date", "X-A:784111777")], "0", x_a="Sun, 06 Nov 1994 08:49:37 GMT")
does("setDateHeader replaces", [("adddate", "X-A:1"), ("date", "X-A:784111777"), ("second", "X-A")], "0 0 -",
     x_a="Sun, 06 Nov 1994 08:49:37 GMT")
does("addDateHeader adds", [("date", "X-A:784111777"), ("adddate", "X-A:0"), ("second", "X-A")], "0 0 Thu, 01 Jan 1970 00:00:00 GMT")
does("addDateHeader of no date, or after commit", [("adddate", "X-A:-1"), FLUSHED, ("adddate", "X-A:0")], "-6 0 " + STATE, x_a=None)
does("containsHeader", [("header", "X-A:"), ("has", "x-A"), ("has", "X-B")], "0 1 0")
does("addCookie", [("cookie", "v")], "0", set_cookie="c=v; Path=/")
does("addCookie has no effect after commit", [FLUSHED, ("cookie", "v")], "0 " + STATE, set_cookie=None)
does("setContentType", [("type", "text/x")], "0", content_type="text/x")
does("getContentType is null at first", [("type-get", "")], "-")
does("getContentType has the charset", [("type", "text/x"), ("charset", "utf-8"), ("type-get", "")], "0 0 text/x;charset=utf-8")
does("setContentType sets the charset", [("type", "text/x;charset=koi8-r"), ("charset-get", "")], "0 koi8-r")
does("setCharacterEncoding before setContentType stays", [("charset", "utf-8"), ("type", "text/x")], "0 0",
     content_type="text/x;charset=utf-8")
does("setCharacterEncoding(null) takes it back", [("type", "text/x"), ("charset", "utf-8"), ("charset", "NULL")], "0 0 0",
     content_type="text/x")
does("setContentType has no effect after commit", [("type", "text/x"), FLUSHED, ("type", "text/y")], "0 0 " + STATE, content_type="text/x")
does("setContentLength", [("length", 3), ("write", "abc")], "0 0", 200, "abc", content_length="3")
does("setContentLengthLong takes more than 32 bits", [("length", 5000000000), ("length-get", ""), ("reset-body", ""), ("write", "x")],
     "0 5000000000 0 0", 200, "x")
does("nothing is written past setContentLength", [("length", 3), ("write", "abc"), ("write", "d")], "0 0 -5", 200, "abc")
does("getOutputStream().write", [("write", "abc"), ("static", ""), ("write", "d")], "0 0 0", 200, "abcconstantd")
does("getOutputStream().write of several pieces", [("writev", "ab,,c,def"), ("write", "g"), ("writev", "h")], "0 0 0", 200, "abcdefgh",
     content_length="8")
does("pieces are refused as a whole", [("writev", "ab,NULL"), ("writev", "none")], "-6 -6", 200, "")
does("pieces past setContentLength", [("length", 3), ("writev", "ab,cd,e"), ("writev", "f")], "0 -5 -5", 200, "abc")
does("pieces after sendError", [("error", 404), ("writev", "a,b")], "0 " + STATE, 404)
does("pieces behind a full buffer", [("fill", 819), ("writev", "ab,cdef,g"), ("writev", "h,i")], "0 0 0", 200, "0123456789" * 819 + "abcdefghi")
with Client(server.port) as client:
    client.send("/calls/do?flush=&writev=ab,cd,ef&writev=g,h")
    while b"0\r\n\r\n" not in client.buffer:
        client.receive()
    check("response/several pieces are one chunk", client.buffer.endswith(b"\r\n6\r\nabcdef\r\n2\r\ngh\r\n0\r\n\r\n"), client.buffer)
does("getWriter().printf", [("printf", "x")], "0", 200, "x and 7")
does("flushBuffer commits", [("committed", ""), FLUSHED, ("committed", "")], "0 0 1")
does("getBufferSize is 8192 at first", [("buffer-size", "")], "8192")
does("setBufferSize", [("buffer", 10000), ("buffer-size", "")], "0 10000")
does("setBufferSize after content was written: IllegalStateException", [("write", "x"), ("buffer", 10000)], "0 " + STATE, 200, "x")
does("a full buffer commits", [("fill", 900), ("committed", "")], "0 1", 200, "0123456789" * 900)
does("resetBuffer drops the content and keeps status and fields", [("status", 202), ("header", "X-A:1"), ("write", "x"), ("reset-body", "")],
     "0 0 0 0", 202, "", x_a="1")
does("resetBuffer after commit: IllegalStateException", [("write", "x"), FLUSHED, ("reset-body", "")], "0 0 " + STATE, 200, "x")
does("reset drops all", [("status", 202), ("header", "X-A:1"), ("cookie", "v"), ("write", "x"), ("reset", "")], "0 0 0 0 0", 200, "",
     x_a=None, set_cookie=None)
does("reset after commit: IllegalStateException", [("write", "x"), FLUSHED, ("reset", "")], "0 0 " + STATE, 200, "x")
does("isCommitted", [("committed", ""), ("write", "x"), ("committed", "")], "0 0 0", 200, "x")
got = server.get("/calls/do?write=dropped&header=X-A:1&error=410")
check("response/sendError drops the content, keeps fields and answers with a page", got.status == 410 and "dropped" not in got.text and
      "told &lt;so&gt;" in got.text and got.fields["content-type"].startswith("text/html") and got.fields.get("x-a") == "1", got)
does("sendError commits: nothing follows", [("error", 404), ("committed", ""), ("write", "x")], "0 1 " + STATE, 404)
does("sendError after commit: IllegalStateException", [FLUSHED, ("error", 404)], "0 " + STATE, 200)
does("sendRedirect", [("write", "dropped"), ("redirect", "/x?a=b")], "0 0", 302, "", location="/x?a=b")
does("sendRedirect with a status", [("redirect-308", "/x")], "0", 308, "", location="/x")
does("sendRedirect commits: nothing follows", [("redirect", "/x"), ("committed", ""), ("write", "x")], "0 1 " + STATE, 302, "")
does("sendRedirect after commit: IllegalStateException", [FLUSHED, ("redirect", "/x")], "0 " + STATE, 200)
does("sendfile", [("file", file)], "0", 200, "234")
server.stop()
for file, least in (("request_sentences.txt", 200), ("servlet_sentences.txt", 250)):
    shown(file, least)
end()
