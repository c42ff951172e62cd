#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What authors read and fill in is on a page of webapps/docs: each constant and macro of the public headers
(public-constant), and each field of their structs (public-field), in a section that names the struct and outside of
its example code. In one table row or paragraph the further constants of a family may go without its
prefix: <code>CS_LOG_DEBUG</code>, <code>INFO</code>."""
import fnmatch
import os
import re
import sys
import source_tree

RULES = ("public-constant", "public-field")
INCLUDE = os.path.join("container", "include", "cserv")
PAGES = os.path.join("webapps", "docs") + os.sep
# Not for authors: the headers' own syntax (also whatever ends with _), the note in the file, slots of the tables.
OWN_CONSTANTS = ("*_", "CS_0", "CS_C_BEGIN", "CS_C_END", "CS_ASSERT", "CS_CALL_*", "CS_FLAG_*", "CS_NOTE_*",
                 "CS_E_LAST", "CS_RESET_*", "CS_DISPATCH_NAMED")
OWN_STRUCTS = ("*_ops", "cs_note")
SET_BY_MACROS = {"size", "abi_minor", "fields", "invoke", "kind", "flags"}  # of what CS_WEBAPP and CS_MODULE make
DEFINED = re.compile(r"^\s*#\s*define\s+(CS_\w+)", re.M)
STRUCT = re.compile(r"\bstruct\s+(cs_\w+)\s*\{(.*?)^\}", re.S | re.M)
FIELD = re.compile(r"\(\*(\w+)\)\s*\([^;]*|(\w+)\s*(?:\[[^]]*\])?\s*(?=,|$)")
CODE = re.compile(r"<code>([^<]*)</code>")


def headers(root, paths):
    """[(path, text without comments)]"""
    return [(path, source_tree.without_comments(source_tree.read(root, path)))
            for path in paths if os.path.dirname(path) == INCLUDE and path.endswith((".h", ".def"))]


def is_own(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def constants(texts):
    """{name: (path, line)}"""
    found = {}
    for path, text in texts:
        for match in DEFINED.finditer(text):
            if not is_own(match.group(1), OWN_CONSTANTS):
                found.setdefault(match.group(1), (path, text.count("\n", 0, match.start(1)) + 1))
    return found


def fields(texts):
    """[(struct, field, path, line)] but of those that have only a table, and those that CS_ROWS fills in."""
    found = []
    for path, text in texts:
        for struct in STRUCT.finditer(text):
            name, body = struct.groups()
            if is_own(name, OWN_STRUCTS) or re.search(r"\*ops;|\brow_size CS_0;", body):
                continue
            by_macro = SET_BY_MACROS if re.search(r"\babi_minor\b", body) else set()
            at = struct.start(2)
            for member in body.split(";"):
                line = text.count("\n", 0, at + len(member)) + 1
                at += len(member) + 1
                for match in FIELD.finditer(re.sub(r"\bCS_0\b", "", member).strip()):
                    field = match.group(1) or match.group(2)
                    if field and field != "reserved" and field not in by_macro:
                        found.append((name, field, path, line))
    return found


def constants_told(pages):
    """All that are named, and those whose prefix another one in the same piece gives."""
    told = set()
    for text in pages:
        told |= set(re.findall(r"\bCS_\w+", text))
        for piece in re.split(r"<(?:tr|p|li|pre|h[1-6])\b", text):
            whole = re.findall(r"\b(CS_\w+)", piece)
            prefixes = {name[:at + 1] for name in whole for at in range(len(name)) if name[at] == "_"}
            told |= {prefix + rest for rest in re.findall(r"<code>([A-Z_]+)</code>", piece) for prefix in prefixes}
    return told


def fields_told(pages):
    """{(struct, field)} by sections."""
    told = set()
    for text in pages:
        for section in re.split(r"<h[1-6]\b", text):
            prose = re.sub(r"<pre\b.*?</pre>", "", section, flags=re.S)
            structs = set(re.findall(r"\bcs_\w+", prose))
            names = {name for code in CODE.findall(prose) for name in re.findall(r"^\.?(\w+)(?:\(.*|\s*=.*)?$", code)}
            told |= {(struct, name) for struct in structs for name in names}
    return told


def main():
    options = source_tree.arguments(__doc__).parse_args()
    found = source_tree.Findings(options.allow, RULES)
    paths = source_tree.files(options.root)
    texts = headers(options.root, paths)
    pages = [source_tree.read(options.root, p) for p in paths if p.startswith(PAGES) and p.endswith(".html")]
    told = constants_told(pages)
    for name, (path, line) in sorted(constants(texts).items(), key=lambda item: item[1]):
        if name not in told:
            found.add("public-constant", path, line, f"no page of webapps/docs has {name}")
    told = fields_told(pages)
    for struct, field, path, line in fields(texts):
        if (struct, field) not in told:
            found.add("public-field", path, line, f"no section of webapps/docs that names {struct} has <code>{field}</code>")
    found.finish()


if __name__ == "__main__":
    sys.exit(main())
