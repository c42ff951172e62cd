#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""What every command has in common: --help, --json that is JSON, exit codes, the base it means; and what
`version` tells. The list of commands is taken from `cserv --help`, so that a new one is tested, too."""
import json
import os
import re
import shlex
import shutil
import subprocess
from served import BUILD, CSERV, Server, check, compile_module, end, read, run, same, skip, work

MODULE = """#include <cserv/servlet.h>
#include <stdio.h>
static int get(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "hello"); }
static const cs_servlet rows[] = {{.name = "hello", .url_patterns = "/hello", .get = get}};
CS_WEBAPP("hello", "1.2.3", .servlets = CS_ROWS(rows))
"""
LOUD = """__attribute__((constructor)) static void loud(void) { printf("a loud module\\nwithout end"); }
"""
server = Server()
base = server.base
hello = compile_module(os.path.join(work, "hello.so"), MODULE)
loud = compile_module(os.path.join(work, "loud.so"), MODULE + LOUD)
shutil.copy(loud, server.webapp("hello.so"))
bad = os.path.join(work, "bad.so")
with open(bad, "w", encoding="ascii") as file:
    file.write("no module\n")
commands = re.findall(r"^  (\w+) +\S", run(CSERV, "--help").stdout, re.M)
check("commands", {"run", "start", "stop", "status", "list", "version"} <= set(commands), commands)


def tell(*arguments):
    return run(CSERV, *arguments, "-b", base)


# ---- usage ----
for command in commands:
    done = run(CSERV, command, "--help")
    check("help/" + command, done.returncode == 0 and done.stderr == "" and
          done.stdout.startswith("usage: cserv %s " % command) and "\n  --help " in done.stdout and
          "-b DIR" in done.stdout, done)
    check("help-json/" + command, re.search(r"^  --json +\S", done.stdout, re.M), done.stdout)
    done = run(CSERV, command, "--nonsense")
    check("wrong-option/" + command, done.returncode == 2 and done.stdout == "" and
          "--nonsense" in done.stderr and "cserv %s --help" % command in done.stderr, done)
    words = ["x"] * 3
    done = run(CSERV, command, *words)
    check("wrong-words/" + command, done.returncode == 2 and "cserv %s --help" % command in done.stderr, done)


def answer(name, done, code=0):
    """The one JSON object on stdout."""
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        check(name, False, "%s: %s" % (error, done))
        return {}
    check(name, done.returncode == code and isinstance(found, dict) and done.stdout.count("\n") == 1 and
          found.get("base"), done)
    return found


def refused(name, done, pattern, place=base):
    """The error on stderr, and the same in the object."""
    found = answer(name, done, 1)
    text = found.get("error", {}).get("text", "")
    check(name + "/error", re.search(pattern, text) and "cserv: %s\n" % text in done.stderr, done)
    same(name + "/base", found.get("base"), place)
    return found.get("error", {})


# ---- nothing runs ----
tested = set()
new = os.path.join(work, "new")
found = answer("json/makebase", run(CSERV, "makebase", new, "--json", "--port", "0"))
same("json/makebase-base", found.get("base"), new)
same("json/makebase-webapps", found.get("webapps"), len(os.listdir(os.path.join(new, "webapps"))))
refused("json/makebase-twice", run(CSERV, "makebase", new, "--json"), "is a base already", new)
found = answer("json/configtest", tell("configtest", "--json"))
same("json/configtest-ok", found.get("ok"), True)
found = answer("json/configtest-effective", tell("configtest", "--json", "--effective"))
check("json/configtest-effective-text", "maxConnections" in found.get("effective", ""), found)
found = answer("json/version", tell("version", "--json"))
check("json/version-abi", re.fullmatch(r"[0-9]+\.[0-9]+", found.get("abi", "")) and
      re.fullmatch(r"[0-9a-f]{8}", found.get("abiHash", "")), found)
found = answer("json/status-stopped", tell("status", "--json"), 1)
same("json/status-stopped-state", found.get("state"), "stopped")
refused("json/list-stopped", tell("list", "--json"), "no server is running")
found = answer("json/stop-stopped", tell("stop", "--json"))
same("json/stop-stopped-was", found.get("wasRunning"), False)
# regression 140: what a module printed while it was loaded stood among its tables
for file in (hello, loud):
    name = os.path.basename(file)
    found = answer("json/inspect-" + name, tell("inspect", "--json", file))
    same("regression-140/inspect-" + name, found.get("tables"), ['servlet hello urls "/hello"'])
    found = answer("json/probe-" + name, tell("probe", "--json", file))
    same("regression-140/probe-" + name, found.get("tables"), ['servlet hello urls "/hello"'])
refused("json/inspect-refused", tell("inspect", "--json", bad), "bad.so")
refused("json/probe-refused", tell("probe", "--json", bad), "bad.so")

# ---- a server's life ----
found = answer("json/start", tell("start", "--json"))
same("json/start-state", found.get("state"), "running")
same("json/start-pid", str(found.get("pid")), read(os.path.join(base, "run", "cserv.pid")).strip())
check("json/start-url", re.fullmatch(r"http://127\.0\.0\.1:\d+/", (found.get("urls") or [""])[0]), found)
same("json/start-webapps", found.get("webapps"), 1)
refused("json/start-again", tell("start", "--json"), "already served by process %d" % found.get("pid", 0))
refused("json/run-again", tell("run", "--json"), "already served by process %d" % found.get("pid", 0))
same("json/status", answer("json/status-object", tell("status", "--json")).get("pid"), found.get("pid"))
same("json/list", [w.get("path") for w in answer("json/list-object", tell("list", "--json")).get("webapps", [])],
     ["/hello"])
found = answer("json/stop", tell("stop", "--json"))
same("json/stop-state", (found.get("state"), found.get("wasRunning")), ("stopped", True))
for more in ((), ("--single",)):
    running = subprocess.Popen([CSERV, "run", "--json", "-b", base, *more], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL)
    line = running.stdout.readline()
    running.terminate()
    # What cserv, its log and the webapps print goes elsewhere: the object is all that stands there.
    done = subprocess.CompletedProcess([], running.wait(), line + running.stdout.read(), "")
    name = "json/run" + "".join(more)
    same(name + "-base", answer(name, done).get("base"), base)
refused("json/start-nowhere", run(CSERV, "start", "--json", "-b", work + "/nowhere"), "cserv makebase",
        work + "/nowhere")
shutil.copy(os.path.join(base, "conf", "server.xml"), os.path.join(work, "server.xml"))
server.configure(edit=lambda text: re.sub('port="0"', 'port="many"', text))
for command in ("configtest", "start", "run"):
    error = refused("json/%s-mistake" % command, tell(command, "--json"), r"server\.xml:\d+: ")
error = refused("json/mistake", tell("configtest", "--json"), "many")
same("json/mistake-place", error.get("file"), os.path.join(base, "conf", "server.xml"))
check("json/mistake-line", error.get("line", 0) > 1, error)
shutil.copy(os.path.join(work, "server.xml"), os.path.join(base, "conf", "server.xml"))

# ---- the base ----
line = "base: %s\n" % base
for arguments in (["start"], ["start"], ["status"], ["list"], ["configtest"], ["version"], ["inspect", hello],
                  ["inspect", bad], ["probe", hello], ["stop"], ["stop"], ["status"], ["list"], ["probe", bad]):
    done = tell(*arguments)
    check("base/" + arguments[0], (done.stderr + done.stdout).count(line) == 1 and done.stderr.startswith(line), done)
for command in ("makebase",):
    done = run(CSERV, command, new)
    check("base/" + command, done.stderr.startswith("base: %s\n" % new), done)
done = run(CSERV, "status", env=dict(os.environ, CSERV_BASE=base))
check("base-from-environment", done.stderr.startswith(line), done)
done = run(CSERV, "status", "-b", os.path.basename(base), cwd=work)
check("base-made-absolute", done.stderr.startswith(line), done)
link = os.path.join(work, "link")
os.symlink(base, link)
check("base-link-resolved", run(CSERV, "status", "-b", link).stderr.startswith(line))
done = run(CSERV, "status")
check("base-default", done.stderr.startswith("base: %s/base\n" % BUILD), done)

# ---- what to type is what helps, whatever the base is called ----
def typed(done):
    found = re.search(r"type: cserv (.*)$", done.stderr, re.M)
    return shlex.split(found.group(1)) if found else []


strange = os.path.join(work, "it's a $(strange) base; really")
done = run(CSERV, "start", "-b", strange)
same("typed/makebase", typed(done), ["makebase", strange])
same("typed/makebase-done", run(CSERV, *typed(done), "--port", "0", "--loopback").returncode, 0)
done = run(CSERV, "list", "-b", strange)
same("typed/start", (done.returncode, typed(done)), (1, ["start", "-b", strange]))
same("typed/start-done", run(CSERV, *typed(done)).returncode, 0)
done = run(CSERV, "start", "-b", strange)
same("typed/stop", (done.returncode, typed(done)), (1, ["stop", "-b", strange]))
if os.geteuid() == 0:
    os.chmod(work, 0o755)
    done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", CSERV, "list", "-b", strange)
    check("typed/not-yours", done.returncode == 1 and "Permission denied" in done.stderr, done)
    check("typed/not-yours-hint", "as that user" in done.stderr, done)
    os.chmod(work, 0o700)
else:
    skip("typed/not-yours", "only root can be somebody else")
done = run(CSERV, "makebase", strange)
same("typed/start-it", typed(done), ["start", "-b", strange])
same("typed/stop-done", run(CSERV, "stop", "-b", strange).returncode, 0)
for command, code in (("status", 1), ("stop", 0), ("list", 1)):
    done = run(CSERV, command, "-b", work)
    check("no-base/" + command, done.returncode == code and "%s is not a base" % work in done.stderr, done)

# ---- version ----
done = tell("version")
facts = dict(re.findall(r"^([\w-]+): (.*)$", done.stdout, re.M))
include = re.search(r"^includedir=(.*)$", read(os.path.join(BUILD, "cserv.pc")), re.M).group(1)
header = read(os.path.join(include, "cserv", "abi.h"))
number = dict(re.findall(r"#define (CS_ABI_\w+)\s+(0x[0-9a-f]+|\d+)u\b", header))
same("version/abi", facts.get("abi"), "%s.%s (hash %08x)" % (
    number.get("CS_ABI_MAJOR"), number.get("CS_ABI_MINOR_MAX"), int(number.get("CS_ABI_HASH", "0"), 16)))
check("version/build-type", facts.get("build") in ("Release", "RelWithDebInfo", "Debug", "MinSizeRel"), facts)
check("version/compiler", re.match(r"(gcc|clang) \d+", facts.get("compiler", "")), facts)
root = os.environ.get("ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
head = run("git", "-C", root, "rev-parse", "--short=12", "HEAD")
if head.returncode == 0:
    check("version/commit", re.fullmatch(r"[0-9a-f]{12}(-changed)?", facts.get("commit", "")), facts)
# Every library that is linked and not of the system itself is told, and no other.
needed = re.findall(r"\(NEEDED\).*\[lib([a-z0-9_]+)", run("readelf", "-dW", CSERV).stdout)
told = {"event_core": "libevent", "event": "libevent", "http_parser": "http-parser", "expat": "expat",
        "crypto": "libcrypto", "sqlite3": "sqlite", "ssl": "libssl"}
own = {"c", "m", "asan", "ubsan", "tsan", "gcc_s", "pthread", "dl", "stdc", "crypt", "rt"}
same("version/unknown-library", [n for n in needed if n not in told and n not in own], [])
same("version/libraries", sorted(set(facts) & set(told.values())), sorted({told[n] for n in needed if n in told}))
check("version/numbers", all(re.match(r"\d+\.\d+", facts[n]) for n in set(facts) & set(told.values())), facts)

# ---- a base with a path of 200 bytes ----
deep = work
while len(deep) < 200:
    deep = os.path.join(deep, "d" * min(50, 199 - len(deep)))
same("long/length", len(deep), 200)
run(CSERV, "makebase", deep, "--port", "0", "--loopback")
same("long/start", run(CSERV, "start", "-b", deep).returncode, 0)
check("long/socket", oct(os.stat(os.path.join(deep, "run", "cserv.sock")).st_mode & 0o777) == "0o600")
for arguments in (["status"], ["list"], ["status", "--json"], ["stop"]):
    same("long/" + " ".join(arguments), run(CSERV, *arguments, "-b", deep).returncode, 0)
end()
