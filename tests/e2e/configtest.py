#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""`cserv configtest`: every mistake with its file and line, exit 1, all in one run, and no side effects; the
same mistakes keep a server from starting. --effective is XML that is read again. That each attribute is
checked by its row is in tests/unit/config."""
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as tree
from served import CSERV, Server, check, end, read, run, same, work, write

server = Server()
CONF = os.path.join(server.base, "conf", "server.xml")
GOOD = read(CONF)


def snapshot():
    """Every name below the base, with its size and times."""
    found = {}
    for folder, folders, files in os.walk(server.base):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            found[path] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def configtest(*more):
    return run(CSERV, "configtest", "-b", server.base, *more)


def mistakes(done):
    """(file's name, line, text) of each."""
    rows = []
    for line in done.stderr.splitlines():
        found = re.match(r"cserv: (\S+?):(?:(\d+):)? (.*)", line)
        if found:
            rows.append((os.path.basename(found[1]), int(found[2] or 0), found[3]))
    return rows


def line_of(text, part):
    return text[:text.index(part)].count("\n") + 1


def wrong(name, text, part, expected, file="server.xml"):
    """TEXT as FILE of conf: one mistake, in the line of PART, that tells EXPECTED."""
    path = os.path.join(server.base, "conf", file)
    write(path, text)
    done = configtest()
    rows = mistakes(done)
    check("mistake/" + name, done.returncode == 1 and len(rows) == 1 and rows[0][0] == file and
          rows[0][1] == line_of(text, part) and expected in rows[0][2], done.stderr)
    if file == "server.xml":
        write(path, GOOD)
    else:
        os.unlink(path)


# ---- no side effects ----

for name in ("logs", "temp", "work", "run"):
    shutil.rmtree(os.path.join(server.base, name))
before = snapshot()
traced = os.path.join(work, "trace")
command = [CSERV, "configtest", "-b", server.base]
if shutil.which("strace") and not os.environ.get("SANITIZER"):
    done = run("strace", "-f", "-e", "trace=socket,bind,listen,mkdir,mkdirat,rename,unlink,openat", "-o", traced,
               *command)
    calls = [line for line in read(traced).splitlines()
             if re.search(r"socket\(|bind\(|listen\(|mkdir|rename|unlink|O_CREAT|O_WRONLY|O_RDWR", line)]
    check("no-side-effects/calls", done.returncode == 0 and not calls, "\n".join(calls[:5]) + done.stderr)
else:
    done = run(*command)
check("good", done.returncode == 0 and done.stdout.startswith("OK "), done.stdout + done.stderr)
same("no-side-effects/files", snapshot(), before)

# ---- the ten that an operator makes ----

wrong("range", GOOD.replace('port="0"', 'port="65536"'), "<Connector", "expected a whole number from 0 to 65535")
wrong("number", GOOD.replace('maxThreads="200"', 'maxThreads="many"'), "<Connector", 'maxThreads="many"')
wrong("unclosed-tag", GOOD.replace("</Engine>", ""), "</Service>", "mismatched tag")
text = GOOD.replace("</Host>", "<Valve className='org.example.Unknown'/></Host>")
wrong("unknown-valve", text, "<Valve className='org.example", "this class is not known")
text = GOOD.replace("<Engine", "<Conector port='1'/>\n    <Engine", 1)
wrong("unknown-element", text, "<Conector", "did you mean <Connector>?")
text = GOOD.replace('port="0"', 'port="8099"').replace(
    "<Engine", '<Connector\n address="127.0.0.1" port="8099"/>\n    <Engine', 1)
wrong("duplicate-port", text, "<Connector\n address", "two <Connector> elements on port 8099")
text = GOOD.replace("</Host>", '<Context path="/gone" docBase="gone"/></Host>')
wrong("missing-docbase", text, "<Context path=\"/gone", 'docBase="gone" does not exist')
wrong("missing-default-host", GOOD.replace('defaultHost="localhost"', 'defaultHost="localhots"'), "<Engine",
      "did you mean 'localhost'?")
bomb = "<!DOCTYPE a [\n" + "".join("<!ENTITY e%d '%s'>\n" % (i, ("&e%d;" % (i - 1)) * 10 if i else "lol")
                                  for i in range(10)) + "]>\n<Server>&e9;</Server>"
wrong("entity-bomb", bomb, "<!DOCTYPE", "is not accepted")
text = GOOD.replace("</Host>", '<Valve className="remotecidr" allow="10.0.0.0/99"/></Host>')
wrong("bad-expression-in-a-valve", text, "<Valve className=\"remotecidr", "expected addresses or networks")
write(os.path.join(server.base, "logs"), "in the way")
done = configtest()
rows = mistakes(done)
check("mistake/unwritable-access-log-folder", done.returncode == 1 and
      rows[0][:2] == ("server.xml", line_of(GOOD, '<Valve className="org.apache.catalina.valves.AccessLogValve')) and
      "cannot write logs into" in rows[0][2], done.stderr)
write(CONF, re.sub(r"<Valve [^>]*/>", "", GOOD))
done = configtest()
check("mistake/unwritable-log-folder", done.returncode == 1 and mistakes(done)[0][0] == "logs" and
      "no log can be written" in done.stderr, done.stderr)
write(CONF, GOOD)
os.unlink(os.path.join(server.base, "logs"))
text = GOOD.replace('port="0"', 'port="${NO_SUCH_NAME}"')
wrong("undefined-variable", text, "<Connector", "${NO_SUCH_NAME} is not defined")
wrong("executor", GOOD.replace('port="0"', 'port="0" executor="none"'), "<Connector", "names no <Executor>")
wrong("webxml", "<web-app>\n<servlet/>\n</web-app>", "<servlet", "no <servlet-name>", "web.xml")
wrong("contextxml", "<Context>\n<Valve className='x.Y'/>\n</Context>", "<Valve", "not known", "context.xml")

# ---- files of webapps, and all in one run ----

write(server.webapp("one/WEB-INF/web.xml"), "<web-app>\n<error-page/>\n</web-app>")
write(server.webapp("two/META-INF/context.xml"), "<Context maxThreads='x'/>")
text = GOOD.replace("</Host>", '<Context path="/gone"/></Host>')
write(CONF, text)
write(os.path.join(server.base, "conf", "web.xml"), "<web-app><mime-mapping/></web-app>")
done = configtest()
same("all-at-once/exit", done.returncode, 1)
same("all-at-once", sorted((row[0], row[1]) for row in mistakes(done)),
     [("context.xml", 1), ("server.xml", line_of(text, "<Context path=\"/gone")), ("web.xml", 1), ("web.xml", 2)])
check("all-at-once/count", "4 mistakes" in done.stderr, done.stderr)
os.unlink(os.path.join(server.base, "conf", "web.xml"))
write(CONF, re.sub(r"<Connector[^>]*/>", '<Connector port="0" address="nowhere" sever="x" maxThreads="0"/>', GOOD))
done = configtest()
check("all-of-server-xml", len([r for r in mistakes(done) if r[0] == "server.xml"]) == 2 and
      "did you mean 'server'?" in done.stderr, done.stderr)
started = server.cserv("start", "-b", server.base)
check("start-refuses", started.returncode == 1 and re.search(r"server\.xml:\d+: .*maxThreads", started.stderr) and
      "1 more mistake" in started.stderr, started.stderr)
write(CONF, GOOD)
shutil.rmtree(server.webapp("one"))
shutil.rmtree(server.webapp("two"))

# ---- --effective ----

def attributes(text):
    return [(e.tag, sorted(e.attrib.items()), (e.text or "").strip()) for e in tree.fromstring(text).iter()]


write(CONF, GOOD.replace("<Engine", '<Executor name="pool" maxThreads="30"/>\n<Connector port="0" executor="pool" '
                         'server="${HOME:-x}"/>\n<Engine', 1)
      .replace("</Host>", "<Alias>www.example.org</Alias><Valve className='errorreport' errorCode.404='a&amp;b'/>"
               "</Host>"))
first = configtest("--effective")
same("effective", first.returncode, 0)
check("effective/origins", re.search(r"<!-- line \d+; of its Executor: maxThreads .*; default: .*sendTimeout",
                                     first.stdout), first.stdout)
write(CONF, first.stdout)
second = configtest("--effective")
same("effective/round-trip", attributes(second.stdout), attributes(first.stdout))
write(CONF, GOOD)

# ---- --reference: every row of the tables ----

rows = [line.split("\t") for line in configtest("--reference").stdout.splitlines()]
kinds = {"element": 3, "valve": 4, "attribute": 8}
check("reference", len(rows) > 60 and all(len(row) == kinds.get(row[0]) for row in rows),
      [row for row in rows if len(row) != kinds.get(row[0])][:3])
end()
