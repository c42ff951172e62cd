#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""A webapp is never served without a descriptor that may protect it: one that is there but cannot be looked at
(a loop of links, a link that leads nowhere, a folder of somebody else), one that Tomcat would read and this
server does not, and one whose protecting element stands in the wrong place. The webapp is refused with the
reason in the log, in `cserv list` and from `cserv configtest`; the others are served."""
import os
import re
from served import Server, check, end, read, same, skip, write

PAGE = "<!doctype html>not for everybody"
server = Server()
refused = {} # webapp: (what is named in the reason, pattern of the reason, the answer's status)
CONSTRAINT = "<security-constraint><auth-constraint/></security-constraint>"


def webapp(name, named, pattern, status=503):
    """A folder with a page; its descriptor is the caller's. It must be refused."""
    write(server.webapp(name + "/page.html"), PAGE)
    refused[name] = (server.webapp(os.path.join(name, named)), pattern, status)
    return server.webapp(name)


def linked(name, at, target, pattern, status=503, named=None):
    folder = webapp(name, named or at, pattern, status)
    os.makedirs(os.path.dirname(os.path.join(folder, at)), exist_ok=True)
    os.symlink(target, os.path.join(folder, at))


LOOP = r"cannot look at '%s': Too many levels of symbolic links.*It may protect.*mend the rights or the link"
NOWHERE = r"'%s' is a symbolic link that leads nowhere: '.*' does not exist\. It may protect.*remove it"
CLOSED = r"cannot look at '%s': Permission denied.*It may protect.*mend the rights"

# regression 241: what could not be looked at counted as missing
linked("web-loop", "WEB-INF/web.xml", "web.xml", LOOP)
linked("web-nowhere", "WEB-INF/web.xml", "/nowhere/web.xml", NOWHERE)
linked("web-inf-nowhere", "WEB-INF", "not-mounted", NOWHERE)
linked("web-inf-loop", "WEB-INF", "WEB-INF", LOOP)
linked("lib-nowhere", "WEB-INF/lib", "../../not-mounted", NOWHERE)
linked("context-loop", "META-INF/context.xml", "context.xml", LOOP, 404)
linked("context-nowhere", "META-INF/context.xml", "../shared.xml", NOWHERE, 404)
linked("meta-inf-nowhere", "META-INF", "not-mounted", NOWHERE, 404)
if os.geteuid() != 0:
    closed = webapp("web-closed", "WEB-INF/web.xml", CLOSED)
    write(closed + "/WEB-INF/web.xml", "<web-app>%s</web-app>" % CONSTRAINT)
    os.chmod(closed + "/WEB-INF", 0)
    closed = webapp("context-closed", "META-INF/context.xml", CLOSED, 404)
    write(closed + "/META-INF/context.xml", '<Context><Valve className="RemoteAddrValve" deny=".*"/></Context>')
    os.chmod(closed + "/META-INF", 0)
else:
    skip("refused-web-closed", "root may look everywhere")

# regression 242: other descriptors were passed over
write(webapp("tomcat-web", "WEB-INF/tomcat-web.xml", r"%s: WEB-INF/tomcat-web\.xml is not read: it may protect.*"
             r"Move what it says to WEB-INF/web\.xml") + "/WEB-INF/tomcat-web.xml", "<web-app>%s</web-app>" % CONSTRAINT)
linked("tomcat-web-nowhere", "WEB-INF/tomcat-web.xml", "none", NOWHERE)
write(webapp("alt-dd", "META-INF/context.xml", r'%s:2: <Context> altDDName="/etc/shop\.xml" is not served yet: .*'
             "the descriptor that it names may protect", 404) + "/META-INF/context.xml",
      '\n<Context altDDName="/etc/shop.xml"/>')

# regression 243: a part of a security-constraint without it was told as unknown and passed over
for element in ("auth-constraint", "user-data-constraint", "web-resource-collection"):
    write(webapp(element, "WEB-INF/web.xml", "%%s:2: <%s> is not served yet: it protects" % element) +
          "/WEB-INF/web.xml", "<web-app>\n<%s/></web-app>" % element)

# What is really missing is no reason.
os.makedirs(server.webapp("nothing"))
write(server.webapp("nothing/page.html"), PAGE)
write(server.webapp("file-for-folder/page.html"), PAGE)
write(server.webapp("file-for-folder/META-INF"), "no folder")
write(server.webapp("link/page.html"), PAGE)
write(server.webapp("link/conf/web.xml"), "<web-app/>")
os.makedirs(server.webapp("link/WEB-INF"))
os.symlink("../conf/web.xml", server.webapp("link/WEB-INF/web.xml"))

tested = server.cserv("configtest", "-b", server.base)
server.start()
rows = server.webapps()
log = server.log()
for name, (file, pattern, status) in refused.items():
    reason = pattern % re.escape(file)
    check("refused-" + name, re.search(":refused:.*" + reason, rows.get(name, "")), rows.get(name))
    check("logged-" + name, re.search(r" ERROR .*%s\) is refused: .*%s" % (re.escape(server.webapp(name)), reason), log),
          re.findall(".*%s.*" % re.escape(server.webapp(name)), log))
    check("configtest-" + name, tested.returncode == 1 and re.search(reason, tested.stderr),
          [line for line in tested.stderr.splitlines() if file in line] or tested.stderr)
    answer = server.get("/%s/page.html" % name)
    check("not-served-" + name, answer.status == status and PAGE not in answer.text, answer)
for name in ("nothing", "file-for-folder", "link"):
    answer = server.get("/%s/page.html" % name)
    same("served-" + name, (answer.status, answer.text), (200, PAGE))
same("stop", server.stop().returncode, 0)
for name in ("web-closed/WEB-INF", "context-closed/META-INF"):
    if os.path.exists(server.webapp(name)):
        os.chmod(server.webapp(name), 0o755) # so that it can be removed

# ---- those of all webapps: the server does not start without them ----
for file in ("web.xml", "context.xml"):
    defaults = Server("base-" + file)
    path = os.path.join(defaults.base, "conf", file)
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink("elsewhere/" + file, path)
    for command in ("configtest", "start"):
        done = defaults.cserv(command, "-b", defaults.base)
        check("%s-%s" % (command, file), done.returncode == 1 and
              "'%s' is a symbolic link that leads nowhere" % path in done.stderr, done.stdout + done.stderr)
end()
