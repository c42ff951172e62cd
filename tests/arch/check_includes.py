#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom against rooms.txt: rooms of container/, libraries, public headers, and
that modules and webapps see nothing but the public API. Also that container/CMakeLists.txt and the
table in container/README.md say what rooms.txt says."""
import fnmatch
import os
import re
import source_tree

RULES = ("include-form", "include-room", "include-private", "include-library", "include-unknown",
         "include-public", "include-module", "rooms-cmake", "rooms-readme")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">\n]*)[">]', re.M)
CXX = re.compile(r"^[a-z_]+$")


class Table:
    def __init__(self, path):
        self.rooms, self.libraries, self.system = {}, {}, []
        with open(path, encoding="utf-8") as f:
            for line in f:
                kind, _, rest = line.partition(" ")
                left, _, right = rest.partition(":")
                if kind == "room":
                    self.rooms[left] = right.split()
                elif kind == "library":
                    for pattern in left.split():
                        self.libraries[pattern] = right.split()
                elif kind == "system":
                    self.system += rest.split()

    def library(self, header):
        for pattern, rooms in self.libraries.items():
            if fnmatch.fnmatch(header, pattern):
                return rooms
        return None

    def is_system(self, header):
        return any(fnmatch.fnmatch(header, pattern) for pattern in self.system)


def room_of(path):
    parts = path.split(os.sep)
    return parts[1] if len(parts) > 2 and parts[0] == "container" else None


def check_own(table, findings, root, path, line, room, name):
    """#include "name" in a file of ROOM."""
    if room == "include":
        if not os.path.exists(os.path.join(root, os.path.dirname(path), name)) or "/" in name:
            findings.add("include-public", path, line,
                         f'"{name}": public headers include only their neighbours')
        return
    other, _, file = name.partition("/")
    if not file or other not in table.rooms:
        form = f"<{name}>" if other == "cserv" else '"room/file.h"'
        findings.add("include-form", path, line, f'"{name}" must be written {form}')
        return
    if other != room and name.endswith("_priv.h"):
        findings.add("include-private", path, line, f'"{name}" is for the files of {other} only')
        return
    row = table.rooms[room]
    if other != room and "*" not in row and other not in row and name not in row:
        findings.add("include-room", path, line, f'{room} may not know "{name}" (rooms.txt)')


def check_angle(table, findings, path, line, room, name):
    """#include <name> in a file of ROOM."""
    if name.startswith("cserv/"):
        row = table.rooms.get(room, [])
        if room != "include" and "*" not in row and not any(
                fnmatch.fnmatch(f"<{name}>", pattern) for pattern in row):
            findings.add("include-room", path, line, f"{room} may not know <{name}> (rooms.txt)")
        return
    owners = table.library(name)
    if owners is not None:
        if room not in owners:
            findings.add("include-library", path, line,
                         f"<{name}> belongs to {' and '.join(owners) or 'nobody'}")
    elif room == "include" and name == "exception":
        return  # what the C++ side of abi.h is made of
    elif not table.is_system(name):
        findings.add("include-unknown", path, line, f"<{name}> stands nowhere in rooms.txt")


def check_module(table, findings, root, path, line, quote, name):
    """A file of modules/ or webapps/: public headers, libc, C++ and headers of its own folder."""
    if quote == '"':
        own = os.path.join(root, os.path.dirname(path), name)
        generated = name.endswith((".html.h", ".css.h", ".svg.h"))  # embedded pages
        if "/" in name or not (os.path.exists(own) or generated):
            findings.add("include-module", path, line, f'"{name}" is no header of its own folder')
        return
    owners = table.library(name)
    top = path.split(os.sep)[0]
    if name.startswith("cserv/"):
        if not os.path.exists(os.path.join(root, "container", "include", name)):
            findings.add("include-module", path, line, f"<{name}> is no public header")
    elif owners is not None:
        if top not in owners:
            findings.add("include-module", path, line, f"<{name}> is not for {top}")
    elif not table.is_system(name) and not (path.endswith((".cc", ".cpp")) and CXX.match(name)):
        findings.add("include-module", path, line, f"<{name}> stands nowhere in rooms.txt")


def check_file(table, findings, root, path):
    top = path.split(os.sep)[0]
    if top not in ("container", "modules", "webapps") or not source_tree.is_c(path):
        return
    text = source_tree.without_comments(source_tree.read(root, path) or "")
    room = room_of(path)
    if top == "container" and room != "include" and room not in table.rooms:
        findings.add("include-room", path, 1, f"{room} is no room of rooms.txt")
        return
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        quote, name = match.groups()
        if top != "container":
            check_module(table, findings, root, path, line, quote, name)
        elif quote == '"':
            check_own(table, findings, root, path, line, room, name)
        else:
            check_angle(table, findings, path, line, room, name)


def check_cmake(table, findings, root):
    """What a room links must be in its row; the linker then keeps upward calls out."""
    path = os.path.join("container", "CMakeLists.txt")
    if not os.path.exists(os.path.join(root, path)):
        return
    text = re.sub(r"#[^\n]*", "", source_tree.read(root, path))
    for match in re.finditer(r"^cserv_room\((\w+)\s+LINKS([^)]*)\)", text, re.M):
        line = text.count("\n", 0, match.start()) + 1
        room, row = match.group(1), table.rooms.get(match.group(1))
        if row is None:
            findings.add("rooms-cmake", path, line, f"{room} is no room of rooms.txt")
            continue
        known = {word.split("/")[0] for word in row}
        for other in re.findall(r"\bcserv_(\w+)", match.group(2)):
            if "*" not in known and other not in known:
                findings.add("rooms-cmake", path, line, f"{room} may not link {other} (rooms.txt)")


def check_readme(table, findings, root, rooms):
    """The guide's table: a row for each room that has files, with the row of rooms.txt."""
    path = os.path.join("container", "README.md")
    if not os.path.exists(os.path.join(root, path)):
        return
    shown = {}
    for number, line in enumerate(source_tree.read(root, path).split("\n"), 1):
        match = re.match(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", line)
        if match and match.group(1) in table.rooms:
            words = re.findall(r"[^\s,`]+", match.group(2))
            shown[match.group(1)] = (number, ["*"] if words == ["all"] else
                                     [word for word in words if word != "-"])
    for room in sorted(rooms - shown.keys()):
        findings.add("rooms-readme", path, 1, f"the table of rooms has no row for {room}")
    for room, (number, words) in shown.items():
        # Rooms that do not exist yet are in rooms.txt but need not be in the guide.
        row = {w for w in table.rooms[room] if w in words or needed(w, shown)}
        if set(words) != row:
            findings.add("rooms-readme", path, number,
                         f"the row of {room} should read: {', '.join(sorted(row)) or '-'}")


def needed(word, shown):
    return word == "*" or (not word.startswith("<") and word.split("/")[0] in shown)


def main():
    parser = source_tree.arguments(__doc__)
    parser.add_argument("--rooms", default=os.path.join(source_tree.HERE, "rooms.txt"))
    options = parser.parse_args()
    table = Table(options.rooms)
    findings = source_tree.Findings(options.allow, RULES)
    rooms = set()
    for path in source_tree.files(options.root):
        check_file(table, findings, options.root, path)
        if room_of(path) in table.rooms and source_tree.is_c(path):
            rooms.add(room_of(path))
    check_cmake(table, findings, options.root)
    check_readme(table, findings, options.root, rooms)
    findings.finish()


main()
