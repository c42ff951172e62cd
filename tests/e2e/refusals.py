#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Every refusal of a module's file, with a real bad file: one sentence with the file, what is wrong and what
to do, the same one from `cserv inspect`, in the log and in `cserv list`; everything else serves on. What
happens to code that ends or holds up the server later is in crashes.py."""
import os
import re
import shutil
import struct
import subprocess
from served import (CSERV, Server, check, compile_module, end, flags, read, run, same, sanitizer, skip, work,
                    write)

KIND = sanitizer()
HELLO = """#include <cserv/servlet.h>
static int get(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "hello"); }
static const cs_servlet rows[] = {{.name = "hello", .url_patterns = "/hello", .get = get}};
"""
MODULE = HELLO + 'CS_WEBAPP("hello", "1.2.3", .servlets = CS_ROWS(rows))\n'
ROWS = HELLO.replace("{{", "{{%s}, {") + 'CS_WEBAPP("hello", "1.2.3", .servlets = CS_ROWS(rows))\n'
OWN_DESCRIBE = HELLO + """static const cs_servlet *used(void) { return rows; }
#define cs_module_describe unused_describe
CS_WEBAPP("hello", "1.2.3", .servlets = CS_ROWS(rows))
#undef cs_module_describe
#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((visibility("default"))) const cs_module *cs_module_describe(void)
{ (void)used; %s }
"""
CONSTRUCTOR = MODULE + """#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void start(void) { %s }
"""
SECOND_NOTE = MODULE + """static const struct cs_note second
    __attribute__((section(".note.cserv"), used, aligned(4))) = {6, sizeof(struct cs_note) - 20, CS_NOTE_TYPE,
    "cserv", CS_ABI_MAJOR, CS_ABI_MINOR, CS_ABI_HASH, CS_FLAGS_BUILD_, "second", "1"};
"""
UNIQUE = MODULE.replace("CS_WEBAPP", """template <class T> struct Holder {
    __attribute__((visibility("default"))) static inline int count = 1; };
int touch(); int touch() { return Holder<int>::count++; }
CS_WEBAPP""")
TLS = MODULE + "static __thread int mine; int *its_place(void); int *its_place(void) { return &mine; }\n"

server = Server()
places = os.path.join(work, "elsewhere")
expected = {} # file name below webapps: (name of the case, pattern of the sentence)
inspected = {} # the same: file to inspect


def bad(name, pattern, file=None):
    """webapps/FILE, made by the caller, must be refused in a sentence that PATTERN matches."""
    file = file or name + ".so"
    expected[file] = (name, pattern)
    if file.endswith(".so"):
        inspected[file] = server.webapp(file)
    return server.webapp(file)


def compiled(name, pattern, source, **more):
    compile_module(bad(name, pattern), source, **more)


# ---- the file as bytes ----
good = open(compile_module(os.path.join(work, "good.so"), MODULE), "rb").read()
note = good.index(b"cserv\0\0\0") - 12 # struct cs_note: namesz, descsz, type, owner, then the numbers


def patched(name, pattern, at, data):
    write(bad(name, pattern), good[:at] + data + good[at + len(data):])


REBUILD = r"Rebuild it against this server's headers"
write(bad("not-elf", r"is not an ELF file\. A module is a shared object"), "MZ, or a text")
write(bad("empty", r"is not an ELF file"), "")
patched("machine", r"is built for another machine \(ELF machine 4660.*Build it with", 18, struct.pack("<H", 0x1234))
write(bad("truncated", r"is truncated\. Copy the file again"), good[:len(good) // 3])
write(bad("truncated-head", r"is truncated\. Copy the file again"), good[:40])
patched("major", r"was built for module API 9\.\d+; this server speaks \d+\.x\. " + REBUILD, note + 20,
        struct.pack("<I", 9))
patched("minor", r"was built for module API \d+\.99; this server speaks up to.*Update the server", note + 24,
        struct.pack("<I", 99))
patched("hash", r"another development state of the module API \(deadbeef.*" + REBUILD, note + 28,
        struct.pack("<I", 0xdeadbeef))
patched("control", r"has a control character in its name or version\. Mend", note + 36, b"a\nb\0")

# ---- how it was linked ----
VISIBLE = '__attribute__((visibility("default"))) '
compiled("no-note", r"is no cserv module: it has no module note\. Add CS_WEBAPP",
         "int cs_module_describe(void); %sint cs_module_describe(void) { return 0; }\n" % VISIBLE)
compiled("two-notes", r"has 2 module notes\. Use CS_WEBAPP or CS_MODULE in one source file", SECOND_NOTE)
compiled("exports", r"exports helper; a module exports only cs_module_describe\. Link with the version script",
         MODULE + "void helper(void); %svoid helper(void) {}\n" % VISIBLE, replace=[])
compiled("nodelete", r"is marked NODELETE.*Link without -z nodelete", MODULE, more=["-Wl,-z,nodelete"])
compiled("static-tls", r"uses static thread-local storage.*Build with -ftls-model", TLS,
         more=["-ftls-model=initial-exec"])
compiled("rpath", r"has a library search path of its own \(/opt/shop\)\. Link without -rpath", MODULE,
         more=["-Wl,-rpath,/opt/shop"])
compiled("missing-symbol", r"needs the symbol nobody_has_this, which nothing defines\. Link what defines it",
         MODULE + "int nobody_has_this(void); int ask(void); int ask(void) { return nobody_has_this(); }\n",
         replace=["-Wl,-z,now"])
write(os.path.join(work, "model.c"), "int model(void) { return 1; }\n")
run("cc", "-shared", "-fPIC", os.path.join(work, "model.c"), "-o", os.path.join(work, "libshopmodel.so"))
compiled("needed", r"needs the library libshopmodel\.so, which is not in the system's.*statically",
         MODULE + "int model(void); int ask(void); int ask(void) { return model(); }\n",
         more=["-L" + work, "-Wl,--no-as-needed", "-lshopmodel"])
foreign = "thread" if KIND == "address" else "address"
compiled("sanitizer", r"was built with %sSanitizer, this server was not\. Build both alike" % foreign.title(),
         MODULE, replace=[], more=["-fsanitize=" + foreign])
if shutil.which("c++"):
    compiled("unique", r"exports the unique symbol \S+count.*Link with the version script", UNIQUE,
             compiler="c++", replace=[], more=["-std=c++20"])
else:
    skip("unique", "there is no c++")

# ---- what it describes ----
compiled("null", r"cs_module_describe gave no descriptor\. Use CS_WEBAPP", OWN_DESCRIBE % "return NULL;")
compiled("short", r"descriptor of 8 bytes, which is too short",
         OWN_DESCRIBE % "static const cs_module m = {.size = 8}; return &m;")
compiled("servlet-twice", r"servlet hello is declared twice\. Give each row a name of its own",
         ROWS % '.name = "hello", .get = get')
compiled("no-method", r"servlet idle serves no method\. Set \.service", ROWS % '.name = "idle"')
compiled("flags", r"servlet odd has flags that this server does not know\. Update",
         ROWS % '.name = "odd", .get = get, .flags = 4')
compiled("params", r"servlet odd has a malformed table of init parameters\. Use CS_ROWS",
         ROWS % '.name = "odd", .get = get, .params = {NULL, 2, 16}')
newer = os.path.join(work, "newer")
shutil.copytree(next(f[2:] for f in flags() if f.startswith("-I")), newer)
header = os.path.join(newer, "cserv", "abi.h")
text = read(header)
text = text.replace("struct cs_listeners listeners CS_0;\n} cs_module;",
                    "struct cs_listeners listeners CS_0;\n    struct cs_filters websockets CS_0;\n} cs_module;")
write(header, re.sub(r"CS_ASSERT\(sizeof\(cs_module\) == \d+\);", "", text))
compiled("unknown-table", r"declares \.websockets, which this server does not serve\. Update the server",
         MODULE.replace(".servlets", ".websockets = {NULL, 1, 8}, .servlets"), more=["-I" + newer])
check("unknown-table-is-unknown", "websockets" in read(header))

# ---- what its code does while it is loaded: in the probe's child only ----
# regression 012: exit(0) in the probe's child counted as well described, and then ended the server
compiled("exit-0", r"ends the process while it is loaded and described \(exit code 0\)", CONSTRUCTOR % "exit(0);")
compiled("exit-3", r"ends the process while it is loaded and described \(exit code 3\): it said: bye\. Its",
         CONSTRUCTOR % 'puts("bye"); exit(3);')
compiled("describe-exits", r"ends the process while it is loaded and described \(exit code 0\)",
         OWN_DESCRIBE % "_exit(0);")
# regression 013: what a constructor printed first hid the child's sentence
compiled("talks-first", r"servlet hello is declared twice",
         (ROWS % '.name = "hello", .get = get') + (CONSTRUCTOR % 'puts("I begin"); fflush(stdout);')[len(MODULE):])
if KIND:
    skip("crashes", "a sanitizer ends the child itself, with a report of its own")
    skip("hangs", "the probe's limit is 20 s in sanitizer builds")
    skip("memory", "sanitizer builds have no limit of memory")
else:
    crash = "crashes while it is loaded and described \\(signal %d"
    compiled("constructor-crashes", crash % 11 + r".*Run `cserv probe` on it under gdb",
             CONSTRUCTOR % "*(volatile int *)0 = 1;")
    compiled("constructor-aborts", crash % 6, CONSTRUCTOR % "abort();")
    compiled("describe-crashes", crash % 11, OWN_DESCRIBE % "return *(const cs_module *volatile *)8;")
    compiled("bad-rows", crash % 11, ROWS % '.name = (const char *)8, .get = get')
    compiled("hangs", r"does not load within 2000 ms\. Its constructors must not wait", CONSTRUCTOR % "pause();")
    compiled("spins", r"does not load within 2000 ms", CONSTRUCTOR % "for (volatile int i = 0;; i++) ;")
    compiled("memory", crash % 6, CONSTRUCTOR % "if (!malloc(1u << 30)) abort();")

# ---- permissions ----
write(bad("writable-file", r"the module \S+ may be written by everybody.*chmod o-w '\S+writable-file\.so'"), good)
os.chmod(server.webapp("writable-file.so"), 0o666)
write(os.path.join(places, "open", "in-open.so"), good)
os.chmod(os.path.join(places, "open"), 0o777)
expected["in-open.so"] = ("writable-folder", r"the folder \S+/open may be written by everybody.*chmod o-w '\S+'")
inspected["in-open.so"] = os.path.join(places, "open", "in-open.so")

# ---- folders and web.xml: nothing for `inspect` ----
HEAD = '<web-app>\n<servlet><servlet-name>hello</servlet-name><servlet-class>%s</servlet-class></servlet>\n'


def folder(name, pattern, web_xml, source=MODULE):
    bad(name, pattern, file=name)
    compile_module(server.webapp(name + "/WEB-INF/lib/m.so"), source)
    if web_xml is not None:
        write(server.webapp(name + "/WEB-INF/web.xml"), web_xml)


folder("xml-malformed", r"xml-malformed/WEB-INF/web\.xml:3: .*", HEAD % "hello" + "<oops></web-app>\n")
folder("xml-constraint", r"web\.xml:3: <security-constraint> is not served yet.*remove the element",
       HEAD % "hello" + "<security-constraint/></web-app>\n")
folder("xml-login", r"web\.xml:3: <login-config> is not served yet", HEAD % "hello" + "<login-config/></web-app>\n")
folder("xml-class", r"web\.xml:2: servlet hello has the class 'nobody', which no module.*`cserv inspect` lists them",
       HEAD % "nobody" + "</web-app>\n")
folder("xml-class-of-file", r"has the class 'other\.so:hello', which no module", HEAD % "other.so:hello" + "</web-app>")
folder("xml-pattern", r"servlets again and hello both have the URL pattern '/hello': the first is in .*web\.xml:1\. Give each",
       "<web-app><servlet><servlet-name>again</servlet-name><servlet-class>hello</servlet-class></servlet>"
       "<servlet-mapping><servlet-name>again</servlet-name><url-pattern>/hello</url-pattern></servlet-mapping>"
       "</web-app>")
folder("bad-module", r"bad-module/WEB-INF/lib/z\.so is not an ELF file", None)
write(server.webapp("bad-module/WEB-INF/lib/z.so"), "no module")
# regression 014: of the folders above a module only the nearest was looked at, and web.xml not at all
folder("web-inf-open", r"the folder \S+/web-inf-open/WEB-INF may be written by everybody.*chmod", None)
os.chmod(server.webapp("web-inf-open/WEB-INF"), 0o777)
folder("xml-open", r"the file \S+/xml-open/WEB-INF/web\.xml may be written by everybody", "<web-app/>")
os.chmod(server.webapp("xml-open/WEB-INF/web.xml"), 0o666)
# Found when the tables are put together, so `inspect` has nothing to say: web.xml could map them elsewhere.
compiled("pattern-twice", r"pattern-twice\.so: servlets second and hello both have the URL pattern '/hello'\. Give",
         ROWS % '.name = "second", .url_patterns = "/hello", .get = get')
compiled("pattern-bad", r"servlet odd has the malformed URL pattern 'hello'\. A pattern is",
         ROWS % '.name = "odd", .url_patterns = "hello", .get = get')
compiled("filter-nowhere", r"filter f is mapped to the servlet 'nobody', which does not exist: expected one of .*\. Mend",
         HELLO + "static int pass(cs_request *q, cs_response *s, cs_chain *c, void *self)\n"
         "{ (void)self; return cs_chain_next(c, q, s); }\n"
         'static const cs_filter f[] = {{.name = "f", .servlet_names = "nobody", .filter = pass}};\n'
         'CS_WEBAPP("x", "1", .servlets = CS_ROWS(rows), .filters = CS_ROWS(f))\n')
for name in ("pattern-twice.so", "pattern-bad.so", "filter-nowhere.so"):
    del inspected[name]
write(server.webapp("old##1.so"), good)
write(server.webapp("old##2.so"), good)
bad("version", r"a newer version of /old is there; only the newest serves\. Remove", file="old##1.so")
del inspected["old##1.so"]

# ---- all of them at once, among good ones ----
write(server.webapp("good.so"), good)
write(server.webapp("zebra/WEB-INF/lib/last.so"), good)
server.configure('<Context path="/in-open" docBase="%s" />' % inspected["in-open.so"])
said = server.start()
check("start-counts", re.search(r"\b3 webapps, %d refused: see " % len(expected), said), said)
for path in ("/good/hello", "/zebra/hello", "/old/hello"):
    same("serves" + path, server.get(path).text, "hello")

rows = server.webapps()
server.logs("%d refused" % len(expected)) # the last line of a start
log = server.log()
for file, (name, pattern) in sorted(expected.items()):
    row = rows.get(file, "")
    found = re.match(r"[^:]+:(refused|failed):0:\S+ - (.*)", row)
    if not check(name + "/list", found and re.search(pattern, found.group(2)), row or "no line"):
        continue
    sentence = found.group(2)
    check(name + "/names-the-file", file in row)
    check(name + "/log", "): is " not in sentence and any(
        sentence in line and " ERROR " in line for line in log.splitlines()), sentence)
    check(name + "/not-served", server.get("/%s/hello" % name).status in (404, 503))
    if file in inspected:
        done = run(CSERV, "inspect", inspected[file])
        check(name + "/inspect", done.returncode == 1 and done.stderr.endswith("\ncserv: %s\n" % sentence),
              "%d %s, not %s" % (done.returncode, done.stdout + done.stderr, sentence))
check("nothing-else-is-refused", len(rows) == len(expected) + 3, sorted(set(rows) - set(expected)))
same("no-restart", server.status()["restarts"], 0)
same("no-probe-is-left", subprocess.run(["pgrep", "-f", CSERV + " probe"], stdout=subprocess.PIPE,
                                        check=False).stdout, b"")

# ---- inspect and probe of good ones ----
done = run(CSERV, "inspect", server.webapp("good.so"))
check("inspect-good", done.returncode == 0 and "module hello 1.2.3" in done.stdout and
      'servlet hello urls "/hello"' in done.stdout and "end of" not in done.stdout, done)
done = run(CSERV, "inspect", "--json", server.webapp("good.so"))
check("inspect-json", done.returncode == 0 and '"tables":["servlet hello urls \\"/hello\\""]' in done.stdout, done)
# regression 010: a name without '/' was looked for in library folders
done = run(CSERV, "probe", "good.so", cwd=server.webapp(""))
check("regression-010-probe-here", done.returncode == 0 and "servlet hello" in done.stdout, done)
done = run(CSERV, "inspect", os.path.join(work, "none.so"))
check("inspect-nothing", done.returncode == 1 and "none.so" in done.stderr, done)
same("stop", server.stop().returncode, 0)
end()
