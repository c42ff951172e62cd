#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Server modules and their valves on the real server: order, answers, failures, what a valve may change;
remoteip and remotecidr as shipped; the error report. Server modules that are refused."""
import json
import os
import re

from served import CSERV, BUILD, Server, Client, check, compile_module, end, read, run, same, write

MODULE = r"""
#include <cserv/module.h>
#include <string.h>

static int init(cs_config *config, void **self)
{
    const char *name = cs_config_param(config, "mark");
    if (cs_config_ctx(config) || !cs_config_host(config))
        return CS_EFAIL;
    *self = (void *)name;
    return strcmp(name, "refuse-to-start") == 0 ? CS_EINVAL : CS_OK;
}
static int mark(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const char *how = cs_req_header(req, "X-Do");
    cs_res_header_str(res, cs_str_of("X-Mark"), cs_str_of(self), CS_HEADER_ADD);
    if (!how || strcmp(self, "engine") != 0)
        return cs_chain_next(chain, req, res);
    if (strcmp(how, "answer") == 0)
        return cs_res_puts(res, "from a valve");
    if (strcmp(how, "error") == 0)
        return cs_res_error(res, 418, "short and stout");
    if (strcmp(how, "fail") == 0)
        return cs_req_fail(req, CS_EFAIL, "the valve broke");
    if (strcmp(how, "twice") == 0) {
        cs_chain_next(chain, req, res);
        return cs_chain_next(chain, req, res) == CS_ESTATE ? CS_OK : CS_EFAIL;
    }
    if (strcmp(how, "view") == 0) {
        cs_req_set(req, CS_REQ_REMOTE_ADDR, cs_str_of("::ffff:192.0.2.7"));
        cs_req_set_int(req, CS_REQ_REMOTE_PORT, 4711);
        cs_req_set(req, CS_REQ_SCHEME, cs_str_of("HTTPS"));
        cs_req_set(req, CS_REQ_SERVER_NAME, cs_str_of("shop.example"));
        cs_req_set_int(req, CS_REQ_SERVER_PORT, 8443);
        cs_req_set_int(req, CS_REQ_SECURE, 1);
    }
    if (strcmp(how, "bad-view") == 0 &&
        (cs_req_set(req, CS_REQ_REMOTE_ADDR, cs_str_of("somebody")) != CS_EINVAL ||
         cs_req_set(req, CS_REQ_SCHEME, cs_str_of("gopher")) != CS_EINVAL ||
         cs_req_set(req, CS_REQ_SERVER_NAME, cs_str_of("a b")) != CS_EINVAL ||
         cs_req_set(req, CS_REQ_METHOD, cs_str_of("PUT")) != CS_EINVAL ||
         cs_req_set_int(req, CS_REQ_SERVER_PORT, 65536) != CS_EINVAL))
        return cs_res_error(res, 500, "taken");
    return cs_chain_next(chain, req, res);
}
static void gone(cs_host *host, void *self)
{
    cs_host_log(host, CS_LOG_INFO, "valve %s ends", (const char *)self);
}
#define ATTRIBUTES CS_ATTRIBUTE("mark", "text", "", "nobody", "What it writes.") \
                   CS_ATTRIBUTE("depth", "int", "1..9", "3", "Checked, not used.")
static const cs_valve rows[] = {{.name = "mark", .aliases = "org.example.MarkValve other.Name",
                                 .attributes = ATTRIBUTES, .init = init, .destroy = gone, .invoke = mark}};
static int start(cs_host *host)
{
    cs_host_set_state(host, host);
    cs_host_log(host, CS_LOG_INFO, "begins in %s", cs_host_get(host, CS_HOST_BASE).ptr);
    return cs_host_state(host) == host ? CS_OK : CS_EFAIL;
}
CS_ATTRIBUTES(CS_ATTRIBUTES_OF("mark", "org.example.MarkValve other.Name") ATTRIBUTES)
CS_MODULE("marker", "1.0", .init = start, .valves = CS_ROWS(rows))
"""
SERVLET = r"""
#include <cserv/servlet.h>
static int get(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, "servlet");
}
static const cs_servlet rows[] = {{.name = "s", .url_patterns = "/s", .get = get}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows))
"""


def modules(server, name):
    return os.path.join(server.base, "modules", name)


def valve(kind, **attributes):
    return "<Valve className=\"%s\"%s/>" % (
        kind, "".join(" %s=\"%s\"" % item for item in attributes.items()))


def with_engine_valve(text, valves):
    return re.sub(r"(<Engine\b[^>]*>)", lambda found: found.group(1) + valves, text, count=1)


def order_and_answers():
    server = Server("order")
    compile_module(modules(server, "marker.so"), MODULE)
    compile_module(server.webapp("w.so"), SERVLET)
    server.configure(valve("other.Name", mark="host") +
                     "<Context path=\"/c\" docBase=\"w.so\">" + valve("mark", mark="context") + "</Context>",
                     lambda text: with_engine_valve(text, valve("org.example.MarkValve", mark="engine")))
    server.start()

    def marks(*headers, path="/c/s"):
        with Client(server.port) as client:
            client.send(path, headers=headers)
            data = b""
            while client.receive() and b"\r\n\r\n" not in client.buffer:
                pass
            data = client.buffer.decode("latin-1")
        return re.findall(r"X-Mark: (\w+)", data), data

    found, text = marks()
    same("valves/engine, host, context", found, ["engine", "host", "context"])
    check("valves/then the servlet", text.endswith("servlet"), text)
    found, text = marks(path="/none/at/all")
    check("valves/also before a 404", text.startswith("HTTP/1.1 404"), text)
    found, text = marks("X-Do: answer")
    check("valves/one may answer", found == ["engine"] and text.endswith("from a valve"), text)
    answer = server.get("/c/s", headers=["X-Do: error"])
    check("valves/one may refuse", answer.status == 418 and "short and stout" in answer.text, answer)
    answer = server.get("/c/s", headers=["X-Do: fail"])
    check("valves/a failure is a 500 with its sentence",
          answer.status == 500 and "the valve broke" in answer.text, answer)
    check("valves/a failure is logged", server.logs("valve module marker returned -1: the valve broke"),
          server.log()[-600:])
    answer = server.get("/c/s", headers=["X-Do: twice"])
    check("valves/the chain goes on once", answer.status == 200 and answer.text == "servlet", answer)
    answer = server.get("/c/s", headers=["X-Do: bad-view"])
    same("valves/bad values are not taken", answer.status, 200)
    listed = server.cserv("list", "-b", server.base).stdout
    check("valves/the webapp is listed", "/c:running" in listed, listed)
    server.stop()
    log = server.log()
    check("valves/the module begins before the webapps",
          0 < log.find("marker: begins in " + server.base) < log.find("the webapp /c"), log)
    for name in ("engine", "host", "context"):
        check("valves/%s ends" % name, "marker: valve %s ends" % name in log, log[-800:])


def refused():
    """Each keeps the server from starting, with the line."""
    for name, element, said in (
            ("unknown class", valve("org.example.NoSuchValve"), r"server\.xml:\d+.*NoSuchValve"),
            ("out of range", valve("mark", depth="12"), r"server\.xml:\d+.*depth.*1.*9"),
            ("no such attribute", valve("mark", makr="x"), r"server\.xml:\d+.*makr.*mark"),
            ("its init fails", valve("mark", mark="refuse-to-start"), r"server\.xml:\d+.*init of the valve mark")):
        server = Server("refused-" + name.replace(" ", "-"))
        compile_module(modules(server, "marker.so"), MODULE)
        server.configure(element)
        done = server.cserv("start", "-b", server.base)
        text = done.stdout + done.stderr
        check("refused/" + name, done.returncode == 1 and re.search(said, " ".join(text.split())), text)


def misplaced():
    server = Server("misplaced")
    compile_module(modules(server, "w.so"), SERVLET)
    compile_module(server.webapp("marker.so"), MODULE)
    write(modules(server, "text.so"), "no module")
    server.start()
    check("misplaced/a webapp in modules", server.logs("is a webapp. Put it into webapps/"), server.log())
    check("misplaced/a module in webapps",
          "is a server module, not a webapp" in server.webapps().get("marker.so", ""), server.webapps())
    check("misplaced/no ELF file", server.logs("text.so is not an ELF file"), server.log())
    server.stop()


def behind_proxies():
    """The rows of remoteip: who asks, with what, and what the servlet sees."""
    server = Server("proxies")
    os.symlink(os.path.join(BUILD, "webapps", "examples"), server.webapp("examples"))
    server.configure(valve("org.apache.catalina.valves.RemoteIpValve",
                           internalProxies="127.0.0.1, 10.0.0.0/8, 2001:db8:1::/48") +
                     "<Context path=\"/rfc\" docBase=\"%s\">" % os.path.join(BUILD, "webapps", "examples") +
                     valve("remoteip", remoteIpHeader="Forwarded") + "</Context>")
    server.start()

    def seen(*headers, path="/examples/request"):
        answer = server.get(path, headers=headers)
        if answer.status != 200:
            check("proxies/answer", False, answer)
            return {}
        return json.loads(answer.text)

    rows = (
        ("nothing said", (), {"remoteAddr": "127.0.0.1", "scheme": "http", "secure": 0}),
        ("one client", ("X-Forwarded-For: 192.0.2.1",), {"remoteAddr": "192.0.2.1", "peerAddr": "127.0.0.1"}),
        ("a believed proxy between", ("X-Forwarded-For: 192.0.2.1, 10.1.2.3",), {"remoteAddr": "192.0.2.1"}),
        ("a made up first address", ("X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.1.2.3",), {"remoteAddr": "192.0.2.1"}),
        ("on two lines", ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.1"), {"remoteAddr": "192.0.2.1"}),
        ("only believed ones", ("X-Forwarded-For: 10.9.9.9",), {"remoteAddr": "10.9.9.9"}),
        ("an IPv6 client", ("X-Forwarded-For: 2001:db8::7, 2001:db8:1::9",), {"remoteAddr": "2001:db8::7"}),
        ("with a port", ("X-Forwarded-For: [2001:db8::7]:4711",), {"remoteAddr": "2001:db8::7", "remotePort": 4711}),
        ("no address", ("X-Forwarded-For: unknown",), {"remoteAddr": "127.0.0.1"}),
        ("rubbish before an address", ("X-Forwarded-For: <script>, 192.0.2.1",), {"remoteAddr": "192.0.2.1"}),
        ("https", ("X-Forwarded-Proto: https",), {"scheme": "https", "secure": 1, "serverPort": 443}),
        ("http", ("X-Forwarded-Proto: http",), {"scheme": "http", "secure": 0, "serverPort": 80}),
        ("host", ("X-Forwarded-Host: shop.example:8443",), {"serverName": "shop.example", "serverPort": 8443}),
        ("host and port", ("X-Forwarded-Host: shop.example", "X-Forwarded-Port: 444", "X-Forwarded-Proto: https"),
         {"serverName": "shop.example", "serverPort": 444, "scheme": "https"}),
        ("a host that is none", ("X-Forwarded-Host: a b<",), {"serverName": "localhost"}),
        ("a port that is none", ("X-Forwarded-Port: 99999",), {"serverName": "localhost", "serverPort": 80}),
    )
    for name, headers, want in rows:
        got = seen(*headers)
        same("x-forwarded/" + name, {key: got.get(key) for key in want}, want)
    rows = (
        ("for", ("Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43",), {"remoteAddr": "192.0.2.60"}),
        ("quoted IPv6", ("Forwarded: For=\"[2001:db8:cafe::17]:4711\"",),
         {"remoteAddr": "2001:db8:cafe::17", "remotePort": 4711}),
        ("proto and host", ("Forwarded: for=192.0.2.60;proto=https;host=shop.example",),
         {"scheme": "https", "secure": 1, "serverName": "shop.example", "serverPort": 443}),
        ("the nearest counts", ("Forwarded: for=6.6.6.6;host=evil.example, for=192.0.2.9;host=shop.example",),
         {"remoteAddr": "192.0.2.9", "serverName": "shop.example"}),
        ("hidden", ("Forwarded: for=_hidden",), {"remoteAddr": "127.0.0.1"}),
        ("malformed", ("Forwarded: for=192.0.2.1;;;=",), {"remoteAddr": "127.0.0.1"}),
        ("a comma in quotes", ("Forwarded: for=\"192.0.2.1, 10.0.0.1\"",), {"remoteAddr": "127.0.0.1"}),
    )
    server.stop()
    # The host's valve would have read X-Forwarded-For first: the context's alone is looked at here.
    server.configure(edit=lambda text: re.sub(r"<Valve className=\"org\.apache[^>]*RemoteIp[^>]*/>", "", text))
    server.start()
    for name, headers, want in rows:
        got = seen(*headers, path="/rfc/request")
        same("forwarded/" + name, {key: got.get(key) for key in want}, want)
    got = seen("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1")
    same("forwarded/where no valve is, fields mean nothing", got.get("remoteAddr"), "127.0.0.1")
    server.stop()
    # A peer that is not believed.
    server.configure(valve("remoteip", internalProxies="10.0.0.0/8"))
    server.start()
    got = seen("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example")
    same("untrusted/ignored", (got.get("remoteAddr"), got.get("scheme"), got.get("serverName")),
         ("127.0.0.1", "http", "localhost"))
    server.stop()


def who_may_pass():
    rows = (
        ("allow others", {"allow": "10.0.0.0/8"}, 403), ("allow me", {"allow": "10.0.0.0/8,127.0.0.1"}, 200),
        ("deny me", {"deny": "127.0.0.0/8"}, 403), ("deny others", {"deny": "10.0.0.0/8, ::1"}, 200),
        ("deny counts before allow", {"allow": "127.0.0.1", "deny": "127.0.0.0/30"}, 403),
        ("another status", {"deny": "0.0.0.0/0", "denyStatus": "404"}, 404),
        ("of the other family", {"deny": "::/0"}, 200),
    )
    server = Server("cidr")
    contexts = ""
    for i, (name, attributes, _) in enumerate(rows):
        contexts += "<Context path=\"/%d\" docBase=\"w%d.so\">%s</Context>" % (
            i, i, valve("org.apache.catalina.valves.RemoteCIDRValve", **attributes))
        compile_module(server.webapp("w%d.so" % i), SERVLET) if i == 0 else os.link(
            server.webapp("w0.so"), server.webapp("w%d.so" % i))
    server.configure(contexts)
    server.start()
    for i, (name, _, want) in enumerate(rows):
        same("remotecidr/" + name, server.get("/%d/s" % i).status, want)
    server.stop()
    for name, attributes in (("neither allow nor deny", {}), ("no block", {"allow": "127.0.0.1/33"}),
                             ("a regular expression", {"allow": "127\\.\\d+\\..*"})):
        other = Server("cidr-" + name.replace(" ", "-"))
        other.configure(valve("remotecidr", **attributes))
        done = other.cserv("start", "-b", other.base)
        check("remotecidr/refused: " + name, done.returncode == 1 and "server.xml:" in done.stderr, done.stderr)


def error_report():
    server = Server("errors")
    compile_module(server.webapp("w.so"), SERVLET)
    page = write(os.path.join(server.base, "conf", "missing.html"), "<h1>Nothing of that name</h1>")
    os.chmod(page, 0o640)
    server.configure(valve("org.apache.catalina.valves.ErrorReportValve", **{
        "showReport": "false", "showServerInfo": "true", "errorCode.404": "conf/missing.html"}))
    server.start()
    answer = server.get("/w/none")
    check("errors/a file for the code", answer.status == 404 and answer.text == "<h1>Nothing of that name</h1>", answer)
    write(page, "changed")
    same("errors/a change is live", server.get("/w/none").text, "changed")
    os.unlink(page)
    answer = server.get("/w/none")
    check("errors/without the file the plain page", answer.status == 404 and "HTTP Status 404" in answer.text, answer)
    answer = server.get("/w/s", "DELETE")
    check("errors/showReport=false, showServerInfo=true",
          answer.status == 405 and "Description" not in answer.text and "cserv/" in answer.text, answer)
    answer = server.get("/w/s", "DELETE", ["Accept: application/json"])
    check("errors/JSON for who accepts it", answer.fields.get("content-type") == "application/json"
          and json.loads(answer.text)["status"] == 405, answer)
    answer = server.get("/w/s", "DELETE", ["Accept: text/html, application/json;q=0.9"])
    check("errors/HTML for who would rather have it", "text/html" in answer.fields.get("content-type", ""), answer)
    server.stop()


order_and_answers()
refused()
misplaced()
behind_proxies()
who_may_pass()
error_report()
end()
