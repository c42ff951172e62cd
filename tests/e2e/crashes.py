#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Modules that end or hold up the server when they are initialised, started or checked: the container dies
once for each, the supervisor starts the next one, the journal has marked the module, everything else serves
and `list` tells why. A mended file is tried again. What does not return is abandoned, and reported."""
import os
import re
import shutil
from served import (Server, becomes, check, compile_module, crash_environment, end, read, same, sanitizer,
                    work, write)

KIND = sanitizer()
SOURCE = """#include <cserv/servlet.h>
#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>
static int get(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "%(text)s"); }
static const cs_servlet rows[] = {{.name = "hello", .url_patterns = "/hello", .get = get}};
static void touch(const char *file) { FILE *f = fopen(file, "w"); if (f) fclose(f); }
%(more)s
static int hook(cs_ctx *ctx) { (void)ctx; (void)touch; %(code)s }
CS_WEBAPP("m", "%(version)s", .%(hook)s = hook, .servlets = CS_ROWS(rows))
"""
CRASH = "*(volatile int *)0 = 1; return 0;"
marks = os.path.join(work, "marks")
os.makedirs(marks)


def module(server, name, hook="init", code="return 0;", text="hello", more="", version="1"):
    return compile_module(server.webapp(name + ".so"), SOURCE % {
        "hook": hook, "code": code, "text": text, "more": more, "version": version})


def journal(server, name):
    return read(os.path.join(server.base, "work", "journal", "localhost", name))


def sentence(server, file):
    return server.webapps().get(file, "no line")


reports = os.path.join(work, "reports") # of the crashes that are wanted
server = Server("crashing", crash_environment(reports))

# ---- ends in a hook ----
ENDS = [
    ("dies-in-init", "init", CRASH),
    ("dies-in-start", "start", CRASH),
    ("dies-in-health", "health", CRASH),
    ("exits-in-init", "init", "exit(0);"),
    ("exits-in-start", "start", "_exit(3);"),
]
for name, hook, code in ENDS:
    module(server, name, hook, code)
module(server, "before")
module(server, "later")
said = server.start()
check("start-counts", re.search(r"\b2 webapps, 5 refused", said), said)
for name, hook, _ in ENDS:
    row = sentence(server, name + ".so")
    check(name + "/list", re.match(
        r"/%s:refused:0:\S+/%s\.so - \S+/%s\.so ended the server in its %s phase and is not tried again until "
        r"its files change\. Deploy a mended file" % (name, name, name, hook), row), row)
    check(name + "/journal", journal(server, name).startswith("cserv-journal 1 bad %s " % hook),
          journal(server, name))
    check(name + "/log", server.logs("/%s.so ended the server in its %s phase" % (name, hook)))
    same(name + "/answers-503", server.get("/%s/hello" % name).status, 503)
for name in ("before", "later"):
    same("serves/" + name, server.get("/%s/hello" % name).text, "hello")
same("once-each", server.status()["restarts"], len(ENDS))

# ---- stop and start: what is marked stays so, and costs no container more ----
same("stop", server.stop().returncode, 0)
check("stopped/journal", journal(server, "before").startswith("cserv-journal 1 stopped"), journal(server, "before"))
server.start()
same("again/no-restart", server.status()["restarts"], 0)
check("again/list", "ended the server in its init phase" in sentence(server, "dies-in-init.so"))
same("again/serves", server.get("/later/hello").text, "hello")
server.stop()

# ---- mended: tried again; mended badly: marked again ----
module(server, "dies-in-init", text="mended", version="2")
module(server, "dies-in-start", "health", "abort();", version="2")
server.start()
same("mended/serves", server.get("/dies-in-init/hello").text, "mended")
check("mended/journal", journal(server, "dies-in-init").startswith("cserv-journal 1 serving"),
      journal(server, "dies-in-init"))
check("mended-badly/list", "ended the server in its health phase" in sentence(server, "dies-in-start.so"))
same("mended-badly/once", server.status()["restarts"], 1)
same("mended/stop", server.stop().returncode, 0)

# ---- fails without ending anything: tried at each start ----
for name, hook, _ in ENDS:
    os.remove(server.webapp(name + ".so"))
for hook in ("init", "start", "health"):
    module(server, "fails-in-" + hook, hook, "return CS_EFAIL;")
server.start()
for hook in ("init", "start", "health"):
    row = sentence(server, "fails-in-%s.so" % hook)
    check("fails-in-%s/list" % hook, re.search(r":failed:0:.*the %s hook failed with -1" % hook, row), row)
    check("fails-in-%s/journal" % hook, journal(server, "fails-in-" + hook).startswith("cserv-journal 1 stopped"))
same("fails/serves", server.get("/later/hello").text, "hello")
same("fails/no-restart", server.status()["restarts"], 0)
server.stop()
shutil.rmtree(reports, ignore_errors=True)

# ---- does not return: abandoned, and the server goes on ----
server = Server("hanging")
module(server, "hangs", code="for (;;) pause();")
module(server, "hangs-in-health", "health", "for (;;) pause();")
module(server, "late-init", code='while (access("%s/go-init", F_OK)) usleep(1000); touch("%s/init-is-over"); '
       "return cs_ctx_log(ctx, CS_LOG_INFO, \"late\");" % (marks, marks))
# The probe's child gets through the constructor, because the file is not there yet: it makes it.
module(server, "late-load", more="""
__attribute__((constructor)) static void begin(void) {
    if (access("%(m)s/probed", F_OK)) { touch("%(m)s/probed"); return; }
    while (access("%(m)s/go-load", F_OK)) usleep(1000);
    touch("%(m)s/load-is-over"); }""" % {"m": marks})
compile_module(server.webapp("late-folder/WEB-INF/lib/a.so"), SOURCE % {
    "hook": "init", "code": "return 0;", "text": "a", "version": "1", "more": """
__attribute__((constructor)) static void begin(void) {
    if (access("%(m)s/probed-a", F_OK)) { touch("%(m)s/probed-a"); return; }
    while (access("%(m)s/go-load", F_OK)) usleep(1000); }""" % {"m": marks}})
compile_module(server.webapp("late-folder/WEB-INF/lib/b.so"), SOURCE.replace("rows[]", "other[]").replace(
    "CS_ROWS(rows)", "CS_ROWS(other)").replace('"hello", .url', '"other", .url').replace("/hello", "/other") % {
        "hook": "init", "code": "return 0;", "text": "b", "version": "1", "more": """
__attribute__((constructor)) static void begin(void) {
    if (access("%(m)s/probed-b", F_OK)) { touch("%(m)s/probed-b"); return; }
    touch("%(m)s/b-is-loaded"); }""" % {"m": marks}})
write(server.webapp("late-folder/WEB-INF/web.xml"), "<web-app><display-name>late</display-name></web-app>")
module(server, "hangs-in-stop", hook="stop = hang, .init",
       more="static int hang(cs_ctx *c, uint32_t n) { (void)c; (void)n; for (;;) pause(); }")
module(server, "good")
limits = 'hookTimeout="%d" stopTimeout="300"' % (2000 if KIND else 300)
# In this order. Those that hang in dlopen come last: whoever comes behind them waits for its lock.
server.configure("".join('<Context path="/%s" docBase="%s" %s />' % (n.replace(".so", ""), n, limits) for n in (
    "good.so", "hangs-in-stop.so", "hangs.so", "hangs-in-health.so", "late-init.so", "late-folder",
    "late-load.so")))
said = server.start()
check("hangs/start-counts", re.search(r"\b2 webapps, 5 refused", said), said)
for file, phase in [("hangs.so", "init"), ("hangs-in-health.so", "health"), ("late-init.so", "init"),
                    ("late-load.so", "load"), ("late-folder", "load")]:
    row = sentence(server, file)
    check(file + "/list", re.search(r":failed:0:\S+ - \S+ did not return from its %s phase within \d+ ms "
                                    r"\(hookTimeout\)\. It is abandoned" % phase, row), row)
    check(file + "/log", server.logs("%s did not return from its %s phase" % (file, phase)))
    check(file + "/answers-503", server.get("/%s/hello" % file.replace(".so", "")).status == 503)
same("hangs/others-serve", server.get("/good/hello").text, "hello")

# regression 011: what had been abandoned and came back used what its start had left, and ended the server
container = server.status()["container"]
write(os.path.join(marks, "go-init"), "")
write(os.path.join(marks, "go-load"), "")
for mark in ("init-is-over", "load-is-over", "b-is-loaded"):
    check("regression-011-%s" % mark, becomes(lambda m=mark: os.path.exists(os.path.join(marks, m))))
for _ in range(50):
    same_text = server.get("/good/hello").text == "hello"
    if not same_text:
        break
check("regression-011-serves-on", same_text)
same("regression-011-same-container", server.status()["container"], container)
same("regression-011-no-restart", server.status()["restarts"], 0)
check("hangs/still-503", server.get("/late-init/hello").status == 503)
check("hangs/journal", journal(server, "hangs").startswith("cserv-journal 1 trying init"), journal(server, "hangs"))
done = server.stop()
same("hangs/stop", done.returncode, 0)
log = server.log()
check("hangs/stop-is-told", "hangs-in-stop.so does not end: its code and threads are left" in log, log[-800:])
check("hangs/stopped-in-order", journal(server, "hangs").startswith("cserv-journal 1 stopped") and
      journal(server, "good").startswith("cserv-journal 1 stopped"), journal(server, "hangs"))
check("hangs/no-crash", "ended unasked" not in log and "was ended by signal" not in log, log[-800:])
end()
