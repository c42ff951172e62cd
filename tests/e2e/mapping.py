#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Mapping end to end: the real server with webapps whose servlets answer their name, servlet path and path
info. Rows of a module; web.xml above them; filters in their order; welcome files; the context's root. The
rules themselves, one row per sentence, are in tests/unit/engine/test_mapper.c; what servlets may answer is
in answers.py."""
import os
from served import HERE, Server, check, compile_module, end, read, same, work, write

RULES = read(os.path.join(HERE, "modules", "rules.c"))

WEB_XML = """<web-app>
  <display-name>by web.xml</display-name>
  <servlet><servlet-name>echo</servlet-name><servlet-class>echo</servlet-class></servlet>
  <servlet><servlet-name>one</servlet-name><servlet-class>echo</servlet-class>
    <init-param><param-name>p</param-name><param-value>1</param-value></init-param></servlet>
  <servlet><servlet-name>two</servlet-name><servlet-class>rules.so:echo</servlet-class>
    <init-param><param-name>p</param-name><param-value>2</param-value></init-param></servlet>
  <servlet><servlet-name>kept</servlet-name><servlet-class>kept</servlet-class>
    <init-param><param-name>p</param-name><param-value>xml</param-value></init-param></servlet>
  <servlet><servlet-name>mapped</servlet-name><servlet-class>unmapped</servlet-class></servlet>
  <servlet-mapping><servlet-name>echo</servlet-name><url-pattern>/xml</url-pattern>
    <url-pattern>/a%20b%25</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>one</servlet-name><url-pattern>/one/*</url-pattern>
    <url-pattern>/f/*</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>two</servlet-name><url-pattern>*.two</url-pattern>
    <url-pattern>/d/second</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>mapped</servlet-name><url-pattern>/mapped</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>mapped</servlet-name><url-pattern>/g/*</url-pattern></servlet-mapping>
  <filter><filter-name>A</filter-name><filter-class>around</filter-class></filter>
  <filter><filter-name>B</filter-name><filter-class>rules.so:around</filter-class></filter>
  <filter><filter-name>overridden</filter-name><filter-class>overridden</filter-class></filter>
  <filter><filter-name>params</filter-name><filter-class>params</filter-class>
    <init-param><param-name>p</param-name><param-value>!</param-value></init-param></filter>
  <filter-mapping><filter-name>B</filter-name><servlet-name>one</servlet-name></filter-mapping>
  <filter-mapping><filter-name>B</filter-name><url-pattern>/f/*</url-pattern></filter-mapping>
  <filter-mapping><filter-name>A</filter-name><url-pattern>/f/a/*</url-pattern></filter-mapping>
  <filter-mapping><filter-name>A</filter-name><url-pattern>/f/a/b</url-pattern></filter-mapping>
  <filter-mapping><filter-name>A</filter-name><servlet-name>*</servlet-name></filter-mapping>
  <filter-mapping><filter-name>overridden</filter-name><url-pattern>/over</url-pattern></filter-mapping>
  <welcome-file-list><welcome-file>first.two</welcome-file><welcome-file>second</welcome-file>
  </welcome-file-list>
</web-app>
"""

server = Server()
compile_module(server.webapp("rules.so"), RULES, more=["-DWITH_ROWS"])
compile_module(server.webapp("with#default.so"), RULES, more=["-DWITH_ROWS", "-DWITH_DEFAULT"])
compile_module(server.webapp("ROOT.so"), RULES)
compile_module(server.webapp("xml/WEB-INF/lib/rules.so"), RULES, more=["-DWITH_XML", "-DWITH_FILTERS"])
write(server.webapp("xml/WEB-INF/web.xml"), WEB_XML)
write(server.webapp("xml/w/first.two"), "a file")
server.start()

# name, path, status, text: None is any
TABLE = [
    ("exact", "/rules/a/b", 200, "exact|/a/b|-"),
    ("exact-before-prefix", "/rules/a/b", 200, "exact|/a/b|-"),
    ("exact-before-extension", "/rules/a.x", 200, "exact|/a.x|-"),
    ("exact-is-case-sensitive", "/rules/ONLY/exact", 404, None),
    ("exact-not-below", "/rules/only/exact/more", 404, None),
    ("prefix", "/rules/a/z/y", 200, "prefix|/a|/z/y"),
    ("prefix-longest", "/rules/a/c/d", 200, "longer|/a/c|/d"),
    ("prefix-longest-at-slash", "/rules/a/cd", 200, "prefix|/a|/cd"),
    ("prefix-without-slash", "/rules/x", 200, "prefix|/x|-"),
    ("prefix-with-slash", "/rules/x/", 200, "prefix|/x|/"),
    ("prefix-at-slash-only", "/rules/xy", 404, None),
    ("prefix-before-extension", "/rules/x/y.x", 200, "prefix|/x|/y.x"),
    ("extension", "/rules/q/r.x", 200, "extension|/q/r.x|-"),
    ("extension-last-segment-only", "/rules/q.x/r", 404, None),
    ("extension-is-case-sensitive", "/rules/q.X", 404, None),
    ("context-root", "/rules/", 200, "root||/"),
    ("a-star-is-exact", "/rules/s*", 200, "starred|/s*|-"),
    ("a-star-is-no-prefix", "/rules/sun", 404, None),
    ("no-default", "/rules/nothing", 404, None),
    ("path-is-decoded", "/rules/a/%62", 200, "exact|/a/b|-"),
    ("path-parameters-are-removed", "/rules/a;v=1/b;w", 200, "exact|/a/b|-"),
    ("path-is-normalised", "/rules//a/./z/../b", 200, "exact|/a/b|-"),
    ("default", "/with/default/nothing/at/all", 200, "default|/nothing/at/all|-"),
    ("default-is-last", "/with/default/q.x", 200, "extension|/q.x|-"),
    ("default-not-root", "/with/default/", 200, "root||/"),
    ("context-longest", "/with/default/x", 200, "prefix|/x|-"),
    ("context-at-slash-only", "/with/defaulted", 404, None),
    ("context-root-last", "/always", 200, "always|/always|-"),
    ("context-of-another-case", "/RULES/a/b", 404, None),
    ("web-inf", "/rules/WEB-INF/x.x", 404, None),
    ("web-inf-any-case", "/rules/x/web-Inf", 404, None),
    ("meta-inf", "/rules/x/META-INF/y", 404, None),

    ("xml-maps", "/xml/xml", 200, "A(row(echo|/xml|-"),
    ("xml-pattern-is-encoded (regression 260)", "/xml/a%20b%25", 200, "A(row(echo|/a b%|-"),
    ("xml-overrides-the-rows-pattern", "/xml/row", 404, None),
    ("xml-two-of-a-class-first", "/xml/one/x", 200, "B(A(one|/one|/x|p=1"),
    ("xml-two-of-a-class-second", "/xml/x.two", 200, "A(two|/x.two|-|p=2"),
    ("xml-without-mapping-keeps-the-rows", "/xml/kept/x", 200, "A(kept|/kept|/x"),
    ("xml-params-before-the-rows", "/xml/kept", 200, "A(kept|/kept|-|p=xml|q=row"),
    ("xml-maps-what-the-row-does-not", "/xml/mapped", 200, "A(mapped|/mapped|-"),
    ("xml-extends-the-rows", "/xml/always", 200, "A(always|/always|-"),

    # By URL first, in the order of the mappings (web.xml, then rows), then by servlet name.
    ("filters-url-then-name", "/xml/f/x", 200, "B(row(B(A(one|/f|/x|p=1|q=-))))"),
    ("filters-twice-by-two-mappings", "/xml/f/a/b", 200, "B(A(A(row(B(A(one|/f|/a/b|p=1|q=-))))))"),
    ("filters-prefix-without-slash", "/xml/f/a", 200, "B(A(row(B(A(one|/f|/a|p=1|q=-)))))"),
    ("filters-of-rows-by-name", "/xml/xml", 200, "A(row(echo|/xml|-|p=-|q=-))"),
    ("filters-xml-overrides-the-rows-mapping", "/xml/always", 200, "A(always|/always|-|p=-|q=-)"),
    ("regression-004-filters-xml-without-mapping-keeps-the-rows", "/xml/g/x", 200,
     "params!(A(mapped|/g|/x|p=-|q=-))"),
    ("filter-without-a-servlet", "/refused/x", 403, "answered by the filter"),
    ("filter-answers-itself", "/refused", 403, "answered by the filter"),
    ("chain-next-twice", "/twice/servlet", 200, "always|/twice/servlet|-|p=-|q=-;0;-3"),
    ("regression-006-a-filter-that-writes-behind-a-404", "/twice/x", 404, None),

    ("welcome-physical-file-by-extension", "/xml/w/", 200, "A(two|/w/first.two|-"),
    ("welcome-exact", "/xml/d/", 200, "A(two|/d/second|-"),
    ("welcome-extension-without-file", "/xml/e/", 200, "A(two|/e/first.two|-"),
    ("welcome-root", "/xml/", 200, "A(two|/first.two|-"),
]

for name, path, status, text in TABLE:
    got = server.get(path)
    good = got.status == status and (text is None or got.text.startswith(text))
    check(name, good, "%r, not %d %r" % (got, status, text))

# ---- the context's root without its slash ----
for name, path, location in [
        ("redirect", "/xml", "/xml/"),
        ("redirect-keeps-the-query", "/xml?a=1&b=%2F", "/xml/?a=1&b=%2F"),
        ("redirect-of-two-levels", "/with/default", "/with/default/"),
        # regression 005: a path that begins with two slashes would lead to another host
        ("regression-005-redirect-stays-here", "//xml", "/xml/"),
        ("regression-005-redirect-stays-here-2", "//evil.example/../xml", "/xml/"),
        ("redirect-drops-parameters", "/xml;v=1?q", "/xml/?q")]:
    got = server.get(path)
    check(name, got.status == 302 and got.fields.get("location") == location, got)
same("root-has-no-redirect", server.get("/").status, 404)

# ---- what list says ----
rows = server.webapps()
check("list", rows.get("xml", "").startswith("/xml:running:0:") and
      rows.get("with#default.so", "").startswith("/with/default:running:0:") and
      rows.get("ROOT.so", "").startswith("/:running:0:") and " 1.0" in rows["ROOT.so"], rows)
server.stop()
log = server.log()
check("log-is-quiet", " ERROR " not in log and work in log, log[-600:])
end()
