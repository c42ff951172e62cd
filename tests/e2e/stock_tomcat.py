#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Debian's stock tomcat10 configuration, unchanged but for port and address: configtest accepts it and it
serves. What is for a Java virtual machine only is one INFO per file; a .jsp is never sent as a file; a webapp's
own web.xml wins over conf/web.xml."""
import os
import re
import sys
from served import HERE, Server, check, compile_module, end, read, same, write

FOLDERS = ("/usr/share/tomcat10/etc", "/etc/tomcat10")
stock = [f for f in FOLDERS if all(os.path.exists(os.path.join(f, n)) for n in
                                   ("server.xml", "web.xml", "context.xml"))]
if not stock:
    print("skip stock-tomcat: Debian's tomcat10 is not installed")
    sys.exit(77)

server = Server()
conf = os.path.join(server.base, "conf")
for name in ("web.xml", "context.xml", "tomcat-users.xml"):
    write(os.path.join(conf, name), read(os.path.join(stock[0], name)))
text = read(os.path.join(stock[0], "server.xml"))
# The port, which may be taken, and the address, which is not for everybody here.
edited, count = re.subn(r'<Connector port="8080"', '<Connector port="0" address="127.0.0.1"', text)
write(os.path.join(conf, "server.xml"), edited)
check("one-connector", count >= 1, text)

RULES = read(os.path.join(HERE, "modules", "rules.c"))
compile_module(server.webapp("app/WEB-INF/lib/rules.so"), RULES, more=["-DWITH_ROWS"])
compile_module(server.webapp("own.so"), RULES, more=["-DWITH_ROWS", "-DWITH_DEFAULT"])
write(server.webapp("app/page.jsp"), "<% secret source %>")
write(server.webapp("app/WEB-INF/web.xml"), """<web-app>
  <servlet><servlet-name>jsp</servlet-name><servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class>
    <init-param><param-name>fork</param-name><param-value>true</param-value></init-param></servlet>
  <servlet-mapping><servlet-name>jsp</servlet-name><url-pattern>/named</url-pattern></servlet-mapping>
  <servlet><servlet-name>page</servlet-name><jsp-file>/WEB-INF/page.jsp</jsp-file></servlet>
  <servlet-mapping><servlet-name>page</servlet-name><url-pattern>/page</url-pattern></servlet-mapping>
  <session-config><session-timeout>5</session-timeout></session-config>
</web-app>""")

tested = server.cserv("configtest", "-b", server.base)
check("configtest", tested.returncode == 0 and tested.stdout.startswith("OK "), tested.stderr)
server.start()

for name, path, status in (
        ("servlet", "/app/a/b", 200), ("jsp", "/app/page.jsp", 501), ("jspx", "/app/page.jspx", 501),
        ("jsp-that-is-missing", "/app/none.jsp", 501), ("jsp-servlet-mapped-anew", "/app/named", 501),
        ("jsp-file", "/app/page", 501), ("jsp-of-a-module", "/own/x.jsp", 501)):
    answer = server.get(path)
    check("serves/" + name, answer.status == status and b"secret" not in answer.body, answer)
for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
    answer = server.get("/app/page.jsp", method, body=b"" if method == "HEAD" else b"x")
    check("jsp/" + method, answer.status == 501 and b"secret" not in answer.body, answer)
# A module's own "/" wins over conf/web.xml's.
same("own-default", server.get("/own/nothing/at/all").text.split("|")[0], "default")

log = server.log()
for name in ("server.xml", "web.xml", "context.xml"):
    lines = [line for line in log.splitlines() if " INFO " in line and "conf/%s: of Tomcat" % name in line]
    same("one-info/" + name, len(lines), 1)
same("no-errors", [line for line in log.splitlines() if " ERROR " in line], [])
warned = [line for line in log.splitlines() if " WARN " in line]
check("few-warnings", len(warned) <= 5, warned)
end()
