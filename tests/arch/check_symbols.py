#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_symbols.py BUILD: looks into what was built. Nothing of modules/ and webapps/ is in bin/cserv;
each module exports cs_module_describe and nothing else, can be unloaded, and needs only libraries of
the system's standard folders; no file carries a search path for libraries."""
import glob
import os
import re
import subprocess
import sys

STANDARD = ["/lib", "/usr/lib", "/lib64"] + glob.glob("/lib/*-linux-gnu") + glob.glob(
    "/usr/lib/*-linux-gnu")
failed = False


def add(rule, path, sentence):
    global failed
    failed = True
    print(f"{path}: {rule}: {sentence}")


def readelf(*words):
    done = subprocess.run(["readelf", "-W", *words], capture_output=True, text=True,
                          env=dict(os.environ, LC_ALL="C"))
    if done.returncode or "Error" in done.stderr:
        sys.exit(f"readelf {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def symbols(path, table):
    """(kind, binding, section, name) of each symbol in table .symtab or .dynsym."""
    inside = False
    for line in readelf("--syms", path).split("\n"):
        if line.startswith("Symbol table"):
            inside = f"'{table}'" in line
        words = line.split()
        if inside and len(words) >= 7 and re.match(r"\d+:$", words[0]):
            yield words[3], words[4], words[6], words[7].split("@")[0] if len(words) > 7 else ""


def definitions(path):
    """Names of the functions and objects in PATH: (source file, name) of local ones, and name alone
    of those that are global or were until the version script made them local."""
    local, shared, file = set(), set(), None
    for kind, binding, section, name in symbols(path, ".symtab"):
        if kind == "FILE":
            file = name
        elif kind in ("FUNC", "OBJECT", "TLS") and section != "UND" and name:
            if binding == "LOCAL" and file:
                local.add((file, name))
            else:
                shared.add(name)
    return local, {name for name in shared if not name.startswith("_")}


def check_server(path, modules):
    local, shared = definitions(path)
    if not local:
        add("symbols-stripped", path, "has no symbol table, so nothing can be said about it")
    for module in modules:
        module_local, module_shared = definitions(module)
        own = {pair for pair in module_local if not pair[0].startswith("crt")}
        for file, name in sorted(local & own):
            add("symbols-server", path, f"holds {name} of {file}, which belongs to {module}")
        for name in sorted(shared & module_shared):
            add("symbols-server", path, f"holds {name}, which belongs to {module}")
    check_dynamic(path)


def check_dynamic(path):
    dynamic = readelf("--dynamic", path)
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        add("symbols-runpath", path, "carries a search path for libraries")
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if not any(os.path.exists(os.path.join(folder, library)) for folder in STANDARD):
            add("symbols-needed", path, f"needs {library}, which is in no standard folder")
    return dynamic


def check_module(path):
    exported = sorted(name for _, binding, section, name in symbols(path, ".dynsym")
                      if binding != "LOCAL" and section != "UND" and name)
    if exported != ["cs_module_describe"]:
        add("symbols-export", path, f"exports {', '.join(exported) or 'nothing'}")
    unique = [name for _, binding, _, name in symbols(path, ".symtab") if binding == "UNIQUE"]
    unique += [name for _, binding, _, name in symbols(path, ".dynsym") if binding == "UNIQUE"]
    if unique:
        add("symbols-unique", path, f"{unique[0]} is STB_GNU_UNIQUE: it can never be unloaded")
    if re.search(r"\(FLAGS_1\).*NODELETE", check_dynamic(path)):
        add("symbols-nodelete", path, "is linked with -z nodelete: it can never be unloaded")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_symbols.py BUILD")
    build = sys.argv[1]
    modules = sorted(path for folder in ("modules", "webapps")
                     for path in glob.glob(os.path.join(build, folder, "**", "*.so"), recursive=True))
    server = os.path.join(build, "bin", "cserv")
    if not modules:
        add("symbols-module", build, "has no module in modules/ or webapps/")
    for path in modules:
        check_module(path)
    if os.path.exists(server):
        check_server(server, modules)
    else:
        add("symbols-server", server, "is not there")
    sys.exit(1 if failed else 0)


main()
