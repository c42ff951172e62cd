#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""As attributes.py, for the valve accesslog: one server with a log for each attribute, beside a plain one."""
import glob
import os
import time
from attribute_servers import effect, module, server_xml
from served import Server, becomes, end, read, same, write

CONNECTOR = "<Connector port='0' address='127.0.0.1' groups='1'/>"
LOGS = {
    "plain": "pattern='%a %{X}i'",
    "directory": "directory='elsewhere'",
    "suffix": "suffix='.end'",
    "fileDateFormat": "fileDateFormat='.yyyy'",
    "pattern": "pattern='%m of %U'",
    "utf8": "pattern='&#228; %m'",
    "encoding": "pattern='&#228; %m' encoding='ISO-8859-1'",
    "rotatable": "rotatable='false'",
    "renameOnRotate": "renameOnRotate='true'",
    "buffered": "buffered='false'",
    "maxDays": "maxDays='1'",
    "attributes": "pattern='%a' requestAttributesEnabled='true'",
    "ipv6": "pattern='%a' requestAttributesEnabled='true' ipv6Canonical='true'",
}
server = Server()
module(server.webapp("m.so"))
VALVES = "<Valve className='remoteip'/>" + "".join(
    "<Valve className='org.apache.catalina.valves.AccessLogValve' prefix='%s' %s/>" % (name, attributes)
    for name, attributes in LOGS.items())


def configure(valves):
    server_xml(server, [(CONNECTOR, valves + "<Host name='h'/>")])


# 40 days: too old for the one, not for the other, which keeps its files for 90.
OLD = time.strftime("%Y-%m-%d", time.localtime(time.time() - 40 * 86400))
old = [write(os.path.join(server.base, "logs", name + "." + OLD), "old\n") for name in ("maxDays", "plain")]
configure(VALVES)
server.start()
server.get("/m/hello?x=1", headers=["X-Forwarded-For: 2001:db8::7", "X: \xc3\xa4"])


def files(prefix, folder="logs"):
    return sorted(os.path.basename(p) for p in glob.glob(os.path.join(server.base, folder, prefix + "*"))
                  if OLD not in p)


def line(name, folder="logs"):
    """The first line of the log with that prefix, once it is there."""
    def text():
        return "".join(read(os.path.join(server.base, folder, f)) for f in files(name, folder))
    becomes(lambda: "\n" in text())
    return text().split("\n")[0]


year = time.strftime("%Y")
plain = line("plain")
same("attribute/Valve/accesslog.prefix", [f[:len("plain." + year)] for f in files("plain")], ["plain." + year])
effect("Valve/accesslog.directory", line("directory", "elsewhere") and not files("directory"), files("directory"))
effect("Valve/accesslog.suffix", line("suffix") and files("suffix")[0].endswith(".end"), files("suffix"))
line("fileDateFormat")
same("attribute/Valve/accesslog.fileDateFormat", files("fileDateFormat"), ["fileDateFormat." + year])
same("attribute/Valve/accesslog.pattern", line("pattern"), "GET of /m/hello")
effect("Valve/accesslog.encoding", line("encoding") != line("utf8"), (line("encoding"), line("utf8")))
line("rotatable")
same("attribute/Valve/accesslog.rotatable", files("rotatable"), ["rotatable"])
line("renameOnRotate")
same("attribute/Valve/accesslog.renameOnRotate", files("renameOnRotate"), ["renameOnRotate"])
effect("Valve/accesslog.maxDays", becomes(lambda: not os.path.exists(old[0])) and os.path.exists(old[1]), old)
effect("Valve/accesslog.requestAttributesEnabled", plain.startswith("127.0.0.1 ") and
       line("attributes").startswith("2001:db8:"), (plain, line("attributes")))
effect("Valve/accesslog.ipv6Canonical", line("ipv6") == "2001:db8::7" and line("attributes") == "2001:db8:0:0:0:0:0:7",
       (line("ipv6"), line("attributes")))


server.stop()


def waits(attributes):
    """How long ten lines, one after the other, take to be on disk, where there is no other log."""
    configure("<Valve className='accesslog' prefix='timed' pattern='%%U' %s/>" % attributes)
    server.start()
    took = 0.0
    for number in range(10):
        server.get("/m/hello?%d" % number)
        began = time.monotonic()
        while read(os.path.join(server.base, "logs", "timed." + time.strftime("%Y-%m-%d"))).count("\n") <= number:
            time.sleep(0.001)
            if time.monotonic() - began > 10:
                break
        took += time.monotonic() - began
    server.stop()
    os.unlink(os.path.join(server.base, "logs", files("timed")[0]))
    return took


at_once, later = waits("buffered='false'"), waits("")
effect("Valve/accesslog.buffered", at_once < later / 2, (at_once, later))

# Those that can only be refused, so that nobody believes that they were in force.
for attribute, value in (("Valve/accesslog.resolveHosts", "true"), ("Valve/accesslog.condition", "x"),
                         ("Valve/accesslog.conditionIf", "x"), ("Valve/accesslog.conditionUnless", "x")):
    name = attribute.rpartition(".")[2]
    configure("<Valve className='accesslog' %s='%s'/>" % (name, value))
    tested = server.cserv("configtest", "-b", server.base)
    effect(attribute, tested.returncode == 1 and "server.xml:3: " in tested.stderr and name[:9] in tested.stderr,
           tested.stderr)
end()
