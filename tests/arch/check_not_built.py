#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The list "Not built yet" of webapps/docs/limits.html: what it names is not there. Each item has in data-absent the
names that would be there if it were (not-built-names), with * for any text, and none of them is
(not-built-there): not in the public headers, nor among the attributes and elements that the configuration serves,
the commands (cmd_NAME), or the folders of modules/ and webapps/. So whoever builds it has to take the item out."""
import fnmatch
import os
import re
import sys
import source_tree

RULES = ("not-built-names", "not-built-there")
PAGE = os.path.join("webapps", "docs", "limits.html")
INCLUDE = os.path.join("container", "include", "cserv")
# What in a file of this name is there: each match is names, with commas and quotes between or not.
SERVED = {
    os.path.join("container", "config", "schema_server.c"): (
        r'\b[A-Z][A-Z_]*\(\s*(?:\w+,\s*)?"([\w.]+)"',  # an attribute: TEXT(owner, "name", ...), C_TEXT("name", ...)
        r'\.name = "(\w+)"',
    ),
    os.path.join("container", "config", "webxml_names.c"): (r'=\s*\{\s*"[\w-]+",\s*NAMES\(([^)]*)\)',),
    os.path.join("container", "cli", "commands.h"): (r"\b(cmd_\w+)\(",),
}


def names_there(root, paths):
    """{name: path} of all that is there."""
    found = {}
    for path in paths:
        patterns = SERVED.get(path, (r"\b([cC][sS]_\w+)",) if os.path.dirname(path) == INCLUDE else ())
        text = source_tree.without_comments(source_tree.read(root, path)) if patterns else ""
        for pattern in patterns:
            for names in re.findall(pattern, text):
                for name in re.split(r"[\s,]+", names.replace('"', "")):
                    found.setdefault(name, path)
        parts = path.split(os.sep)
        if parts[0] in ("modules", "webapps") and len(parts) > 2:
            found.setdefault("/".join(parts[:2]), path)
    return found


def items(text):
    """[(line, its names)] of the list, or None without one."""
    section = re.search(r'id="not-yet".*?<ul>(.*?)</ul>', text, re.S)
    if not section:
        return None
    return [(text.count("\n", 0, section.start(1) + item.start()) + 1,
             (re.search(r'data-absent="([^"]*)"', item.group(0)) or [None, ""])[1].split())
            for item in re.finditer(r"<li\b[^>]*>", section.group(1))]


def main():
    options = source_tree.arguments(__doc__).parse_args()
    found = source_tree.Findings(options.allow, RULES)
    paths = source_tree.files(options.root)
    if PAGE in paths:
        listed = items(source_tree.read(options.root, PAGE))
        if listed is None:
            found.add("not-built-names", PAGE, 1, 'there is no list behind id="not-yet"')
        there = names_there(options.root, paths)
        for line, names in listed or []:
            if not names:
                found.add("not-built-names", PAGE, line, "the item has no data-absent with the names it would have")
            for name in names:
                for match in sorted(fnmatch.filter(there, name)):
                    found.add("not-built-there", PAGE, line, f"{match} is there: {there[match]}")
    found.finish()


if __name__ == "__main__":
    sys.exit(main())
