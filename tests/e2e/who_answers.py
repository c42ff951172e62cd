#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""Which refusals have an error page of the webapp and which are a sentence of the protocol, as limits.html says under
"Who answers": a webapp whose <error-page> is for everything, asked for each of them."""
from served import Client, Server, check, compile_module, end, same, write

SOURCE = """
#include <cserv/servlet.h>
static int ask(cs_request *req, cs_response *res)
{
    const char *a = cs_req_param(req, "a");
    return cs_res_puts(res, a ? a : "none");
}
static int take(cs_request *req, cs_response *res)
{
    char piece[512];
    int64_t n;
    while ((n = cs_req_read(req, piece, sizeof(piece))) > 0)
        ;
    return n < 0 ? (int)n : cs_res_puts(res, "taken");
}
static int page(cs_request *req, cs_response *res)
{
    return cs_res_printf(res, "own %s", cs_str_text(cs_req_dispatch_str(req, CS_ERROR_STATUS_CODE)));
}
static int away(cs_request *req, cs_response *res)
{
    (void)req, (void)res;
    return CS_UNAVAILABLE(9);
}
static const cs_multipart limits = {.size = sizeof(limits), .max_file_size = 100};
static const cs_servlet servlets[] = {
    {.name = "ask", .url_patterns = "/ask", .get = ask, .post = ask, .multipart = &limits},
    {.name = "take", .url_patterns = "/take", .post = take},
    {.name = "stream", .url_patterns = "/stream", .flags = CS_STREAMING, .post = take},
    {.name = "away", .url_patterns = "/away", .get = away},
    {.name = "page", .url_patterns = "/page", .get = page},
};
CS_WEBAPP("own", "1", .servlets = CS_ROWS(servlets))
"""
server = Server()
compile_module(server.webapp("own/WEB-INF/lib/own.so"), SOURCE)
write(server.webapp("own/WEB-INF/web.xml"), "<web-app><error-page><location>/page</location></error-page></web-app>")
server.configure(edit=lambda text: text.replace("<Connector ", '<Connector maxBodySize="5000" maxPostSize="1000" '))
server.start()

FORM = ["Content-Type: application/x-www-form-urlencoded"]
PARTS = ["Content-Type: multipart/form-data; boundary=b"]
PART = b"--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" + b"x" * 101 + b"\r\n--b--\r\n"
# name, path, method, fields, body, status; it is the webapp's own page
OWN = [
    ("no-servlet", "/own/none", "GET", [], b"", 404),
    ("web-inf", "/own/WEB-INF/web.xml", "GET", [], b"", 404),
    ("method", "/own/take", "GET", [], b"", 405),
    ("trace", "/own/take", "TRACE", [], b"", 405),
    ("unavailable", "/own/away", "GET", [], b"", 503),
    ("params", "/own/ask?a=%zz", "GET", [], b"", 400),
    ("form", "/own/ask", "POST", FORM, b"a=" + b"b" * 1000, 413),
    ("part", "/own/ask", "POST", PARTS, PART, 413),
    ("parts", "/own/ask", "POST", PARTS, b"--c--", 400),
]
# it is the protocol's sentence
PLAIN = [
    ("body", "/own/take", "POST", [], b"x" * 5001, 413),
    ("body-streaming", "/own/stream", "POST", [], b"x" * 5001, 413),
    ("unknown-method", "/own/take", "FOO", [], b"", 501),
    ("path", "/own/%zz", "GET", [], b"", 400),
    ("expect", "/own/take", "POST", ["Expect: more"], b"x", 417),
    ("cookies", "/own/take", "GET", ["Cookie: " + "; ".join("a=b" for _ in range(201))], b"", 400),
]
for name, path, method, fields, body, status in OWN:
    got = server.get(path, method, fields, body)
    check("own/" + name, got.status == status and got.text == "own %d" % status, repr(got))
for name, path, method, fields, body, status in PLAIN:
    got = server.get(path, method, fields, body)
    check("plain/" + name, got.status == status and got.fields.get("content-type", "").startswith("text/plain") and
          got.text.endswith("\n") and "own" not in got.text.split(), repr(got))
got = server.get("/none")
check("server/no-webapp", got.status == 404 and got.fields.get("content-type", "").startswith("text/html"), repr(got))


def chunks(path, pieces):
    with Client(server.port) as client:
        client.socket.sendall(("POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % path).encode() + pieces)
        return client.take_answer()


MANY = b"200\r\n" + b"x" * 512 + b"\r\n"
for name, path, pieces, want in (
        ("own/streamed-too-large", "/own/stream", MANY * 10, (413, "own 413")),
        ("own/streamed-malformed", "/own/stream", MANY + b"no\r\n", (400, "own 400"))):
    got = chunks(path, pieces)
    same(name, (got.status, got.text), want)
for name, pieces, status in (("plain/too-large", MANY * 10, 413), ("plain/malformed", MANY + b"no\r\n", 400)):
    got = chunks("/own/take", pieces)
    check(name, got.status == status and got.fields.get("content-type", "").startswith("text/plain"), repr(got))
server.stop()
end()
