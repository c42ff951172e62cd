#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sizes and offsets of every struct and table slot of the public headers, in abi_golden.txt. The
headers are preprocessed, the members read off, and a small C program prints what the compiler makes of
them; built as C and as C++ it must print the same.

abi_layout.py            compares with abi_golden.txt, fails on any difference
abi_layout.py --update   writes abi_golden.txt anew"""
import argparse
import difflib
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import source_tree

LINE_MARK = re.compile(r'^# \d+ "([^"]*)"')


def public_headers(include):
    return sorted(n for n in os.listdir(os.path.join(include, "cserv")) if n.endswith(".h"))


def preprocessed(compiler, include):
    """The text of our own headers, macros expanded, nothing of the system's."""
    source = "".join(f"#include <cserv/{name}>\n" for name in public_headers(include))
    done = subprocess.run(compiler + ["-E", "-x", "c", "-std=c11", f"-I{include}", "-"], input=source,
                          capture_output=True, text=True, check=True)
    own, lines = False, []
    for line in done.stdout.split("\n"):
        mark = LINE_MARK.match(line)
        if mark:
            own = mark.group(1).startswith(os.path.join(include, "cserv"))
        elif own:
            lines.append(line)
    return "\n".join(lines)


def split(text, separator):
    """Pieces of TEXT between SEPARATORs that stand outside of all brackets."""
    pieces, depth, piece = [], 0, ""
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == separator and depth == 0:
            pieces.append(piece)
            piece = ""
        else:
            piece += char
    return pieces + [piece]


def member_names(body):
    for declaration in split(body, ";"):
        for piece in split(declaration, ","):
            pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", piece)
            plain = re.search(r"(\w+)\s*(?:\[[^]]*\]\s*)*$", piece)
            if pointer:
                yield pointer.group(1)
            elif plain:
                yield plain.group(1)


def structs(text):
    """(name, members) of each struct with a body, in order."""
    for match in re.finditer(r"\bstruct\s+(\w+)\s*\{([^{}]*)\}", text):
        yield match.group(1), list(member_names(match.group(2)))


def program(include, found):
    lines = ["#include <stdio.h>"]
    lines += [f"#include <cserv/{name}>" for name in public_headers(include)]
    lines += ["int main(void)", "{"]
    for name, members in found:
        lines.append(f'    printf("{name} size %zu\\n", sizeof(struct {name}));')
        for member in members:
            lines.append(f'    printf("{name}.{member} at %zu size %zu\\n", '
                         f"offsetof(struct {name}, {member}), sizeof(((struct {name} *)0)->{member}));")
    return "\n".join(lines + ["    return 0;", "}", ""])


def printed(compiler, language, include, source):
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "layout")
        subprocess.run(compiler + ["-x", language, "-Wall", "-Werror", f"-I{include}", "-o", binary,
                                   "-"], input=source, text=True, check=True)
        return subprocess.run([binary], capture_output=True, text=True, check=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root",
                        default=os.path.normpath(os.path.join(source_tree.HERE, "..", "..")))
    parser.add_argument("--golden", default=os.path.join(source_tree.HERE, "abi_golden.txt"))
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    include = os.path.join(os.path.abspath(options.root), "container", "include")
    compiler = shlex.split(os.environ.get("CC", "cc"))
    source = program(include, list(structs(preprocessed(compiler, include))))
    layout = printed(compiler, "c", include, source)
    cxx = printed(shlex.split(os.environ.get("CXX", "c++")), "c++", include, source)
    if cxx != layout:
        sys.exit("the structs have another layout in C++ than in C:\n" + difference(layout, cxx))
    header = ("# Written by abi_layout.py --update on a machine with 64-bit pointers: what no later version\n"
              "# may change once the ABI is 1.0, other than by lines at the end of a struct.\n")
    if options.update:
        with open(options.golden, "w", encoding="utf-8") as f:
            f.write(header + layout)
        return
    if platform.architecture()[0] != "64bit":
        print("the golden layout is of 64-bit machines: only C and C++ were compared")
        return
    with open(options.golden, encoding="utf-8") as f:
        golden = f.read()
    if golden != header + layout:
        sys.exit("the public structs are not laid out as abi_golden.txt says; if that is meant, run:\n"
                 "python3 tests/arch/abi_layout.py --update\n" + difference(golden, header + layout))


def difference(before, after):
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True),
                                        "expected", "now", n=1))


main()
