#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Elements of web.xml that have no script of their own: media types, welcome files, dispatchers, the character
encodings, and what is told of elements without effect. And the list descriptor_sentences.txt: each sentence of
the specification on the descriptor has a case, which stands in the script that the list names."""
import os
import re
from sentences import shown
from served import HERE, Client, Server, check, compile_module, end, read, same, write

SOURCE = read(os.path.join(HERE, "modules", "elements.c"))
server = Server()
compiled = compile_module(server.webapp("plain.so"), SOURCE)


def webapp(name, xml):
    with open(compiled, "rb") as module:
        write(server.webapp(name + "/WEB-INF/lib/e.so"), module.read())
    os.chmod(server.webapp(name + "/WEB-INF/lib/e.so"), 0o644)
    return os.path.realpath(write(server.webapp(name + "/WEB-INF/web.xml"), "<web-app>\n%s\n</web-app>\n" % xml))


def mime(extension, kind):
    return "<mime-mapping><extension>%s</extension><mime-type>%s</mime-type></mime-mapping>" % (extension, kind)


def filters(*dispatchers, extra=""):
    """A filter of each name, mapped to everything by the dispatcher of that name."""
    return "".join("<filter><filter-name>%s</filter-name><filter-class>f</filter-class></filter>" % d for d in dispatchers) \
        + "".join("<filter-mapping><filter-name>%s</filter-name><url-pattern>/*</url-pattern><dispatcher>%s</dispatcher>%s"
                  "</filter-mapping>" % (d, d, extra) for d in dispatchers)


own = webapp("mimes", mime("odd", "x/own") + "\n" + mime("TXT", "x/text") + "\n" + mime("odd", "x/last"))
webapp("encodings", "<request-character-encoding>ISO-8859-1</request-character-encoding>"
       "<response-character-encoding>ISO-8859-1</response-character-encoding>")
webapp("dispatchers", filters("REQUEST", "FORWARD", "INCLUDE", "ERROR", "ASYNC") +
       "<error-page><error-code>410</error-code><location>/other</location></error-page>")
webapp("several", filters("FORWARD", extra="<dispatcher>REQUEST</dispatcher>"))
webapp("welcome", "<welcome-file-list><welcome-file>first.html</welcome-file><welcome-file>sub/second.html"
       "</welcome-file></welcome-file-list>")
write(server.webapp("welcome/a/sub/second.html"), "second below a")
write(server.webapp("welcome/b/first.html"), "first of b")
write(server.webapp("welcome/b/sub/second.html"), "second of b")
write(server.webapp("welcome/c/index.html"), "usual of c")
write(server.webapp("usual/a/index.html"), "usual of a")
write(server.webapp("twolists/a/y.html"), "second list")
webapp("twolists", "<welcome-file-list><welcome-file>x.html</welcome-file></welcome-file-list>"
       "<welcome-file-list><welcome-file>y.html</welcome-file></welcome-file-list>")
UNSERVED = [
    ("<session-config><session-timeout>5</session-timeout></session-config>",
     "<session-config> is not served yet: there are no sessions"),
    ("<security-role><role-name>r</role-name></security-role>", "<security-role> in <web-app> is not served yet"),
    ("<resource-ref><res-ref-name>jdbc/x</res-ref-name></resource-ref>", "<resource-ref> in <web-app> is not served yet"),
    ("<distributable/>", "<distributable> in <web-app> is not served yet"),
    ("<request-character-encoding>windows-1252</request-character-encoding>",
     "<request-character-encoding> windows-1252 is not served yet: forms are read as UTF-8"),
    ("<default-context-path>/x</default-context-path>", "<default-context-path> in <web-app> is not served yet")]
unserved = webapp("unserved", "\n".join(xml for xml, _ in UNSERVED))
JVM = ["ejb-ref", "jsp-config", "locale-encoding-mapping-list", "data-source", "post-construct", "absolute-ordering"]
jvm = webapp("jvm", "".join("<%s/>" % name for name in JVM))
conf = os.path.join(server.base, "conf", "web.xml")
write(conf, read(conf).replace("</web-app>", mime("odd", "x/conf") + mime("conf", "x/conf") +
                               "<response-character-encoding>UTF-8</response-character-encoding></web-app>"))
server.start()
log = server.log()


def filters_of(path):
    with Client(server.port) as client:
        client.send(path)
        client.take_line()
        return [line.split(b": ")[1].decode() for line in iter(client.take_line, b"") if line.startswith(b"X-Filter:")]


for name, path, want in [
        ("mime-own", "/mimes/get?mime=a.txt", "x/text"),
        ("mime-any-case", "/mimes/get?mime=A.TxT", "x/text"),
        ("mime-last-of-two", "/mimes/get?mime=a.odd", "x/last"),
        ("mime-of-conf", "/mimes/get?mime=a.conf", "x/conf"),
        ("mime-of-conf-for-a-file", "/plain/get?mime=a.odd", "x/conf"),
        ("mime-of-the-server", "/mimes/get?mime=a.html", "text/html"),
        ("mime-unknown", "/mimes/get?mime=a.unknownext", "-"),
        ("welcome-in-order", "/welcome/b/", "first of b"),
        ("welcome-partial-path", "/welcome/a/", "second below a"),
        ("welcome-usual", "/usual/a/", "usual of a"),
        ("welcome-two-lists", "/twolists/a/", "second list"),
        ("unserved-is-served-else", "/unserved/get", "get windows-1252 -"),
        ("jvm-is-served-else", "/jvm/get", "get - -")]:
    same(name, server.get(path).text, want)
same("welcome-own-list-replaces-the-usual", server.get("/welcome/c/").status, 404)
check("mime-twice-is-told", re.search(r" WARN .*%s:4: <mime-mapping> of 'odd' is given twice" % re.escape(own), log),
      re.findall(".*mimes.*", log))

FORM = ["Content-Type: application/x-www-form-urlencoded"]
for name, app, fields, body, want in [
        ("request-encoding", "encodings", FORM, b"text=%E9", "get ISO-8859-1 \u00e9"),
        ("request-encoding-of-the-request-first", "encodings", [FORM[0] + ";charset=utf-8"], b"text=%C3%A9",
         "get utf-8 \u00e9"),
        ("request-encoding-by-default", "mimes", FORM, b"text=%C3%A9", "get - \u00e9")]:
    answer = server.get("/%s/get" % app, "POST", fields, body)
    same(name, answer.text, want)
for name, path, want in [
        ("response-encoding", "/encodings/get?type=text/plain", "text/plain;charset=ISO-8859-1"),
        ("response-encoding-own-of-the-servlet-first", "/encodings/get?type=text/plain;charset=UTF-8", "text/plain;charset=UTF-8"),
        ("response-encoding-not-of-pictures", "/encodings/get?type=image/png", "image/png"),
        ("response-encoding-of-conf", "/mimes/get?type=text/css", "text/css;charset=UTF-8")]:
    same(name, server.get(path).fields.get("content-type"), want)

for name, path, want in [
        ("dispatcher-request", "/dispatchers/get", ["REQUEST"]),
        ("dispatcher-forward", "/dispatchers/get?forward=1", ["REQUEST", "FORWARD"]),
        ("dispatcher-error", "/dispatchers/get?error=1", ["REQUEST", "ERROR"]),
        ("dispatcher-async", "/dispatchers/get?async=1", ["REQUEST", "ASYNC"]),
        ("dispatcher-include-has-no-fields", "/dispatchers/get?include=1", ["REQUEST"]),
        ("dispatcher-several", "/several/get?forward=1", ["FORWARD", "FORWARD"])]:
    same(name, filters_of(path), want)
for name, path, want in [
        ("dispatcher-include", "/dispatchers/get?include=1", "<INCLUDE>other - - included"),
        ("dispatcher-async-answers", "/dispatchers/get?async=1", "other - -"),
        ("dispatcher-include-only-there", "/dispatchers/get?forward=1", "other - -"),
        ("dispatcher-not-named-not-run", "/several/get?include=1", "other - - included")]:
    same(name, server.get(path).text, want)

for number, (xml, text) in enumerate(UNSERVED, 2):
    check("told: " + re.match("<([^>/]*)", xml).group(1),
          len(re.findall(r" WARN .*%s:%d: %s" % (re.escape(unserved), number, re.escape(text)), log)) == 1,
          re.findall(".*unserved.*", log))
line = re.findall(r" INFO .*%s: of Tomcat, without a meaning in cserv and passed over: (.*)" % re.escape(jvm), log)
check("told: elements of a Java virtual machine", len(line) == 1 and all("<web-app> " + JVM[0] in line[0] and name in line[0]
                                                                        for name in JVM), line)
same("stop", server.stop().returncode, 0)

shown("descriptor_sentences.txt", 70)
end()
