#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Attributes of requests, forward and include, end to end: servlets and filters of a real module do what fields of the request tell
them (modules/dispatch.c). A row: name, path, what each part does, status, text."""
import os
from served import HERE, Server, check, compile_module, end, read, write

server = Server()
SOURCE = read(os.path.join(HERE, "modules", "dispatch.c"))
compile_module(server.webapp("ROOT.so"), SOURCE, more=["-I" + os.path.join(HERE, "modules")])
compile_module(server.webapp("w/WEB-INF/lib/dispatch.so"), SOURCE, more=["-I" + os.path.join(HERE, "modules")])
write(server.webapp("w/WEB-INF/page.html"), "<p>inside</p>")
write(server.webapp("w/page.html"), "<p>outside</p>")
compile_module(server.webapp("e/WEB-INF/lib/dispatch.so"), SOURCE, more=["-I" + os.path.join(HERE, "modules")])
write(server.webapp("e/page.html"), "<p>sorry</p>")
write(server.webapp("e/WEB-INF/private.html"), "<p>private</p>")
PAGES = [("error-code", "404", "/x/c/404?from=page"), ("error-code", "409", "/page.html"),
         ("error-code", "403", "/WEB-INF/private.html"), ("error-code", "410", "/nothing.html"),
         ("error-code", "411", "/x/c/411"), ("error-code", "412", "/gone"), ("error-code", "413", "/x/c/%zz"),
         ("exception-type", "CS_ELIMIT", "/x/c/limit"), ("error-code", "500", "/x/c/500"), (None, None, "/x/c/rest")]
write(server.webapp("e/WEB-INF/web.xml"), "<web-app>%s%s</web-app>" % (
    "<servlet><servlet-name>root</servlet-name><servlet-class>a</servlet-class></servlet>"
    "<servlet-mapping><servlet-name>root</servlet-name><url-pattern></url-pattern></servlet-mapping>", "".join(
    "<error-page>%s<location>%s</location></error-page>" % (
        "<%s>%s</%s>" % (kind, value, kind) if kind else "", location) for kind, value, location in PAGES)))
server.start()


def ask(path, parts, method="GET", body=b"", headers=()):
    fields = ["Do-%s: %s" % part for part in parts.items()] + list(headers)
    return server.get(path, method, fields, body)


def rows(table):
    for name, path, parts, status, text, *more in table:
        got = ask(path, parts, *more)
        good = got.status == status and (text is None or got.text == text) and got.complete
        check(name, good, "%r, not %d %r" % (got, status, text))


# ---- attributes ----
rows([
    ("attribute-absent", "/a", {"a": "attr x"}, 200, "-."),
    ("attribute-set", "/a", {"a": "set x 1; attr x; rc"}, 200, "1.[0]"),
    ("attribute-name-case-counts", "/a", {"a": "set x 1; attr X"}, 200, "-."),
    ("attribute-name-is-copied", "/a", {"a": "set x 1; set y 2; attrs"}, 200, "x=1,y=2,2."),
    ("attribute-order", "/a", {"a": "set x 1; set y 2; set z 3; set x 4; attrs"}, 200, "x=4,y=2,z=3,3."),
    ("attribute-removed", "/a", {"a": "set x 1; set y 2; remove x; rc; attr x; attrs"}, 200, "[0]-.y=2,1."),
    ("attribute-removed-twice", "/a", {"a": "remove x; rc"}, 200, "[0]"),
    ("attribute-without-a-name", "/a", {"a": "unnamed; rc; attrs; ok"}, 200, "[-6]0."),
    ("regression-251-attribute-with-an-empty-name", "/a", {"a": "empty-name; rc; attrs; ok"}, 200, "[-6]0."),
    ("attribute-of-a-filter", "/a", {"f": "set x 1; next", "a": "attr x"}, 200, "1."),
    ("attribute-for-a-filter", "/a", {"f": "next; attr x", "a": "set x 1"}, 200, "1."),
    ("attribute-many", "/a", {"a": "".join("plain n%d %d;" % (i, i) for i in range(40)) + "attr n39; attr n0"},
     200, "39.0."),
    ("attribute-of-the-next-request", "/a", {"a": "attr x; attrs"}, 200, "-.0."),
])


def freed(name, parts, want, status=200):
    """What the destructors of a request have noted when it is over."""
    ask("/a", {"a": "forget"})
    got = ask("/a", parts)
    after = ask("/a", {"a": "freed"}).text
    check(name, got.status == status and after == want, "%r, then %r, not %r" % (got, after, want))


freed("destructor-at-the-end", {"a": "set x 1"}, "1 ")
freed("destructor-last-in-first-out", {"a": "set x 1; set y 2; set z 3"}, "3 2 1 ")
freed("destructor-in-one-order-with-cleanups", {"a": "set x 1; cleanup two; set y 3; cleanup four"}, "four 3 two 1 ")
freed("destructor-when-replaced", {"a": "set x 1; set x 2; cleanup c; freed"}, "1 c 2 ")
freed("destructor-when-removed", {"a": "set x 1; cleanup c; remove x"}, "1 c ")
freed("destructor-of-a-replaced-one-without", {"a": "plain x 1; set x 2; plain x 3"}, "2 ")
freed("destructor-when-a-filter-aborts", {"f": "set x 1; next; fail because", "a": "set y 2"}, "2 1 ", 500)
freed("destructor-when-a-servlet-fails", {"a": "set x 1; set y 2; fail because"}, "2 1 ", 500)
freed("destructor-when-a-filter-answers", {"f": "set x 1; status 403"}, "1 ", 403)
FORM = ["Content-Type: application/x-www-form-urlencoded"]

# ---- forward ----
rows([
    ("forward", "/a", {"a": "say lost; forward /b"}, 200, "b"),
    ("forward-drops-what-was-written", "/a", {"a": "say lost; forward /b; rc", "b": "say kept; committed"}, 200,
     "kept0."),
    ("forward-keeps-status-and-fields", "/a", {"a": "status 203; forward /b"}, 203, "b"),
    ("forward-forgets-the-length", "/a", {"a": "length 100; forward /b"}, 200, "b"),
    ("forward-after-the-head", "/a", {"a": "fill; forward /b; rc; ok"}, 200, "x" * 10000 + "[-3]"),
    ("forward-after-an-error", "/a", {"a": "error 410; forward /b"}, 410, None),
    ("forward-closes-the-answer", "/a", {"a": "forward /b; say more; result 0"}, 200, "b"),
    ("forward-write-behind-it-is-no-failure", "/a", {"a": "forward /b; say more"}, 200, "b"),
    ("forward-field-behind-it", "/a", {"a": "forward /b; status 500; ok"}, 200, "b"),
    ("forward-twice", "/a", {"a": "forward /b; forward /c; ok"}, 200, "b"),
    ("forward-then-include", "/a", {"a": "forward /b; include /c; ok"}, 200, "b"),
    ("forward-nested", "/a", {"a": "forward /b", "b": "say lost; forward /c"}, 200, "c"),
    ("forward-result", "/a", {"a": "forward /b; result 0", "b": "say x; result -1"}, 200, "x"),
    ("forward-result-given-on", "/a", {"a": "forward /b", "b": "say x; fail soup"}, 500, None),
    ("forward-error-of-the-target", "/a", {"a": "forward /b", "b": "say x; error 409 taken"}, 409, None),
    ("forward-status-of-the-target", "/a", {"a": "status 203; forward /b", "b": "status 201; say x"}, 201, "x"),
    ("forward-to-nothing", "/a", {"a": "forward /nothing"}, 404, None),
    ("forward-to-a-method-that-is-not-there", "/a", {"a": "forward /only-post"}, 405, None),
    ("forward-to-what-is-unavailable", "/a", {"a": "forward /gone"}, 503, None),
    ("forward-to-what-is-unavailable-again", "/a", {"a": "forward /gone"}, 503, None),
    ("forward-leaves-the-caller-available", "/a", {}, 200, "a"),
    ("forward-from-a-filter", "/a", {"f": "say lost; forward /b"}, 200, "b"),
    ("forward-by-a-filter-behind-the-chain", "/a", {"f": "next; forward /b", "a": "say lost"}, 200, "b"),
    ("forward-of-the-body", "/a", {"a": "forward /b", "b": "read"}, 200, "the body.", "POST", b"the body"),
    ("forward-of-the-method", "/a", {"a": "forward /b", "b": "tell"}, 200, "b:2|PUT|/b||/b|-|-.", "PUT", b"x"),

    ("forward-path-of-the-target", "/x/a/i?q=1", {"a": "forward /x/b/j/k", "b": "tell"}, 200,
     "b:2|GET|/x/b/j/k||/x/b|/j/k|q=1."),
    ("forward-context-path", "/w/x/a/i", {"a": "forward /b", "b": "tell"}, 200, "b:2|GET|/w/b|/w|/b|-|-."),
    ("forward-query-replaces", "/a?q=1&r=2", {"a": "forward /b?q=3", "b": "tell; param q; params"}, 200,
     "b:2|GET|/b||/b|-|q=3.3,1.q=3,q=1,r=2,."),
    ("forward-query-nested", "/a?q=1", {"a": "forward /b?q=2", "b": "forward /c?q=3", "c": "tell; params"}, 200,
     "c:2|GET|/c||/c|-|q=3.q=3,q=2,q=1,."),
    ("forward-query-before-query-and-form", "/a?q=2", {"a": "forward /b?q=1", "b": "params"}, 200,
     "q=1,q=2,q=3,.", "POST", b"q=3", FORM),
    ("forward-query-is-gone-behind-it", "/a?q=1", {"f": "next; forward /c", "a": "include /b?q=2", "c": "params"},
     200, "q=1,."),
    ("forward-query-decoded", "/a", {"a": "forward /b?q=%41+b", "b": "params"}, 200, "q=A b,."),
    ("forward-attributes", "/x/a/i?q=1", {"a": "forward /b?r=2", "b": "told forward; told include; number 4"}, 200,
     "/x/a/i||/x/a|/i|q=1|/x/a/*.-|-|-|-|-|-./i."),
    ("forward-attributes-are-of-the-first", "/x/a/i?q=1", {"a": "forward /b?r=2", "b": "forward /c",
                                                          "c": "told forward"}, 200, "/x/a/i||/x/a|/i|q=1|/x/a/*."),
    ("forward-attributes-outside", "/a", {"a": "told forward; number 1; number 99; told x"}, 200,
     "-|-|-|-|-|-.-.-.-|-|-|-|-|-."),
    ("forward-leaves-no-trace", "/x/a/i", {"f": "next; forward /c", "a": "include /b?q=1",
                                           "c": "told include; tell"}, 200,
     "-|-|-|-|-|-.c:2|GET|/c||/c|-|-."),

    ("forward-relative", "/x/c", {"c": "forward a/k", "a": "tell"}, 200, "a:2|GET|/x/a/k||/x/a|/k|-."),
    ("forward-relative-to-the-folder", "/x/a/i/j", {"a": "forward ../../b/k", "b": "tell"}, 200,
     "b:2|GET|/x/a/i/../../b/k||/x/b|/k|-."),
    ("forward-relative-is-encoded-once", "/%2541/j", {"f": "forward k.d", "d": "tell"}, 200,
     "d:2|GET|/%2541/k.d||/%41/k.d|-|-."),
    ("forward-is-normalised", "/a", {"a": "forward /x//./c/../b/i", "b": "tell"}, 200,
     "b:2|GET|/x//./c/../b/i||/x/b|/i|-."),
    ("forward-is-decoded", "/a", {"a": "forward /x/%62/%C3%A4", "b": "tell"}, 200,
     "b:2|GET|/x/%62/%C3%A4||/x/b|/\u00e4|-."),
    ("forward-path-parameters", "/a", {"a": "forward /x/b~v=1/j~w?q=1", "b": "tell"}, 200, "b:2|GET|/x/b;v=1/j;w||/x/b|/j|q=1."),
    ("forward-above-by-path-parameters", "/a", {"a": "forward /..~v/b; rc; ok"}, 200, "[-6]"),
    ("forward-above-the-webapp", "/a", {"a": "forward /../b; rc; ok"}, 200, "[-6]"),
    ("forward-relative-above-the-webapp", "/w/a", {"a": "forward ../b; rc; ok"}, 200, "[-6]"),
    ("forward-bad-escape", "/a", {"a": "forward /%zz; rc; ok"}, 200, "[-6]"),
    ("forward-bad-query", "/a", {"a": "forward /b?q=%zz; rc; ok"}, 200, "[-6]"),
    ("forward-encoded-slash", "/a", {"a": "forward /x%2fb; rc; ok"}, 200, "[-6]"),
    ("forward-backslash", "/a", {"a": "forward /x\\b; rc; ok"}, 200, "[-6]"),
    ("forward-fragment", "/a", {"a": "forward /b#x; rc; ok"}, 200, "[-6]"),
    ("forward-nowhere", "/a", {"a": "nowhere; rc; ok"}, 200, "[-6]"),
    ("forward-refused-leaves-all", "/a", {"a": "say kept; forward /../b; ok"}, 200, "kept"),

    ("forward-named", "/x/a/i?q=1", {"a": "say lost; forward-named b", "b": "tell; told forward"}, 200,
     "b:2|GET|/x/a/i||/x/a|/i|q=1.-|-|-|-|-|-."),
    ("forward-named-nobody", "/a", {"a": "forward-named nobody; rc; ok"}, 200, "[-8]"),
    ("forward-named-has-no-query", "/a", {"a": "forward-named b?q=1; rc; ok"}, 200, "[-8]"),

    ("web-inf-from-outside", "/w/WEB-INF/page.html", {}, 404, None),
    ("web-inf-by-forward", "/w/a", {"a": "forward /WEB-INF/page.html"}, 200, "<p>inside</p>"),
    ("web-inf-by-include", "/w/a", {"a": "say 1; include /WEB-INF/page.html; say 2"}, 200, "1<p>inside</p>2"),
    ("web-inf-relative", "/w/a", {"a": "forward WEB-INF/page.html"}, 200, "<p>inside</p>"),
    ("forward-to-a-file", "/w/x/a/i", {"a": "forward /page.html"}, 200, "<p>outside</p>"),
    ("forward-to-no-file", "/w/a", {"a": "forward /no.html"}, 404, None),
    ("forward-post-to-a-file", "/w/a", {"a": "forward /page.html"}, 200, "<p>outside</p>", "POST", b"x"),
])

# ---- include ----
rows([
    ("include", "/a", {"a": "say 1; include /b; say 2; rc"}, 200, "1b2[0]"),
    ("include-after-the-head", "/a", {"a": "say 1; flush; include /b"}, 200, "1b"),
    ("include-flush", "/a", {"a": "say 1; include /b; committed", "b": "flush; committed"}, 200, "11.1."),
    ("include-status-is-ignored", "/a", {"a": "status 203; include /b", "b": "status 500; rc"}, 203, "[0]"),
    ("include-length-is-ignored", "/a", {"a": "include /b; say 2", "b": "length 1; rc"}, 200, "[0]2"),
    ("include-error-is-ignored", "/a", {"a": "say 1; include /b; say 2", "b": "say x; error 500; rc"}, 200,
     "1x[0]2"),
    ("include-method-that-is-not-there", "/a", {"a": "say 1; include /only-post; say 2"}, 200, "12"),
    ("include-nested", "/a", {"a": "say (; include /b; say )", "b": "say [; include /c; say ]"}, 200, "([c])"),
    ("include-result", "/a", {"a": "include /b; rc; ok", "b": "result -5"}, 200, "[-5]"),
    ("include-failure-given-on", "/a", {"a": "include /b", "b": "fail soup"}, 500, None),
    ("include-of-nothing", "/a", {"a": "include /nothing; rc; ok"}, 200, "[-8]"),
    ("include-of-no-file", "/w/a", {"a": "include /no.html; rc; ok"}, 200, "[-8]"),
    ("include-of-what-is-unavailable", "/a", {"a": "include /gone; rc; ok"}, 200, "[-1]"),
    ("include-shows-the-caller", "/x/a/i?q=1", {"a": "include /x/b/j?r=2", "b": "tell"}, 200,
     "b:4|GET|/x/a/i||/x/a|/i|q=1."),
    ("include-attributes", "/x/a/i?q=1", {"a": "include /x/b/j?r=2", "b": "told include; told forward; number 20"},
     200, "/x/b/j||/x/b|/j|r=2|/x/b/*.-|-|-|-|-|-./j."),
    ("include-attributes-are-of-the-last", "/a", {"a": "include /x/b/j?r=2", "b": "include /c",
                                                 "c": "told include"}, 200, "/c||/c|-|-|/c."),
    ("include-attributes-come-back", "/a", {"a": "include /x/b/j?r=2", "b": "include /c; told include"}, 200,
     "c/x/b/j||/x/b|/j|r=2|/x/b/*."),
    ("include-parameters", "/a?q=1", {"a": "include /b?q=2; param q", "b": "param q"}, 200, "2,1.1."),
    ("include-path-parameters", "/a", {"a": "include /x/b~v=1/j~w?q=1", "b": "told include"}, 200,
     "/x/b;v=1/j;w||/x/b|/j|q=1|/x/b/*."),
    ("include-relative-behind-path-parameters", "/x;s=1/a/i;k=1", {"a": "include ../b/k", "b": "told include"}, 200,
     "/x/a/../b/k||/x/b|/k|-|/x/b/*."),
    ("include-relative-to-the-included", "/x/a/i", {"a": "include /x/b/j/k", "b": "include ../l.d",
                                                   "d": "told include"}, 200, "/x/b/../l.d||/x/l.d|-|-|*.d."),
    ("include-in-a-forward", "/a?q=1", {"a": "forward /b?r=1", "b": "include /c?s=1",
                                        "c": "tell; told forward; told include; params"}, 200,
     "c:4|GET|/b||/b|-|r=1./a||/a|-|q=1|/a./c||/c|-|s=1|/c.s=1,r=1,q=1,."),
    ("forward-in-an-include", "/a", {"a": "say lost; include /b; say lost; ok", "b": "say lost; forward /c"}, 200,
     "c"),
    ("include-named", "/x/a/i?q=1", {"a": "say 1; include-named b", "b": "tell; told include"}, 200,
     "1b:4|GET|/x/a/i||/x/a|/i|q=1.-|-|-|-|-|-."),
    ("include-named-nobody", "/a", {"a": "include-named nobody; rc; ok"}, 200, "[-8]"),
    ("include-is-deep", "/a", {"a": "deeper /a"}, 200, "[-5]" + "+" * 65),
    ("include-of-a-file", "/w/a", {"a": "say 1; include /page.html; say 2"}, 200, "1<p>outside</p>2"),
    ("include-of-a-file-has-no-condition", "/w/a", {"a": "include /page.html"}, 200, "<p>outside</p>", "GET", b"",
     ["If-None-Match: *", "Range: bytes=0-0", "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"]),
    ("include-of-a-file-by-post", "/w/a", {"a": "include /page.html"}, 200, "<p>outside</p>", "POST", b"x"),
])

# ---- mappings of dispatches, as Tomcat's TestApplicationMapping has them: value, servlet, kind ----
OWN = {"CONTEXT_ROOT": 1, "DEFAULT": 2, "EXACT": 3, "EXTENSION": 4, "PATH": 5}
for kind, path, value, name in [("EXACT", "/a", "a", "a"), ("PATH", "/x/a/i/j", "i/j", "a"), ("PATH", "/x/a", "", "a"),
                                ("PATH", "/x/a/", "", "a"), ("EXTENSION", "/q/k.d", "q/k", "d"),
                                ("EXTENSION", "/.d", "", "d"), ("DEFAULT", "/w/page.html", "-", "default"),
                                ("DEFAULT", "/w/none", "-", "default"), ("CONTEXT_ROOT", "/e/", "-", "root")]:
    facts = "%s|%s|" % ("" if value == "-" else value, name)
    where = "%s-of-%s" % (kind, path)
    rows([
        ("mapping-own-" + where, path, {"f": "mapping own"}, 200, "%s%d." % (facts, OWN[kind])),
        ("mapping-include-" + where, path, {"f": "include /x/b/j", "b": "mapping own; mapping include; mapping forward"},
         200, "%s%d.j|b|PATH.-|-|-." % (facts, OWN[kind])),
        ("mapping-include-named-" + where, path, {"f": "include-named b", "b": "mapping own; mapping include"}, 200,
         "%s%d.-|-|-." % (facts, OWN[kind])),
        ("mapping-forward-" + where, path, {"f": "forward /x/b/j", "b": "mapping own; mapping forward; mapping include"},
         200, "j|b|5.%s%s.-|-|-." % (facts, kind)),
        ("mapping-forward-named-" + where, path, {"f": "forward-named b", "b": "mapping own; mapping forward"}, 200,
         "%s%d.-|-|-." % (facts, OWN[kind])),
        ("mapping-async-" + where, path, {"f": "again /x/b/j", "b": "mapping own; mapping async; mapping forward"}, 200,
         "j|b|5.%s%s.-|-|-." % (facts, kind)),
    ])
rows([
    ("mapping-forward-is-of-the-first", "/a", {"a": "forward /x/b/j", "b": "forward /c", "c": "mapping forward"}, 200,
     "a|a|EXACT."),
    ("mapping-include-in-a-forward", "/a", {"a": "forward /x/b/j", "b": "include /q/k.d",
                                            "d": "mapping forward; mapping include"}, 200, "a|a|EXACT.q/k|d|EXTENSION."),
    ("mapping-forward-in-an-include", "/q/k.d", {"d": "include /x/b/j", "b": "forward /c", "c": "mapping forward"}, 200,
     "q/k|d|EXTENSION."),
    ("mapping-async-of-a-forward", "/a", {"a": "forward /x/b/j", "b": "again /c", "c": "mapping async; mapping forward"}, 200,
     "a|a|EXACT.a|a|EXACT."),
    ("mapping-outside", "/a", {"a": "mapping forward; mapping include; mapping async"}, 200, "-|-|-." * 3),
    ("mapping-include-of-an-include", "/a", {"a": "include /x/b/j", "b": "include /q/k.d; mapping include",
                                             "d": "mapping include"}, 200, "q/k|d|EXTENSION.j|b|PATH."),
])

# ---- filters of dispatches ----
rows([
    ("filters-request-is-the-default", "/a", {"f": "say f(; next; say )", "a": "include /b"}, 200, "f(b)"),
    ("filters-forward", "/a", {"a": "forward /x/b/i", "forwards": "say F(; next; say )",
                               "includes": "say I(; next; say )"}, 200, "F(b)"),
    ("filters-include", "/a", {"a": "include /x/b/i", "forwards": "say F(; next; say )",
                               "includes": "say I(; next; say )"}, 200, "I(b)"),
    ("filters-not-of-the-request", "/x/b/i", {"forwards": "say F(; next; say )", "includes": "say I(; next; say )"},
     200, "b"),
    ("filters-of-two-kinds", "/b", {"both": "say B(; next; say )"}, 200, "B(b)"),
    ("filters-of-two-kinds-2", "/a", {"a": "forward /b", "both": "say B(; next; say )"}, 200, "B(b)"),
    ("filters-of-two-kinds-3", "/a", {"a": "include /b", "both": "say B(; next; say )"}, 200, "b"),
    ("filters-url-then-name", "/a", {"a": "forward /x/b/q", "forwards": "say 1(; next; say )",
                                     "both": "say 4(; next; say )", "all": "say 2(; next; say )",
                                     "second": "say 3(; next; say )"}, 200, "1(2(3(4(3(b)))))"),
    ("filters-by-the-targets-path", "/x/b/i", {"both": "forward /c", "forwards": "say F(; next; say )"}, 200, "c"),
    ("filters-of-a-named-forward", "/a", {"a": "forward-named b", "forwards": "say 1(; next; say )",
                                          "all": "say 2(; next; say )", "both": "say 3(; next; say )"}, 200,
     "2(3(b))"),
    ("filters-see-the-kind", "/x/a/i", {"a": "include /x/b/i", "includes": "tell; next"}, 200,
     "includes:4|GET|/x/a/i||/x/a|/i|-.b"),
    ("filters-answer-themselves", "/a", {"a": "forward /x/b/i", "forwards": "say mine"}, 200, "mine"),
    ("filters-fail", "/a", {"a": "forward /x/b/i", "forwards": "fail soup"}, 500, None),
])

# ---- kinds, and what an asynchronous dispatch tells ----
rows([
    ("kind-of-a-request", "/a", {"a": "tell"}, 200, "a:1|GET|/a||/a|-|-."),
    ("kind-of-an-async", "/x/a/i?q=1", {"a": "say 1; again /x/b/j?r=2", "b": "tell; told async; told forward; params"}, 200,
     "1b:16|GET|/x/b/j||/x/b|/j|r=2./x/a/i||/x/a|/i|q=1|/x/a/*.-|-|-|-|-|-.r=2,q=1,."),
    ("async-attributes-outside", "/a", {"a": "told async"}, 200, "-|-|-|-|-|-."),
    ("async-attributes-are-of-the-first", "/a?q=1", {"a": "again /b?r=2", "b": "again /c", "c": "told async"}, 200,
     "/a||/a|-|q=1|/a."),
    ("regression-270-async-attributes-behind-a-forward", "/x/a/i?q=1", {"a": "forward /b?r=2", "b": "again /c?s=3",
                                                                        "c": "told async; told forward; params"}, 200,
     "/x/a/i||/x/a|/i|q=1|/x/a/*./x/a/i||/x/a|/i|q=1|/x/a/*.s=3,r=2,q=1,."),
    ("async-attributes-in-an-include", "/a?q=1", {"a": "again /b?r=2", "b": "include /c", "c": "told async; told include"},
     200, "/a||/a|-|q=1|/a./c||/c|-|-|/c."),
    ("async-attributes-of-an-include", "/a?q=1", {"a": "say 1; include /b?r=2", "b": "again /c", "c": "told async; told include"},
     200, "1/a||/a|-|q=1|/a.-|-|-|-|-|-."),
])

# ---- lifetimes ----
rows([
    ("handles-of-an-include-die", "/a", {"a": "include /b; kept; ok", "b": "keep"}, 200, "-,-2,-2."),
    ("handles-of-a-forward-die", "/a", {"f": "next; ok", "a": "forward /b; ok", "b": "keep; say x"}, 200, "x"),
    ("handles-of-a-forward-died", "/a", {"a": "kept; ok"}, 200, "-,-2,-2."),
    ("handles-of-the-caller-live", "/a", {"a": "keep; include /b; say 2", "b": "kept"}, 200, "GET,late0,c0.2"),
    ("handles-of-the-caller-are-not-the-chains", "/a", {"a": "keep; include /x/b/i", "includes": "next-kept; rc; ok"},
     200, "[-3]"),
    ("include-is-deep-by-the-callers-handles", "/a", {"a": "keep; include /b", "b": "deeper-kept /b"}, 200,
     "[-5]" + "+" * 64),
])

# ---- error pages ----
TOLD = "tell; failure"
rows([
    ("error-page-by-status", "/e/missing?q=1", {"c": TOLD}, 404,
     "c:8|GET|/e/x/c/404|/e|/x/c|/404|from=page.404|-|/missing is not here.|/e/missing|default|GET|q=1."),
    ("error-page-sees-get", "/e/x/a/i?q=1", {"a": "error 404 soup", "c": TOLD}, 404,
     "c:8|GET|/e/x/c/404|/e|/x/c|/404|from=page.404|-|soup|/e/x/a/i|a|POST|q=1.", "POST", b"x"),
    ("error-page-keeps-a-query", "/e/a?q=1", {"a": "result -5", "c": "tell"}, 500,
     "c:8|GET|/e/x/c/limit|/e|/x/c|/limit|q=1."),
    ("error-page-parameters", "/e/a?q=1", {"a": "error 404", "c": "params"}, 404, "from=page,q=1,."),
    ("error-page-by-name", "/e/a", {"a": "result -5", "c": TOLD}, 500,
     "c:8|GET|/e/x/c/limit|/e|/x/c|/limit|-.500|CS_ELIMIT||/e/a|a|GET|-."),
    ("error-page-by-status-of-a-failure", "/e/a", {"a": "fail soup", "c": TOLD}, 500,
     "c:8|GET|/e/x/c/500|/e|/x/c|/500|-.500|CS_EFAIL|soup|/e/a|a|GET|-."),
    ("error-page-of-a-result-without-a-name", "/e/a", {"a": "result -77", "c": "failure"}, 500,
     "500|-||/e/a|a|GET|-."),
    ("error-page-without-a-code", "/e/a", {"a": "error 418", "c": TOLD}, 418,
     "c:8|GET|/e/x/c/rest|/e|/x/c|/rest|-.418|-||/e/a|a|GET|-."),
    ("error-page-of-a-method-that-is-not-there", "/e/only-post", {"c": "failure"}, 405,
     "405|-||/e/only-post|only-post|GET|-."),
    ("error-page-of-what-is-unavailable", "/e/gone", {"c": "failure"}, 503, "503|-||/e/gone|gone|GET|-."),
    ("error-page-of-a-hidden-path", "/e/WEB-INF/web.xml", {"c": "failure"}, 404,
     "404|-||/e/WEB-INF/web.xml|-|GET|-."),
    ("error-page-of-bad-parameters", "/e/a?q=%zz", {"a": "param q", "c": "params"}, 400, ".") ,
    ("error-page-is-a-file", "/e/a", {"a": "error 409"}, 409, "<p>sorry</p>"),
    ("error-page-is-a-file-for-any-method", "/e/a", {"a": "error 409"}, 409, "<p>sorry</p>", "PUT", b"x"),
    ("error-page-is-a-file-without-conditions", "/e/a", {"a": "error 409"}, 409, "<p>sorry</p>", "GET", b"",
     ["If-None-Match: *", "Range: bytes=0-0"]),
    ("error-page-below-web-inf", "/e/a", {"a": "error 403"}, 403, "<p>private</p>"),
    ("error-page-drops-what-was-written", "/e/a", {"a": "say lost; length 100; error 404", "c": "say kept"}, 404,
     "kept"),
    ("error-page-sets-the-status", "/e/a", {"a": "error 404", "c": "status 200; say fine"}, 200, "fine"),
    ("error-page-redirects", "/e/a", {"a": "error 404", "c": "redirect /b"}, 302, ""),
    ("error-page-writes-much", "/e/a", {"a": "error 404", "c": "fill"}, 404, "x" * 10000),
    ("error-page-forwards", "/e/a", {"a": "error 404", "c": "forward /b", "b": "tell; failure"}, 404,
     "b:2|GET|/e/b|/e|/b|-|from=page.404|-||/e/a|a|GET|-."),
    ("error-page-includes", "/e/a", {"a": "error 404", "c": "say 1; include /page.html; include /b; say 2",
                                     "b": "failure"}, 404, "1<p>sorry</p>404|-||/e/a|a|GET|-.2"),
    ("error-page-of-a-forward", "/e/a", {"a": "forward /b", "b": "error 404 soup", "c": "failure"}, 404,
     "404|-|soup|/e/a|a|GET|-."),
    ("error-page-of-a-forward-to-nothing", "/e/a", {"a": "forward /nothing", "c": "failure"}, 404,
     "404|-|/nothing is not here.|/e/a|a|GET|-."),
    ("error-page-not-of-an-include", "/e/a", {"a": "say 1; include /b", "b": "error 404"}, 200, "1"),
    ("error-page-of-a-filter", "/e/a", {"f": "error 404 mine", "c": "failure"}, 404, "404|-|mine|/e/a|a|GET|-."),
    ("error-page-filters", "/e/a", {"a": "error 404", "errors": "say F(; next; say )", "f": "say f(; next; say )"},
     404, "F(c)"),
    ("error-page-after-a-redirect-is-none", "/e/a", {"a": "redirect /b; say more"}, 302, ""),
    ("error-page-of-a-status-is-none", "/e/a", {"a": "status 404; say own"}, 404, "own"),
    ("error-page-has-forward-attributes", "/e/x/a/i?q=1", {"a": "error 404", "c": "told forward; told include"}, 404,
     "/e/x/a/i|/e|/x/a|/i|q=1|/x/a/*.-|-|-|-|-|-."),
    ("error-page-of-a-failure-behind-an-error", "/e/a", {"a": "error 404; fail soup", "c": "failure"}, 500,
     "500|CS_EFAIL|soup|/e/a|a|GET|-."),
    ("error-page-of-an-async", "/e/a?q=1", {"a": "again /b", "b": "error 404 soup", "c": "failure"}, 404,
     "404|-|soup|/e/a|a|GET|q=1."),
    ("error-page-attributes-are-not-outside", "/e/a", {"a": "failure"}, 200, "-|-|-|-|-|-|-."),
    ("error-page-write-behind-a-forward", "/e/a", {"a": "error 404", "c": "forward /b; say more"}, 404, "b"),
])


def plain(name, path, parts, status, *more):
    """The container's own page."""
    got = ask(path, parts, *more)
    check(name, got.status == status and "HTTP Status %d" % status in got.text and got.complete, got)


plain("error-page-that-is-missing", "/e/a", {"a": "error 410"}, 410)
plain("error-page-that-errs", "/e/a", {"a": "error 411", "c": "say x; error 411"}, 411)
plain("error-page-that-errs-otherwise", "/e/a", {"a": "error 411", "c": "say x; error 404"}, 411)
plain("error-page-that-fails", "/e/a", {"a": "fail soup", "c": "say x; fail again"}, 500)
plain("error-page-whose-filter-fails", "/e/a", {"a": "fail soup", "errors": "fail again"}, 500)
plain("error-page-that-is-unavailable", "/e/a", {"a": "error 412"}, 412)
plain("error-page-that-is-no-path", "/e/a", {"a": "error 413"}, 413)
plain("error-page-of-another-webapp", "/a", {"a": "error 404"}, 404)
check("error-page-failed-is-logged", server.logs("the error page /nothing.html for 410 of /e/a failed"))
got = ask("/e/a", {"a": "error 409"})
check("error-page-is-a-file-without-validators", got.fields.get("content-type", "").startswith("text/html") and
      not {"etag", "last-modified", "accept-ranges"} & set(got.fields), got)
got = ask("/e/gone", {"c": "say later"})
check("error-page-keeps-retry-after", got.status == 503 and got.text == "later" and
      1 <= int(got.fields.get("retry-after", 0)) <= 51, got)
got = ask("/e/a", {"a": "say x; result -2", "c": "say SORRY"})
check("error-page-not-of-a-client-that-left", got.status == 0 and not got.body, got)
got = ask("/e/a", {"a": "fill; fail soup", "c": "say SORRY"})
check("error-page-after-the-head", got.status == 200 and got.text == "x" * 10000 + "SORRY" and not got.complete, got)
got = ask("/e/a", {"a": "length 20000; fill; fail soup", "c": "say SORRY"})
check("error-page-after-the-head-and-length", got.text == "x" * 10000 and not got.complete, got)
got = ask("/e/a", {"a": "error 404", "c": "fill; fill; fail soup"})
check("error-page-that-fails-after-the-head", got.status == 404 and not got.complete, got)

server.stop()
end()
