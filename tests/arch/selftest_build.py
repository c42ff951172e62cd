#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that check_symbols.py, abi_hash.py and abi_layout.py notice. Each file of fixtures/symbols is
built as the module of a small build folder of its own; its head says what is to be found (expect:),
how it is built differently (flags:, script: none, needs:), whether the server has it linked in, too
(server:), and what the finding must name (mentions:)."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
INCLUDE = os.path.join(ROOT, "container", "include")
FIXTURES = os.path.join(HERE, "fixtures", "symbols")
CC = {".c": shlex.split(os.environ.get("CC", "cc")), ".cpp": shlex.split(os.environ.get("CXX", "c++"))}
failed = 0


def expect(name, good, why):
    global failed
    print(f"ok {name}" if good else f"FAIL {name}: {why}")
    failed += not good


def command(words, source=None):
    subprocess.run(words, input=source, text=True, check=True)


def script(name, *words):
    return subprocess.run([sys.executable, os.path.join(HERE, name), *words], capture_output=True,
                          text=True)


def build(folder, name, head):
    """Builds fixture NAME and a server into FOLDER."""
    stem, ending = os.path.splitext(name)
    module = os.path.join(folder, "webapps", "shop", stem + ".so")
    os.makedirs(os.path.dirname(module))
    os.makedirs(os.path.join(folder, "bin"))
    compiler = CC[ending] + [f"-I{INCLUDE}", "-fPIC"]
    words = ["-fvisibility=hidden"] + head.get("flags", "").split()
    if head.get("script") != "none":
        words.append(f"-Wl,--version-script={INCLUDE}/cserv/module.map")
    if "needs" in head:
        library = os.path.join(folder, head["needs"])
        command(CC[".c"] + ["-shared", f"-Wl,-soname,{head['needs']}", "-x", "c", "-o", library, "-"],
                "int fixture_library;\n")
        words += ["-Wl,--no-as-needed", library]
    command(compiler + ["-shared", "-o", module, os.path.join(FIXTURES, name)] + words)
    parts = [os.path.join(FIXTURES, name)] if "server" in head else []
    main = os.path.join(folder, "main.c")
    with open(main, "w", encoding="utf-8") as f:
        f.write("static int own(void) { return 0; }\nint main(void) { return own(); }\n")
    # -O0 keeps functions that are only referred to.
    command(compiler + ["-O0", "-o", os.path.join(folder, "bin", "cserv"), main] + parts)


def check_fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as f:
        head = dict(re.findall(r"^ \* (\w+): (.*?)(?: \*/)?$", f.read(), re.M))
    wanted = set() if head["expect"] == "nothing" else set(head["expect"].split())
    with tempfile.TemporaryDirectory() as folder:
        build(folder, name, head)
        done = script("check_symbols.py", folder)
        found = set(re.findall(r": (symbols-\w+): ", done.stdout))
        expect(f"notices/symbols-{name}", found == wanted and (done.returncode != 0) == bool(wanted)
               and head.get("mentions", "") in done.stdout,
               f"wanted {sorted(wanted)}, found {done.stdout} {done.stderr}")


def changed(name, file, pattern, text, hash_changes, layout_changes):
    """Whether a change of a public header is noticed by the hash and by the golden layout."""
    with tempfile.TemporaryDirectory() as folder:
        include = os.path.join(folder, "container", "include")
        shutil.copytree(INCLUDE, include)
        golden = os.path.join(folder, "golden.txt")
        for step in (("abi_hash.py", "--root", folder, "--update"),
                     ("abi_layout.py", "--root", folder, "--golden", golden, "--update")):
            done = script(*step)
            if done.returncode:
                expect(f"notices/{name}", False, done.stderr)
                return
        path = os.path.join(include, "cserv", file)
        with open(path, encoding="utf-8") as f:
            before = f.read()
        after = re.sub(pattern, text, before, count=1)
        with open(path, "w", encoding="utf-8") as f:
            f.write(after)
        hash_told = script("abi_hash.py", "--root", folder, "--check").returncode != 0
        layout_told = script("abi_layout.py", "--root", folder, "--golden", golden).returncode != 0
        expect(f"notices/{name}",
               before != after and hash_told == hash_changes and layout_told == layout_changes,
               f"changed {before != after}, hash noticed {hash_told}, layout noticed {layout_told}")


def main():
    for name in sorted(os.listdir(FIXTURES)):
        check_fixture(name)
    slot = r"(CS_CALL_CHAIN\(int, next,[^\n]*\n)"
    changed("abi-comment", "abi.h", r"\A", "/* another comment */\n", False, False)
    changed("abi-slot-added", "abi.def", slot, r"\1CS_CALL_CHAIN(int, last, (cs_chain * chain), 2)\n",
            True, True)
    changed("abi-signature", "abi.def", r"uint32_t nth\), 1\)", "uint64_t nth), 1)", True, False)
    changed("abi-members-swapped", "abi.h", r"char name\[64\], version\[32\];",
            "char version[32], name[64];", True, True)
    changed("abi-tables-head", "servlet.h", r"uint32_t size, minor;", "uint32_t minor, size;", False,
            True)
    sys.exit(1 if failed else 0)


main()
