#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Without the server module of static files: one WARN at start and one of configtest, which name the file that
is missing, where it belongs, and the servlet of conf/web.xml that wants it. Files are 404, all else is served;
with the module in its place, whatever its file is called, nothing is said."""
import os
import shutil
import served
from served import BUILD, CSERV, HERE, Server, check, compile_module, end, read, same, work, write

HELLO = r"""#include <cserv/servlet.h>
static int hello(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, "hello"); }
static const cs_servlet rows[] = {{.name = "hello", .url_patterns = "/hello", .get = hello}};
CS_WEBAPP("site", "1", .servlets = CS_ROWS(rows))
"""
OWN = """<web-app><servlet><servlet-name>files</servlet-name><servlet-class>%s</servlet-class></servlet>
<servlet-mapping><servlet-name>files</servlet-name><url-pattern>/static/*</url-pattern></servlet-mapping></web-app>"""
WARNING = "files of webapps are answered 404: the servlet default needs the server module default.so"

server = Server()
conf = os.path.join(server.base, "conf", "web.xml")
shutil.copy(os.path.join(HERE, "../../conf/web.xml"), conf)
compile_module(server.webapp("site/WEB-INF/lib/site.so"), HELLO)
write(server.webapp("site/index.html"), "<p>index")
write(server.webapp("own/WEB-INF/web.xml"), OWN % "default")
write(server.webapp("tomcat/WEB-INF/web.xml"), OWN % "org.apache.catalina.servlets.DefaultServlet")
write(server.webapp("other/WEB-INF/web.xml"), OWN % "no-such-class")
line = read(conf)[:read(conf).index("<servlet>")].count("\n") + 1
place = os.path.join(server.base, "modules")


def configtest():
    return server.cserv("configtest", "-b", server.base)


def warnings():
    return [row for row in server.log().splitlines() if WARNING in row]


done = configtest()
check("there/configtest says nothing", done.returncode == 0 and WARNING not in done.stderr, done.stderr)

# A copy of the command in a place of its own has no modules beside it.
alone = os.path.join(work, "alone", "bin", "cserv")
os.makedirs(os.path.dirname(alone))
shutil.copy(CSERV, alone)
served.CSERV = alone
done = configtest()
check("missing/configtest", done.returncode == 0 and done.stderr.count(WARNING) == 1 and
      "conf/web.xml:%d: " % line in done.stderr and "it is not in %s. " % place in done.stderr and
      "Put the default.so that comes with cserv (share/cserv/modules) into %s" % place in done.stderr, done.stderr)
server.start()
check("missing/one WARN at start", server.logs(WARNING) and len(warnings()) == 1 and " WARN " in warnings()[0] and
      "conf/web.xml:%d: " % line in warnings()[0] and "into %s and restart" % place in warnings()[0], warnings())
same("missing/files (regression 220: no module at all)", [server.get(path).status for path in ("/site/", "/site/index.html", "/own/static/x",
                                                            "/tomcat/static/x")], [404] * 4)
same("missing/servlets", server.get("/site/hello").text, "hello")
same("missing/no page", server.get("/site/x.jsp").status, 501)
rows = server.webapps()
check("missing/webapps run", "running" in rows["site"] and "running" in rows["own"] and "running" in rows["tomcat"], rows)
check("missing/other classes are a mistake", "no-such-class" in rows["other"] and ":failed:" in rows["other"], rows)
server.stop()

# Nobody who does not want files is told.
text = read(conf)
write(conf, text.replace("<load-on-startup>1<", "<enabled>false</enabled><load-on-startup>1<", 1))
check("not wanted/configtest says nothing", WARNING not in configtest().stderr)
write(conf, text)

for name in ("default.so", "files.so"):
    os.makedirs(place, exist_ok=True)
    shutil.copy(os.path.join(BUILD, "modules", "default.so"), os.path.join(place, name))
    check("as %s/configtest says nothing" % name, WARNING not in configtest().stderr)
    before = len(warnings())
    server.start()
    same("as %s/files" % name, server.get("/site/").text, "<p>index")
    server.stop()
    same("as %s/no WARN" % name, len(warnings()), before)
    os.unlink(os.path.join(place, name))
end()
