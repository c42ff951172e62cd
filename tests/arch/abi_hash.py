#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hash that modules and server compare while the module ABI moves: CRC-32 over the calls of abi.def
and the structs and types of abi.h. Comments, blanks and line breaks do not count.

abi_hash.py --check    fails when CS_ABI_HASH in abi.h is another one
abi_hash.py --update   writes it there
abi_hash.py            prints it"""
import argparse
import os
import re
import sys
import zlib
import source_tree

INCLUDE = os.path.join("container", "include", "cserv")
DEFINED = re.compile(r"^(#define CS_ABI_HASH )(0x[0-9a-f]{8})u$", re.M)


def without_directives(text):
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)


def declarations(text):
    """The declarations outside of functions that begin with struct or typedef, each as text."""
    found, depth, start = [], 0, 0
    text = re.sub(r"\bCS_C_(BEGIN|END)\b", ";", text)
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if depth == 0 and char in ";}":
            piece = text[start:at + 1].strip()
            # A struct's closing brace is followed by its name or a semicolon: go on to that.
            if char == "}" and re.match(r"(typedef|struct)\b", piece):
                continue
            if re.match(r"(typedef|struct)\b", piece):
                found.append(piece)
            start = at + 1
    return found


def tokens(text):
    return " ".join(re.findall(r"\w+|[^\w\s]", text))


def abi_text(root):
    """What the hash is over."""
    calls = source_tree.without_comments(source_tree.read(root, os.path.join(INCLUDE, "abi.def")))
    header = source_tree.without_comments(source_tree.read(root, os.path.join(INCLUDE, "abi.h")))
    parts = [tokens(without_directives(calls))]
    parts += [tokens(piece) for piece in declarations(without_directives(header))]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root",
                        default=os.path.normpath(os.path.join(source_tree.HERE, "..", "..")))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--text", action="store_true", help="print what the hash is over")
    options = parser.parse_args()
    text = abi_text(options.root)
    if options.text:
        print(text)
        return
    wanted = f"0x{zlib.crc32(text.encode()):08x}"
    path = os.path.join(options.root, INCLUDE, "abi.h")
    with open(path, encoding="utf-8") as f:
        header = f.read()
    written = DEFINED.search(header)
    if not written:
        sys.exit(f"{path}: no line '#define CS_ABI_HASH 0x????????u'")
    if options.check and written.group(2) != wanted:
        sys.exit(f"{path}: CS_ABI_HASH is {written.group(2)}, but abi.def and the structs give {wanted}:"
                 " the ABI was changed. Run: python3 tests/arch/abi_hash.py --update")
    if options.update and written.group(2) != wanted:
        with open(path, "w", encoding="utf-8") as f:
            f.write(DEFINED.sub(rf"\g<1>{wanted}u", header))
    if not options.check:
        print(wanted)


main()
