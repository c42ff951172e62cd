#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what can be read off the text of each file: the licence line, calls that do not occur, the
length of files, goto, words that mark unfinished work, paths and hosts of somebody's machine."""
import os
import re
import source_tree

RULES = ("licence", "banned-call", "file-length", "goto", "unfinished", "machine-path")
LONGEST = 500
LICENCE = "SPDX-License-Identifier: Apache-2.0"
# With these endings (or a #! line) a file has a comment syntax, so the licence line can be asked for.
LICENSED = source_tree.C_ENDINGS + (".sh", ".py", ".cmake", ".in", ".map", ".xml", ".html", ".css",
                                    ".js", ".service")
CODE = source_tree.C_ENDINGS + (".sh", ".py", ".cmake")

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|alloca)\s*\(")
GOTO = re.compile(r"\bgoto\s+(?!out\s*;)(\w+)")
# Written in pieces, so that this file keeps its own rules.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|st" r"ub)\b")
MACHINE = re.compile(r"(?<![\w}$])/(?:work/(?:main|shared|\.library)|ro" r"ot/|home/[a-z]\w*/)"
                     r"|\b[\w.-]*(?:artifactory|jfrog|nexus|registry|mirror|pypi|npmjs|goproxy)[\w-]*"
                     r"(?:\.[\w-]+)*\.(?:com|org|net|io|dev|local|corp|internal)\b", re.I)


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def check_all(findings, path, text):
    licensed = path.endswith(LICENSED) or text.startswith("#!") or path.endswith("CMakeLists.txt")
    if licensed and LICENCE not in "\n".join(text.split("\n")[:5]):
        findings.add("licence", path, 1, f'"{LICENCE}" must stand at the top')
    for match in UNFINISHED.finditer(text):
        findings.add("unfinished", path, line_of(text, match), f"the word {match.group(1)}")
    for match in MACHINE.finditer(text):
        findings.add("machine-path", path, line_of(text, match),
                     f"{match.group(0)} belongs to one machine")
    if path.endswith(CODE) or text.startswith("#!"):
        lines = text.count("\n")
        if lines > LONGEST:
            findings.add("file-length", path, lines, f"{lines} lines; split it by reason to change")


def check_c(findings, path, text):
    bare = source_tree.without_comments(text, strings=False)
    for match in BANNED.finditer(bare):
        findings.add("banned-call", path, line_of(bare, match), f"{match.group(1)}()")
    for match in GOTO.finditer(bare):
        findings.add("goto", path, line_of(bare, match),
                     f"goto {match.group(1)}: only one label, out, may be jumped to")


def main():
    options = source_tree.arguments(__doc__).parse_args()
    findings = source_tree.Findings(options.allow, RULES)
    for path in source_tree.files(options.root):
        text = source_tree.read(options.root, path)
        if text is None or os.path.basename(path) == "LICENSE":
            continue
        check_all(findings, path, text)
        if source_tree.is_c(path):
            check_c(findings, path, text)
    findings.finish()


main()
