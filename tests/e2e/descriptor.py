#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""web.xml and the modules' tables, end to end: one row per behaviour. What is initialised in which order, what is
switched off, what one failing servlet does, which descriptors are refused, with file and line, and which
elements are named in the log because they are not served. How paths are mapped is in mapping.py, what else
a webapp gets from its descriptor in context_calls.py, what the reader takes in tests/unit/config."""
import os
import re
from served import HERE, Client, Server, check, compile_module, end, read, same, work, write

SOURCE = read(os.path.join(HERE, "modules", "start_order.c"))
ONE = compile_module(os.path.join(work, "one.so"), SOURCE)
TWO = compile_module(os.path.join(work, "two.so"), SOURCE, more=["-DPART=\"two\""])
OTHER = compile_module(os.path.join(work, "other.so"), SOURCE, more=["-DPART=\"other\"", "-DPREFIX=\"o-\""])
FAILING = compile_module(os.path.join(work, "failing.so"), SOURCE, more=["-DWITH_FAILING"])

server = Server()


def module(file, name):
    with open(file, "rb") as source:
        write(server.webapp(name), source.read())
    os.chmod(server.webapp(name), 0o644)


def webapp(name, xml, modules=(ONE,)):
    """A folder with web.xml and modules called a.so, b.so."""
    for letter, file in zip("abc", modules):
        module(file, "%s/WEB-INF/lib/%s.so" % (name, letter))
    return write(server.webapp(name + "/WEB-INF/web.xml"), "<web-app>\n%s\n</web-app>\n" % xml)


def servlet(name, of, more="", patterns=()):
    maps = "".join("\n<servlet-mapping><servlet-name>%s</servlet-name><url-pattern>%s</url-pattern>"
                   "</servlet-mapping>" % (name, p) for p in patterns)
    return ("<servlet><servlet-name>%s</servlet-name><servlet-class>%s</servlet-class>%s</servlet>%s" %
            (name, of, more, maps))


def param(name, value):
    return "<init-param><param-name>%s</param-name><param-value>%s</param-value></init-param>" % (name, value)


def startup(number):
    return "<load-on-startup>%s</load-on-startup>" % number


# ---- order of init ----
webapp("rows", "\n".join([servlet("x9", "late", startup(9)), servlet("empty", "late", startup("")),
                          servlet("x1", "late", startup(1)), servlet("also1", "late", startup(1)),
                          servlet("minus", "late", startup(-1)),
                          servlet("off", "late", startup(0) + "<enabled>false</enabled>", ["/off/*"])]))

# ---- enabled ----
webapp("enabled", "\n".join([servlet("on", "first", "<enabled>true</enabled>", ["/on"]),
                             servlet("off", "first", "<enabled>false</enabled>", ["/off", "*.off"]),
                             servlet("second", "second", "<enabled>false</enabled>")]))
write(server.webapp("enabled/source.off"), "the source")
write(server.webapp("enabled/index.html"), "welcome")

# ---- failing servlets ----
module(FAILING, "failing.so")
webapp("xmlfails", "\n".join([servlet("f", "first", param("fail", "-1"), ["/f"]),
                              servlet("gone", "first", param("fail", "%d" % -0x1000000), ["/gone"]),
                              servlet("busy", "first", param("fail", "%d" % (-0x1000000 - 30)), ["/busy"])]))
module(FAILING, "strict.so")
webapp("gonestrict", servlet("gone", "first", param("fail", "%d" % -0x1000000)))
module(FAILING, "lenient.so")
FAIL_FILTER = ("<filter><filter-name>all</filter-name><filter-class>all</filter-class>%s</filter>" % param("fail", "-1"))
webapp("filterfails", FAIL_FILTER)

# ---- the merge: web.xml, modules by file name, rows ----
webapp("twice", servlet("late", "b.so:late"), (ONE, TWO))
webapp("merge", servlet("x", "b.so:first", startup(0), ["/x"]) +
       "\n<filter><filter-name>f</filter-name><filter-class>b.so:all</filter-class></filter>"
       "<filter-mapping><filter-name>f</filter-name><url-pattern>/*</url-pattern></filter-mapping>", (OTHER, ONE))

refused = []


def wrong(name, xml, line, text, file="web.xml", modules=(ONE,)):
    """A webapp that is refused, with the line (counted from the first in <web-app>) and a text."""
    path = webapp("wrong-" + name, xml, modules)
    refused.append((name, path if file == "web.xml" else server.webapp("wrong-%s/WEB-INF/%s" % (name, file)),
                    line + 1 if line else 0, text))


FIRST = servlet("first", "first")
FILTER = "<filter><filter-name>f</filter-name><filter-class>all</filter-class></filter>"
wrong("servlet-name-twice", FIRST + "\n" + FIRST, 2, "two <servlet> elements are called 'first'")
wrong("filter-name-twice", FILTER + "\n" + FILTER, 2, "two <filter> elements are called 'f'")
wrong("pattern-twice", servlet("x", "first", "", ["/p"]) + "\n" + servlet("y", "first", "", ["/p"]), 4,
      "'/p' leads to two servlets: 'x' has it already")
wrong("pattern-of-a-row", "\n" + servlet("x", "first", "", ["/second"]), 0,
      r"servlets x and second both have the URL pattern '/second': the first is in .*web\.xml:3", "lib/a.so")
wrong("name-of-two-rows", "", 0, "two servlets are named late", "lib/b.so", (ONE, TWO))
wrong("no-such-class", "\n" + servlet("x", "frist"), 2, "servlet x has the class 'frist', which no module")
wrong("no-such-filter-class", FILTER.replace("all", "none"), 1, "filter f has the class 'none'")
wrong("mapping-of-nothing", "<servlet-mapping><servlet-name>x</servlet-name><url-pattern>/x</url-pattern>"
      "</servlet-mapping>", 1, "'x' names no <servlet>")
wrong("pattern", servlet("x", "first", "", ["x"]), 2, "<url-pattern> 'x' is not well formed")
wrong("enabled", servlet("x", "first", "<enabled>maybe</enabled>"), 1, "<enabled> 'maybe' is not valid")
wrong("startup", servlet("x", "first", startup("soon")), 1, "<load-on-startup> 'soon' is not a valid")
wrong("multipart", servlet("x", "first", "<multipart-config><max-file-size>x</max-file-size></multipart-config>"), 1,
      "<max-file-size> 'x' is not valid")
wrong("welcome", "<welcome-file-list><welcome-file>/a</welcome-file></welcome-file-list>", 1,
      "<welcome-file> '/a' is not valid")
wrong("error-code", "<error-page><error-code>200</error-code><location>/e</location></error-page>", 1,
      "<error-code> '200' is not valid")
wrong("exception-type", "<error-page><exception-type>CS_EFIAL</exception-type><location>/e</location></error-page>",
      1, "did you mean CS_EFAIL")
wrong("location", "<error-page><error-code>404</error-code><location>e.html</location></error-page>", 1,
      "<location> 'e.html' is not valid.*did you mean '/e.html'")
wrong("dispatcher", FILTER + "\n<filter-mapping><filter-name>f</filter-name><url-pattern>/*</url-pattern>"
      "<dispatcher>NEVER</dispatcher></filter-mapping>", 2, "<dispatcher> 'NEVER' is not valid")
wrong("env-entry", "<env-entry><env-entry-name>n</env-entry-name><env-entry-type>java.lang.Integer</env-entry-type>"
      "<env-entry-value>many</env-entry-value></env-entry>", 1, "'many' of 'n' is no java.lang.Integer")
wrong("not-xml", "<servlet>", 2, "")
# What protects is refused by its name, wherever it stands.
CONSTRAINT = ("\n<security-constraint><web-resource-collection><web-resource-name>all</web-resource-name>"
              "<url-pattern>/*</url-pattern></web-resource-collection><auth-constraint/></security-constraint>")
wrong("security-constraint", CONSTRAINT, 2, "<security-constraint> is not served yet: it protects")
wrong("login-config", "<login-config><auth-method>BASIC</auth-method></login-config>", 1,
      "<login-config> is not served yet: it protects")
wrong("deny-uncovered", "\n<deny-uncovered-http-methods/>", 2, "<deny-uncovered-http-methods> is not served yet")
wrong("protects-misspelled", "<security-constrain/>", 1, "did you mean <security-constraint>")
wrong("protects-elsewhere", servlet("x", "first", "<security-constraint/>"), 1, "<security-constraint> is not served")

# Elements that are not served are named, and the rest is.
webapp("unserved", "\n".join([servlet("x", "first", "<run-as><role-name>r</role-name></run-as>", ["/x"]),
                              "<default-context-path>/elsewhere</default-context-path>",
                              "<serlvet/>",
                              servlet("y", "first", "<security-role-ref><role-name>r</role-name></security-role-ref>")]))

server.configure("""
  <Context path="/strict" docBase="strict.so" failCtxIfServletStartFails="true"/>
  <Context path="/gonestrict" docBase="gonestrict" failCtxIfServletStartFails="true"/>
</Host>
<Host name="strict.example" appBase="strict-host" failCtxIfServletStartFails="true">
  <Context path="/lenient" docBase="lenient.so" failCtxIfServletStartFails="false"/>""")
for name in ("byhost.so", "lenient.so"):
    with open(FAILING, "rb") as source:
        write(os.path.join(server.base, "strict-host", name), source.read())
    os.chmod(os.path.join(server.base, "strict-host", name), 0o644)
server.start()
rows = server.webapps()
log = server.log()


def filters_of(path):
    """The values of all X-Filter fields."""
    with Client(server.port) as client:
        client.send(path)
        client.take_line()
        return [value.decode() for key, _, value in (line.partition(b": ") for line in iter(client.take_line, b""))
                if key.lower() == b"x-filter"]


def inits(app):
    return re.findall(r"localhost/%s: <init (\S+ \S+)>" % app, log)


got = inits("rows")
same("startup-filters-before-servlets", got[0], "one all")
same("startup-ascending", [n for n in got if n in ("one first", "one x1", "one also1", "one second", "one x9")],
     ["one first", "one x1", "one also1", "one second", "one x9"])
same("startup-without-number-last-in-order", got[-3:], ["one empty", "one minus", "one late"])
check("startup-all-at-deploy", len(got) == 9, got)
check("enabled-false-is-not-initialised", "one off" not in got, got)

for name, path, status, text, fields in [
        ("enabled-true", "/enabled/on", 200, "one on", {"x-filter": "all"}),
        ("enabled-false", "/enabled/off", 404, None, {}),
        ("enabled-false-keeps-its-pattern", "/enabled/source.off", 404, None, {}),
        ("enabled-false-overrides-a-row", "/enabled/second", 404, None, {}),
        ("enabled-others-serve", "/enabled/index.html", 200, "welcome", {}),
        ("failing-503", "/failing/failing/x", 503, None, {}),
        ("failing-others-serve", "/failing/first", 200, "one first", {}),
        ("failing-of-web-xml", "/xmlfails/f", 503, None, {}),
        ("failing-unavailable-for-good", "/xmlfails/gone", 404, None, {}),
        ("failing-unavailable-for-a-time", "/xmlfails/busy", 503, None, {"retry-after": "30"}),
        ("failing-rows-serve", "/xmlfails/first", 200, "one first", {}),
        ("unserved-others-serve", "/unserved/x", 200, "one x", {})]:
    answer = server.get(path)
    check(name, answer.status == status and (text is None or answer.text == text) and
          all(answer.fields.get(k) == v for k, v in fields.items()), answer)
check("failing-503-has-no-retry-after", "retry-after" not in server.get("/failing/failing/x").fields)
check("failing-is-told", re.search(r"ERROR .*/failing: init of servlet failing failed with -1: it is unavailable", log),
      log[-3000:])

for name, app, text in [
        ("attribute/Context.failCtxIfServletStartFails", "strict.so", "init of servlet failing failed with -1"),
        ("failctx-also-when-unavailable", "gonestrict", "init of servlet gone failed with -16777216"),
        ("attribute/Host.failCtxIfServletStartFails", "byhost.so", "init of servlet failing failed"),
        ("failing-filter-fails-the-webapp", "filterfails", "init of filter all failed with -1")]:
    check(name, ":failed:" in rows.get(app, "") and text in rows[app], rows.get(app))
same("failctx-answers-503", server.get("/strict/first").status, 503)
check("failctx-of-the-context-before-the-hosts",
      "/lenient:running:" in "\n".join(server.cserv("list", "-b", server.base).stdout.splitlines()),
      server.cserv("list", "-b", server.base).stdout)

merged = inits("merge")
same("merge-init-web-xml-then-modules-then-rows", [n for n in merged if n in ("one x", "other o-first", "one first")],
     ["one x", "other o-first", "one first"])
same("merge-filters-in-that-order", merged[:3], ["one f", "other o-all", "one all"])
same("merge-filters-run-in-that-order", filters_of("/merge/x"), ["f", "o-all", "all"])
check("merge-says-where-the-first-is", "two servlets are named" in rows["twice"] and
      "the first is in %s" % server.webapp("twice/WEB-INF/") in rows["twice"], rows["twice"])

for name, file, line, text in refused:
    row = rows.get("wrong-" + name, "")
    place = re.escape(os.path.realpath(file)) + (":%d: " % line if line else ": ")
    check("refused-" + name, re.search(r":(refused|failed):", row) and re.search(place, row) and re.search(text, row), row)
    same("refused-%s-is-not-served" % name, server.get("/wrong-%s/first" % name).status, 503)

UNSERVED = os.path.realpath(server.webapp("unserved/WEB-INF/web.xml"))
for name, line, text in [("run-as", 2, "<run-as> in <servlet> is not served yet"),
                         ("default-context-path", 4, "<default-context-path> in <web-app> is not served yet"),
                         ("misspelled", 5, "no element <serlvet>, it is ignored; did you mean <servlet>"),
                         ("security-role-ref", 6, "<security-role-ref> in <servlet> is not served yet")]:
    check("named-" + name, re.search(r" WARN .*%s:%d: .*%s" % (re.escape(UNSERVED), line, text), log),
          re.findall(".*unserved.*", log))
same("stop", server.stop().returncode, 0)
end()
