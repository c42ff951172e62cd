#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Attributes of requests, end to end: servlets and filters of a real module do what fields of the request tell
them (modules/dispatch.c). A row: name, path, what each part does, status, text."""
import os
from served import HERE, Server, check, compile_module, end, read

server = Server()
compile_module(server.webapp("ROOT.so"), read(os.path.join(HERE, "modules", "dispatch.c")))
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

server.stop()
end()
