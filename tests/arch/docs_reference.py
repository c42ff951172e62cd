#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs_reference.py BUILD [--update]: the tables of webapps/docs/configuration.html are those of the built
command (`cserv configtest --reference`). Each stands between <!-- table NAME --> and <!-- end -->; with --update
they are written anew. NAME is an element's, "valves" for all valves, "access-codes" for those of access logs, which
come from container/observe/access_codes.def."""
import html
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "webapps", "docs", "configuration.html")
CODES = os.path.join(ROOT, "container", "observe", "access_codes.def")
HEAD = ("<thead><tr><th>attribute</th><th>default</th><th>values</th><th>meaning</th></tr></thead>\n")


def reference(build):
    """[(kind, name, classes or "", doc, [attribute rows])]"""
    command = [os.path.join(build, "bin", "cserv"), "configtest", "--reference", "-b", os.path.join(build, "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        sys.exit("%s: %s" % (" ".join(command), done.stderr.strip()))
    found = []
    for line in done.stdout.splitlines():
        row = line.split("\t")
        if row[0] == "attribute":
            found[-1][4].append(row[2:])
        else:
            found.append((row[0], row[1], row[2] if row[0] == "valve" else "", row[-1], []))
    return found


def values(kind, limits, unit):
    if kind in ("text", "cidrs"):
        return "text" if kind == "text" else "addresses and networks, commas between"
    if kind in ("bool", "choice"):
        return limits.replace("|", ", ")
    low, _, high = limits.partition("..")
    text = "%s to %s" % (low, high) if low and high else "at least " + low if low else "at most " + high if high \
        else "a whole number"
    return text + (" " + unit if unit else "")


def default(text):
    if text in ("", "required"):
        return text or "empty"
    return "<code>%s</code>" % html.escape(text)


def table(attributes):
    rows = ""
    for name, kind, limits, unit, fallback, doc in attributes:
        rows += ('<tr><td><code>%s</code></td><td class="number">%s</td><td>%s</td><td>%s</td></tr>\n' % (
            html.escape(name), default(fallback), html.escape(values(kind, limits, unit)),
            html.escape(doc, quote=False)))
    return '<div class="table"><table>\n%s<tbody>\n%s</tbody></table></div>\n' % (HEAD, rows)


def valves(all_rows):
    text = ""
    for kind, name, classes, doc, attributes in all_rows:
        if kind != "valve":
            continue
        text += '<h3 id="valve-%s">%s</h3>\n<p>%s<code>className</code>: <code>%s</code>%s.</p>\n%s' % (
            name, name, html.escape(doc, quote=False) + " " if doc else "", name,
            "".join(", <code>%s</code>" % html.escape(c) for c in classes.split()), table(attributes))
    return text


def access_codes():
    with open(CODES, encoding="utf-8") as file:
        found = re.findall(r"^X\(\w+, '(.)', (NULL|\"[^\"]*\"), \"([^\"]*)\",\s*\"([^\"]*)\"\)", file.read(), re.M)
    rows = ""
    for letter, argument, key, text in found:
        name = "" if argument == "NULL" else "{%s}" % argument.strip('"').replace("*", "name")
        rows += "<tr><td><code>%%%s%s</code></td><td>%s</td><td><code>%s</code></td></tr>\n" % (
            name, letter, html.escape(text, quote=False), key)
    return ('<div class="table"><table>\n<thead><tr><th>code</th><th>value</th><th>member in JSON</th></tr></thead>\n'
            "<tbody>\n%s</tbody></table></div>\n" % rows)


def main(build, update):
    rows = reference(build)
    tables = {name: table(attributes) for kind, name, _, _, attributes in rows if kind == "element" and attributes}
    tables["valves"] = valves(rows)
    tables["access-codes"] = access_codes()
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    marks = re.findall(r"<!-- table (\S+) -->", text)
    findings = ["%s: docs-reference: there is no place for %s" % (PAGE, name) for name in tables if name not in marks]
    findings += ["%s: docs-reference: there is no %s" % (PAGE, name) for name in marks if name not in tables]

    def fill(found):
        return "<!-- table %s -->\n%s<!-- end -->" % (found[1], tables.get(found[1], ""))

    made = re.sub(r"<!-- table (\S+) -->\n.*?<!-- end -->", fill, text, flags=re.S)
    if update:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(made)
    elif made != text:
        findings.append("%s: docs-reference: a table is not that of the command; run "
                        "python3 tests/arch/docs_reference.py BUILD --update" % PAGE)
    print("".join(f + "\n" for f in findings), end="")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
