#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""What a <Context> says of a webapp, in META-INF/context.xml, conf/context.xml and server.xml: parameters and
env-entries, which of several counts, and what is wrong in such a file."""
import os
import re
from served import HERE, Server, check, compile_module, end, read, same, write

SOURCE = read(os.path.join(HERE, "modules", "descriptor.c"))
WEB_XML = "<web-app>\n%s\n</web-app>\n" % "\n".join(
    ["<context-param><param-name>%s</param-name><param-value>xml</param-value></context-param>" % name
     for name in ("gives-way", "stays", "own")] +
    ["<env-entry><env-entry-name>%s</env-entry-name><env-entry-value>7</env-entry-value></env-entry>" % name
     for name in ("gives/way", "stays")])
META = """<Context>
  <Parameter name="meta" value="of META-INF" description="for people"/>
  <Parameter name="gives-way" value="context" override="false"/>
  <Parameter name="stays" value="context"/>
  <Parameter name="both" value="of META-INF"/>
  <Parameter name="empty" value=""/>
  <Environment name="meta" value="11" type="java.lang.Integer"/>
  <Environment name="gives/way" value="8" type="java.lang.Integer" override="false"/>
  <Environment name="stays" value="8" type="java.lang.Integer" override="true"/>
</Context>
"""
CONF = """<Context>
  <Parameter name="both" value="of conf"/>
  <Parameter name="conf" value="of conf"/>
  <Environment name="conf" value="true" type="java.lang.Boolean"/>
</Context>
"""
server = Server()
compiled = compile_module(server.webapp("file.so"), SOURCE)


def webapp(name, meta=None, xml=WEB_XML):
    with open(compiled, "rb") as module:
        write(server.webapp(name + "/WEB-INF/lib/d.so"), module.read())
    os.chmod(server.webapp(name + "/WEB-INF/lib/d.so"), 0o644)
    write(server.webapp(name + "/WEB-INF/web.xml"), xml)
    return os.path.realpath(write(server.webapp(name + "/META-INF/context.xml"), meta)) if meta else None


webapp("app", META)
webapp("alone", '<Context override="true"><Parameter name="meta" value="m"/></Context>')
webapp("placed")
write(server.base + "/conf/context.xml", CONF)
server.configure("""
  <Context path="/placed" docBase="placed"><Parameter name="both" value="of server.xml"/>
    <Environment name="placed" value="x" type="java.lang.Character"/></Context>""")
effective = server.cserv("configtest", "-b", server.base, "--effective").stdout
check("effective", re.search(r'<Parameter\s+name="both"\s+value="of server.xml"\s+override="true"/>', effective) and
      re.search(r'<Environment\s+name="placed"\s+value="x"\s+type="java.lang.Character"\s+override="true"/>', effective)
      and "of conf" not in effective, effective[-1500:])

wrong = []
for name, meta, line, text in [
        ("type", '<Context>\n<Environment name="n" value="many" type="java.lang.Integer"/></Context>', 2,
         "<Environment> 'n' has value=\"many\", which is no java.lang.Integer: expected a whole number of 32 bits"),
        ("twice", '<Context>\n<Parameter name="n" value="1"/>\n<Parameter name="n" value="2"/></Context>', 3,
         "two <Parameter> elements are called 'n': the first is on line 2"),
        ("without-name", '<Context><Parameter value="1"/></Context>', 1, "<Parameter> has no attribute 'name'"),
        ("empty-name", '<Context><Parameter name="" value="1"/></Context>', 1, '<Parameter> name="" is not valid'),
        ("without-value", '<Context>\n<Parameter name="n"/></Context>', 2, "<Parameter> has no attribute 'value'"),
        ("without-type", '<Context>\n<Environment name="n" value="1"/></Context>', 2,
         "<Environment> has no attribute 'type'"),
        ("override", '<Context><Parameter name="n" value="1" override="maybe"/></Context>', 1, "override=\"maybe\""),
        ("root", "<web-app/>", 1, "the document is a <web-app>: expected <Context>"),
        ("not-xml", "<Context>\n<Parameter", 2, "")]:
    wrong.append((name, webapp("wrong-" + name, meta), line, text))
tested = server.cserv("configtest", "-b", server.base)
for name, file, line, text in wrong:
    check("configtest-" + name, tested.returncode == 1 and "%s:%d: " % (file, line) in tested.stderr and text in tested.stderr,
          [row for row in tested.stderr.splitlines() if file in row] or tested.stderr)
server.start()
rows = server.webapps()
for name, file, line, text in wrong:
    row = rows.get("wrong-" + name, "")
    check("refused-" + name, ":refused:" in row and "%s:%d: " % (file, line) in row and text in row, row)
    same("refused-%s-is-not-served" % name, server.get("/wrong-%s/param?name=own" % name).status, 404)

for name, path, want in [
        ("parameter-of-meta-inf", "/app/param?name=meta", "of META-INF"),
        ("parameter-override-false", "/app/param?name=gives-way", "context"),
        ("parameter-override-is-the-default", "/app/param?name=stays", "xml"),
        ("parameter-empty", "/app/param?name=empty", ""),
        ("parameter-of-conf", "/app/param?name=conf", "of conf"),
        ("parameter-nearer-wins", "/app/param?name=both", "of META-INF"),
        ("parameter-of-web-xml", "/app/param?name=own", "xml"),
        ("parameters-in-order", "/app/params", "gives-way=context;stays=xml;own=xml;both=of META-INF;conf=of conf;"
         "meta=of META-INF;empty=;"),
        ("environment-of-meta-inf", "/app/env?name=meta", "11"),
        ("environment-type", "/app/env?name=conf", "true"),
        ("environment-override-false", "/app/env?name=gives/way", "8"),
        ("environment-override-true", "/app/env?name=stays", "7"),
        ("environment-is-no-parameter", "/app/param?name=gives/way", "-"),
        ("context-override-leaves-conf-out", "/alone/params", "gives-way=xml;stays=xml;own=xml;meta=m;"),
        ("file-has-those-of-conf", "/file/params", "both=of conf;conf=of conf;"),
        ("server-xml", "/placed/param?name=both", "of server.xml"),
        ("server-xml-environment", "/placed/env?name=placed", "x"),
        ("server-xml-and-conf", "/placed/param?name=conf", "of conf")]:
    same(name, server.get(path).text, want)
same("meta-inf-is-not-served", server.get("/app/META-INF/context.xml").status, 404)
same("stop", server.stop().returncode, 0)
end()
