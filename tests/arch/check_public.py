#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The list of public functions, made from the headers in container/include/cserv and from abi.def: each has a test
that calls it (public-untested) and is on a page of webapps/docs (public-undocumented); each slot of abi.def is
reached by a public function (public-slot). A test that calls it is one whose text becomes a real .so: modules of
tests/e2e, tests/wire and tests/long, and shipped modules and webapps, which are tested there. What is in the test
kit alone (cs_test_) is for programs, so unit tests count for it, too. With --list the functions are printed."""
import os
import re
import sys
import source_tree

RULES = ("public-untested", "public-undocumented", "public-slot")
INCLUDE = os.path.join("container", "include", "cserv")
CALLERS = tuple(os.path.join(*path) + os.sep for path in
                [("tests", "e2e"), ("tests", "wire"), ("tests", "long"), ("webapps",), ("modules",)])
PROGRAMS = CALLERS + (os.path.join("tests", "unit") + os.sep,)
PAGES = os.path.join("webapps", "docs") + os.sep
INLINE = re.compile(r"\bstatic\s+inline\b[^;{}()]*?\b(cs_\w+)\s*\(")
DECLARED = re.compile(r"^(?!static|#)[\w ]+?[ *](cs_\w+)\(", re.M)
SLOT = re.compile(r"^\s*CS_CALL_\w+\([^,]*,\s*(\w+)\s*,", re.M)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def without_attributes(text):
    """__attribute__((...)) may stand before a function: blanked, lines kept."""
    return re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)",
                  lambda match: " " * 1 + "\n" * match.group(0).count("\n"), text)


def public_functions(root, paths):
    """{name: (path, line)} of what authors call; a name that ends with _ is the headers' own."""
    found = {}
    for path in paths:
        if os.path.dirname(path) != INCLUDE or not path.endswith(".h"):
            continue
        text = without_attributes(source_tree.without_comments(source_tree.read(root, path)))
        for pattern in (INLINE, DECLARED):
            for match in pattern.finditer(text):
                if not match.group(1).endswith("_"):
                    found.setdefault(match.group(1), (path, line_of(text, match.start(1))))
    return found


def words_of(root, paths, calls):
    """All names in the files; with CALLS those that a bracket follows, comments of C aside."""
    words = set()
    for path in paths:
        text = source_tree.read(root, path)
        if not text:
            continue
        if calls and source_tree.is_c(path):
            text = source_tree.without_comments(text)
        words |= set(re.findall(r"\b(cs_\w+)\s*\(" if calls else r"\b(cs_\w+)\b", text))
    return words


def slots(root, headers, found):
    path = os.path.join(INCLUDE, "abi.def")
    if not os.path.exists(os.path.join(root, path)):
        return
    reached = set()
    for header in headers:
        reached |= set(re.findall(r"->ops->(\w+)\b", source_tree.read(root, header)))
    text = source_tree.without_comments(source_tree.read(root, path))
    for match in SLOT.finditer(text):
        if match.group(1) not in reached and not text[:match.start()].endswith("#define "):
            found.add("public-slot", path, line_of(text, match.start(1)),
                      f"no public function reaches the slot {match.group(1)}")


def main():
    parser = source_tree.arguments(__doc__)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    paths = source_tree.files(options.root)
    functions = public_functions(options.root, paths)
    if options.list:
        print("".join(name + "\n" for name in sorted(functions)), end="")
        return
    found = source_tree.Findings(options.allow, RULES)
    called, of_programs = (words_of(options.root, [p for p in paths if p.startswith(folders) and
                                                   not p.startswith(PAGES)], True) for folders in (CALLERS, PROGRAMS))
    told = words_of(options.root, [p for p in paths if p.startswith(PAGES)], False)
    for name, (path, line) in sorted(functions.items(), key=lambda item: item[1]):
        if name not in (of_programs if name.startswith("cs_test_") else called):
            found.add("public-untested", path, line, f"no test calls {name}")
        if name not in told:
            found.add("public-undocumented", path, line, f"no page of webapps/docs has {name}")
    slots(options.root, [p for p in paths if os.path.dirname(p) == INCLUDE and p.endswith(".h")], found)
    found.finish()


if __name__ == "__main__":
    sys.exit(main())
