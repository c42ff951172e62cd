#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Names in the mappings of web.xml: they lead to what the file itself, conf/web.xml or a module's table declares, and
from a filter-mapping also to servlets that init registers. What web.xml maps has these mappings alone. A name that
nobody has refuses the webapp, with file, line and the nearest one; `cserv configtest` tells it where there are no
modules that could have it. (Regression 244: names of the same file only were known.)"""
import os
import re
from served import HERE, Client, Server, check, compile_module, end, read, same, work, write

SOURCE = read(os.path.join(HERE, "modules", "names.c"))
MODULE = compile_module(os.path.join(work, "names.so"), SOURCE)
server = Server()
refused = []


def webapp(name, xml, modules=True, defaults=server):
    if modules:
        with open(MODULE, "rb") as source:
            write(defaults.webapp(name + "/WEB-INF/lib/n.so"), source.read())
        os.chmod(defaults.webapp(name + "/WEB-INF/lib/n.so"), 0o644)
    write(defaults.webapp(name + "/page.html"), "page")
    write(defaults.webapp(name + "/static/page.html"), "static page")
    return write(defaults.webapp(name + "/WEB-INF/web.xml"), "<web-app>\n%s\n</web-app>\n" % xml)


def servlet_mapping(name, *patterns):
    return "<servlet-mapping><servlet-name>%s</servlet-name>%s</servlet-mapping>\n" % (
        name, "".join("<url-pattern>%s</url-pattern>" % p for p in patterns))


def filter_mapping(name, *servlets, urls=()):
    return "<filter-mapping><filter-name>%s</filter-name>%s%s</filter-mapping>\n" % (
        name, "".join("<url-pattern>%s</url-pattern>" % u for u in urls),
        "".join("\n<servlet-name>%s</servlet-name>" % s for s in servlets))


def wrong(name, xml, line, text, modules=True):
    refused.append((name, webapp("wrong-" + name, xml, modules), line + 1, text, modules))


ROW = "<servlet><servlet-name>row</servlet-name><servlet-class>row</servlet-class></servlet>"
MARK = "<filter><filter-name>mark</filter-name><filter-class>mark</filter-class></filter>"
webapp("plain", "")
webapp("servlets", servlet_mapping("row", "/a", "/b/*") + servlet_mapping("unmapped", "*.x") + servlet_mapping("row", "/c"))
webapp("declared", ROW + servlet_mapping("row", "/a", "/b/*")) # as it always was
webapp("taken", servlet_mapping("row", "/a") + servlet_mapping("other", "/row"))
webapp("filters", filter_mapping("mark", urls=["/other"]) + filter_mapping("free", "row"))
webapp("declared-filter", MARK + filter_mapping("mark", urls=["/other"]))
webapp("by-name", filter_mapping("free", "row", "late", "later", "default", "*"))
webapp("default", servlet_mapping("default", "/static/*"))
webapp("no-modules", servlet_mapping("default", "/static/*") +
       "<filter><filter-name>f</filter-name><filter-class>cors</filter-class></filter>" + filter_mapping("f", "default"),
       modules=False)

EXPECTED = "expected the name of a <%s> of this file, of conf/web.xml or of a module's table"
wrong("servlet", "\n" + servlet_mapping("rwo", "/a"), 2, "<servlet-name> 'rwo' names no <servlet>: " +
      EXPECTED % "servlet" + r"\. did you mean 'row'\?")
wrong("servlet-of-init", servlet_mapping("late", "/a"), 1, "<servlet-name> 'late' names no <servlet>")
wrong("filter", filter_mapping("makr", urls=["/*"]), 1, "<filter-name> 'makr' names no <filter>: " + EXPECTED % "filter" +
      r"\. did you mean 'mark'\?")
wrong("filter-of-init", filter_mapping("made", urls=["/*"]), 1, "<filter-name> 'made' names no <filter>")
wrong("servlet-of-a-filter", filter_mapping("free", "row", "laterr"), 3, "filter free is mapped to the servlet 'laterr', "
      r"which does not exist: .*or one that init registers\. did you mean 'later'\?")
wrong("none-near", filter_mapping("free", "nobody-has-this"), 2, r"which does not exist: .* registers\. Mend the name")
wrong("empty-servlet", servlet_mapping("", "/a"), 1, "<servlet-name> '' names no <servlet>")
wrong("empty-filter", filter_mapping("", urls=["/*"]), 1, "<filter-name> '' names no <filter>")
wrong("empty-by-name", filter_mapping("free", ""), 2, "filter free is mapped to the servlet '', which does not exist")
wrong("pattern-of-two", servlet_mapping("row", "/a") + servlet_mapping("other", "/a"), 2,
      "'/a' leads to two servlets: 'row' has it already, here it is given to 'other'")
wrong("alone", servlet_mapping("defualt", "/static/*"), 1, r"'defualt' names no <servlet>.*did you mean 'default'\?", False)
wrong("alone-by-name", "<filter><filter-name>f</filter-name><filter-class>cors</filter-class></filter>\n" +
      filter_mapping("f", "defualt"), 3, r"'defualt'", False)
taken = webapp("wrong-pattern-of-a-row", servlet_mapping("row", "/other"))

tested = server.cserv("configtest", "-b", server.base)
for name, file, line, text, modules in refused:
    told = [row for row in tested.stderr.splitlines() if file in row]
    if modules and name != "pattern-of-two": # a table may have the name; tables are not read
        same("configtest-%s-is-left-to-a-start" % name, told, [])
    else:
        check("configtest-" + name, tested.returncode == 1 and len(told) == 1 and "%s:%d: " % (file, line) in told[0] and
              re.search(text, told[0]), told)
same("configtest-nothing-else", len([row for row in tested.stderr.splitlines() if row.startswith("cserv: /")]), 3)
server.start()
rows = server.webapps()
log = server.log()


def filters_of(path):
    with Client(server.port) as client:
        client.send(path)
        client.take_line()
        return [line.split(b": ")[1].decode() for line in iter(client.take_line, b"") if line.startswith(b"X-Filter:")]


for name, path, status, text in [
        ("row-by-its-table", "/plain/row/x", 200, "row /row"),
        ("row-mapped-by-web-xml", "/servlets/a", 200, "row /a"),
        ("row-mapped-by-web-xml-with-a-prefix", "/servlets/b/x", 200, "row /b"),
        ("row-mapped-by-web-xml-twice", "/servlets/c", 200, "row /c"),
        ("row-without-patterns-is-mapped", "/servlets/file.x", 200, "unmapped /file.x"),
        ("row-patterns-are-replaced", "/servlets/row", 404, None),
        ("row-patterns-are-replaced-all", "/servlets/row/x", 404, None),
        ("row-declared-and-mapped", "/declared/b/x", 200, "row /b"),
        ("row-declared-patterns-are-replaced", "/declared/row", 404, None),
        ("row-not-named-keeps-its-patterns", "/servlets/other", 200, "other /other"),
        ("pattern-goes-to-another-row", "/taken/row", 200, "other /row"),
        ("pattern-below-goes-nowhere", "/taken/row/x", 404, None),
        ("default-of-conf-is-mapped", "/default/static/page.html", 200, "static page"),
        ("default-of-conf-keeps-these-alone", "/default/page.html", 404, None),
        ("default-without-modules", "/no-modules/static/page.html", 200, "static page"),
        ("default-without-modules-keeps-these-alone", "/no-modules/page.html", 404, None)]:
    answer = server.get(path)
    check(name, answer.status == status and (text is None or answer.text == text), answer)
for name, path, want in [
        ("filter-by-its-table", "/plain/row", ["mark"]),
        ("filter-by-its-table-to-a-servlet-of-init", "/plain/late", ["mark"]),
        ("filter-of-a-row-mapped-by-web-xml", "/filters/other", ["mark"]),
        ("filter-of-a-row-by-servlet-name", "/filters/row/x", ["free"]),
        ("filter-of-a-row-mappings-are-replaced", "/filters/row", ["free"]),
        ("filter-of-a-row-mappings-by-name-are-replaced", "/filters/late", []),
        ("filter-declared-and-mapped", "/declared-filter/other", ["mark"]),
        ("filter-declared-mappings-are-replaced", "/declared-filter/row", []),
        ("filter-to-a-row-by-name", "/by-name/row/x", ["free", "free"]),
        ("filter-to-a-servlet-of-init", "/by-name/late", ["free", "free", "mark"]),
        ("filter-to-a-servlet-of-a-listener", "/by-name/later", ["free", "free"]),
        ("filter-to-a-servlet-of-conf", "/by-name/page.html", ["free", "free"]),
        ("filter-to-every-servlet", "/by-name/other", ["free"])]:
    same(name, filters_of(path), want)
for name, file, line, text, modules in refused:
    row = rows.get("wrong-" + name, "")
    check("refused-" + name, re.search(":(refused|failed):", row) and "%s:%d: " % (file, line) in row and
          re.search(text, row), row)
    check("logged-" + name, re.search(r" ERROR .*%s:%d: .*%s" % (re.escape(file), line, text), log),
          re.findall(".*wrong-%s.*" % name, log))
    same("refused-%s-is-not-served" % name, server.get("/wrong-%s/page.html" % name).status, 503)
row = rows["wrong-pattern-of-a-row"]
check("refused-pattern-of-a-row", "both have the URL pattern '/other'" in row, row)
same("stop", server.stop().returncode, 0)

# ---- what conf/web.xml declares gives way to rows (regression 245: a filter of a row's name did not) ----
conf = os.path.join(server.base, "conf", "web.xml")
good = read(conf)
write(conf, good.replace("</web-app>", "<filter><filter-name>mark</filter-name><filter-class>cors</filter-class></filter>" +
                         filter_mapping("mark", urls=["/other"]) + "</web-app>"))
server.start()
for name, path, want in [
        ("row-before-a-filter-of-conf", "/plain/row", ["mark"]),
        ("row-before-a-filter-of-conf-and-its-mappings", "/plain/other", []),
        ("row-before-a-filter-of-conf-mapped-by-web-xml", "/filters/other", ["mark"]),
        ("declared-before-a-filter-of-conf", "/declared-filter/other", ["mark"])]:
    same(name, filters_of(path), want)
same("stop-with-conf", server.stop().returncode, 0)

# ---- conf/web.xml names only what it declares ----
for name, more, text in [("servlet", servlet_mapping("row", "/x"), "<servlet-name> 'row' names no <servlet>"),
                         ("filter", filter_mapping("mark", urls=["/*"]), "<filter-name> 'mark' names no <filter>"),
                         ("servlet-of-a-filter", "<filter><filter-name>f</filter-name><filter-class>cors</filter-class>"
                          "</filter>" + filter_mapping("f", "row"), "<servlet-name> 'row' names no <servlet>")]:
    write(conf, good.replace("</web-app>", more + "</web-app>"))
    for command in ("configtest", "start"):
        done = server.cserv(command, "-b", server.base)
        check("conf-%s-%s" % (name, command), done.returncode == 1 and re.search(
            r"%s:\d+: %s: expected the name of a <(servlet|filter)> of this file" % (re.escape(conf), text), done.stderr),
              done.stdout + done.stderr)
end()
