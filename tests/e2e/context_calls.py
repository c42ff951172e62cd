#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""What a webapp gives its modules: context parameters and env-entries of web.xml and conf/web.xml, attributes
with what frees them, its own files and nothing outside of them, its temporary folder."""
import os
import re
import stat
import threading
from served import HERE, Server, check, compile_module, end, read, same, write

SOURCE = read(os.path.join(HERE, "modules", "descriptor.c"))

WEB_XML = """<web-app>
  <context-param><param-name>colour</param-name><param-value>red</param-value></context-param>
  <context-param><param-name>empty</param-name><param-value></param-value></context-param>
  <context-param><param-name>both</param-name><param-value>own</param-value></context-param>
  <env-entry><env-entry-name>mail/limit</env-entry-name><env-entry-type>java.lang.Integer</env-entry-type>
    <env-entry-value>42</env-entry-value></env-entry>
  <env-entry><env-entry-name>plain</env-entry-name><env-entry-value>text</env-entry-value></env-entry>
  <env-entry><env-entry-name>unset</env-entry-name><env-entry-type>java.lang.String</env-entry-type></env-entry>
</web-app>
"""
DEFAULTS = """
  <context-param><param-name>both</param-name><param-value>conf</param-value></context-param>
  <context-param><param-name>of-conf</param-name><param-value>yes</param-value></context-param>
  <env-entry><env-entry-name>of-conf</env-entry-name><env-entry-value>yes</env-entry-value></env-entry>
</web-app>"""

server = Server()
app = server.webapp("app")
compile_module(app + "/WEB-INF/lib/d.so", SOURCE)
compile_module(server.webapp("file.so"), SOURCE)
write(app + "/WEB-INF/web.xml", WEB_XML)
write(app + "/WEB-INF/greeting.txt", "good morning")
write(app + "/folder/one.txt", "1111 more")
write(app + "/folder/below/two.txt", "2")
write(app + "/stop", "")
write(server.base + "/secret.txt", "secret")
os.symlink("folder/one.txt", app + "/link.txt")
os.symlink("../../secret.txt", app + "/out.txt")
os.symlink("../..", app + "/folder/up")
os.mkfifo(app + "/fifo")
conf = server.base + "/conf/web.xml"
write(conf, read(conf).replace("</web-app>", DEFAULTS))
write(server.base + "/work/temp/localhost/app/old", "of the one before")
server.start()

OPEN_TO_ALL = "/app/open?name="
for name, path, want in [
        ("param", "/app/param?name=colour", "red"),
        ("param-absent", "/app/param?name=none", "-"),
        ("param-case-counts", "/app/param?name=Colour", "-"),
        ("param-empty", "/app/param?name=empty", ""),
        ("param-of-conf", "/app/param?name=of-conf", "yes"),
        ("param-own-before-conf", "/app/param?name=both", "own"),
        ("params-in-order", "/app/params", "colour=red;empty=;both=own;of-conf=yes;"),
        ("params-of-a-file", "/file/params", "both=conf;of-conf=yes;"),
        ("env", "/app/env?name=mail/limit", "42"),
        ("env-without-type", "/app/env?name=plain", "text"),
        ("env-without-value", "/app/env?name=unset", "-"),
        ("env-of-conf", "/app/env?name=of-conf", "yes"),
        ("env-is-no-param", "/app/param?name=plain", "-"),
        ("open", OPEN_TO_ALL + "/folder/one.txt", "1111 more"),
        ("open-below-web-inf", OPEN_TO_ALL + "/WEB-INF/greeting.txt", "good morning"),
        ("open-a-link-inside", OPEN_TO_ALL + "/link.txt", "1111 more"),
        ("open-a-link-outside", OPEN_TO_ALL + "/out.txt", "-8"),
        ("open-through-a-link-outside", OPEN_TO_ALL + "/folder/up/secret.txt", "-8"),
        ("open-dots", OPEN_TO_ALL + "/../../secret.txt", "-6"),
        ("open-dots-inside", OPEN_TO_ALL + "/folder/../folder/one.txt", "-6"),
        ("open-without-slash", OPEN_TO_ALL + "folder/one.txt", "-6"),
        ("open-nul", OPEN_TO_ALL + "/folder/one.txt%00x", "-6"),
        ("open-missing", OPEN_TO_ALL + "/none", "-8"),
        ("open-a-folder", OPEN_TO_ALL + "/folder", "-8"),
        ("open-a-fifo", OPEN_TO_ALL + "/fifo", "-8"),
        ("open-in-a-single-file", "/file/open?name=/x", "-8"),
        ("send", "/app/send?name=/folder/one.txt", "1111"),
        ("list", "/app/list?name=/folder", "below/ one.txt up 0"),
        ("list-root-ends-where-the-entry-says", "/app/list?name=/", "WEB-INF/ fifo folder/ link.txt out.txt 77"),
        ("list-missing", "/app/list?name=/none", "-8"),
        ("list-a-file", "/app/list?name=/stop", "-8"),
        ("list-outside", "/app/list?name=/folder/up", "-8"),
        ("list-dots", "/app/list?name=/..", "-6")]:
    same(name, server.get(path).text, want)

# ---- attributes ----
same("attr-of-init", server.get("/app/attr?name=by.init").text, "init by.init=init;")
same("attr-absent", server.get("/app/attr?name=x").text, "- by.init=init;")
same("attr-set", server.get("/app/attr?name=x&value=1", "PUT").text, "0")
same("attr-set-again", server.get("/app/attr?name=y&value=2", "PUT").text, "0")
same("attr-replace", server.get("/app/attr?name=x&value=3", "PUT").text, "0")
same("attr-get", server.get("/app/attr?name=x").text, "3 by.init=init;x=3;y=2;")
check("attr-replaced-is-freed", server.logs("<free 1>"), server.log()[-500:])
same("attr-remove", server.get("/app/attr?name=y", "DELETE").text, "0")
same("attr-remove-none", server.get("/app/attr?name=none", "DELETE").text, "0")
check("attr-removed-is-freed", server.logs("<free 2>"), server.log()[-500:])
same("attr-removed", server.get("/app/attr?name=y").text, "- by.init=init;x=3;")
same("attr-without-name", server.get("/app/attr?value=1", "PUT").text, "-6")
same("attr-other-webapp", server.get("/file/attr?name=x").text, "- by.init=init;")


def many(number):
    for i in range(50):
        server.get("/app/attr?name=n%d&value=%d" % (i % 5, number), "PUT")


threads = [threading.Thread(target=many, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
check("attr-many-threads", re.match(r"- by\.init=init;x=3;(n\d=\d;){5}$", server.get("/app/attr?name=y").text),
      server.get("/app/attr?name=y"))

# ---- the temporary folder ----
folder, made = server.get("/app/temp").text.split(" ")
same("temp-place", folder, os.path.realpath(server.base) + "/work/temp/localhost/app")
same("temp-writable", made, "0")
same("temp-emptied-at-start", os.listdir(folder), ["left"])
same("temp-mode", stat.S_IMODE(os.stat(folder).st_mode), 0o750)
check("temp-each-its-own", server.get("/file/temp").text.endswith("/work/temp/localhost/file 0"))

same("stop", server.stop().returncode, 0)
log = server.log()
told = re.findall(r"localhost/app: (<.*>)", log)
ending = told[told.index("<context-destroyed; by.init init>"):]
same("attr-freed-after-the-listeners-last-set-first", ending[6:], ["<free 3>", "<free init>", "<destroy; by.init ->"])
check("attr-all-freed", all(re.match(r"<free [0-3]>$", line) for line in ending[1:6]), ending)
same("attr-each-freed-once", len(re.findall(r"localhost/app: <free", log)), 4 + 200)
server.start()
same("temp-emptied-again", os.listdir(folder), [])
check("env-without-value-warned", server.logs("<env-entry> 'unset' has no <env-entry-value>: it is not there"))
server.stop()
end()
