#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
"""As attributes.py, for Server, Engine, Host and Context: which webapps there are, and how long they may take."""
import json
import os
import threading
import time
from attribute_servers import effect, module, server_xml
from served import BUILD, Client, Server, becomes, end, same, sanitizer, skip, write

SLACK = 6 if sanitizer() else 1
CONNECTOR = "<Connector port='0' address='127.0.0.1' groups='1'/>"


def get(server, path, host="h"):
    with Client(server.port) as client:
        client.socket.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (path, host)).encode())
        return client.take_answer()


def seconds_for(server, path, count):
    """How long COUNT requests at once take."""
    began = time.monotonic()
    threads = [threading.Thread(target=get, args=(server, path)) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return time.monotonic() - began


# ---- hosts and contexts ----

server = Server()
module(server.webapp("m.so"))
module(server.webapp("share.so"))
module(os.path.join(server.base, "other", "o.so"))
module(os.path.join(server.base, "still", "never.so"))
module(os.path.join(server.base, "still", "named.so"))
module(os.path.join(server.base, "strict", "x", "WEB-INF", "lib", "x.so"))
write(os.path.join(server.base, "strict", "x", "META-INF", "context.xml"), "<Context/>")
module(os.path.join(server.base, "slow", "init.so"), init_ms=900)
module(os.path.join(server.base, "slow", "stop.so"), stop="CS_EAGAIN")
write(os.path.join(server.base, "conf", "context.xml"), "<Context maxThreads='1'/>")
server_xml(server, [(CONNECTOR, """
<Host name='h'><Context path='/one' docBase='m.so'/>
  <Context path='/many' docBase='share.so' override='true'/></Host>
<Host name='second.example' appBase='other'/>
<Host name='lazy' appBase='still' deployOnStartup='false'>
  <Context path='/deep/named' docBase='named.so'/></Host>
<Host name='careful' appBase='strict' deployXML='false'/>
<Host name='absent' appBase='not-there' createDirs='false'/>
<Host name='made' appBase='made-there'/>
<Host name='slow' appBase='slow'>
  <Context path='/init' docBase='init.so' hookTimeout='100'/>
  <Context path='/stop' docBase='stop.so' stopTimeout='150'/></Host>""")])
server.start()
effect("Host.name", get(server, "/o/hello", "second.example").status == 200 and get(server, "/o/hello").status == 404)
effect("Host.appBase", get(server, "/o/hello", "second.example").status == 200)
effect("Engine.defaultHost", get(server, "/one/hello", "nobody.example").status == 200)
effect("Host.deployOnStartup", get(server, "/never/hello", "lazy").status == 404)
effect("Context.path", get(server, "/deep/named/hello", "lazy").status == 200)
effect("Context.docBase", get(server, "/one/hello").status == 200)
rows = server.webapps()
effect("Host.deployXML", "refused" in rows["x"] and "deployXML" in rows["x"], rows["x"])
folders = [os.path.isdir(os.path.join(server.base, name)) for name in ("not-there", "made-there")]
same("attribute/Host.createDirs", folders, [False, True])
for path in ("/one/hello?ms=50", "/many/hello?ms=50") * 2:  # once is forgiven; from now on neither counts as quick
    seconds_for(server, path, 1)
one, many = seconds_for(server, "/one/hello?ms=300", 2), seconds_for(server, "/many/hello?ms=300", 2)
effect("Context.maxThreads", one > 0.58, one)
effect("Context.override", many < 0.55 * SLACK, many)
effect("Context.hookTimeout", "failed" in rows["init.so"] and "100 ms (hookTimeout)" in rows["init.so"], rows["init.so"])
server.stop()
effect("Context.stopTimeout", "longer than 150 ms (stopTimeout)" in server.log(), server.log()[-800:])

# ---- the size of bodies: an application's own is above the Connector's or below it ----

server = Server("bodies")
module(server.webapp("m.so"))
module(server.webapp("more.so"))
module(server.webapp("less.so"))
server_xml(server, [(CONNECTOR.replace("/>", " maxBodySize='1000'/>"), """<Host name='h'>
  <Context path='/more' docBase='more.so' maxBodySize='100000'/>
  <Context path='/less' docBase='less.so' maxBodySize='10'/></Host>""")])
server.start()


def of_size(path, size):
    return server.get(path, "POST", body=b"x" * size).status


same("attribute/Context.maxBodySize", [of_size("/m/hello", 1000), of_size("/m/hello", 1001),
                                       of_size("/more/hello", 100000), of_size("/more/hello", 100001),
                                       of_size("/less/hello", 10), of_size("/less/hello", 11)],
     [200, 413, 200, 413, 200, 413])
server.stop()

# ---- remoteip: every name of its fields another one ----

server = Server("proxied")
os.symlink(os.path.join(BUILD, "webapps", "examples"), server.webapp("examples"))
server_xml(server, [(CONNECTOR, """<Valve className='remoteip' remoteIpHeader='X-Client' trustedProxies='192.0.2.5'
  internalProxies='127.0.0.1' protocolHeader='X-Scheme' protocolHeaderHttpsValue='on' hostHeader='X-Name'
  portHeader='X-Number' httpServerPort='8081' httpsServerPort='8444'/><Host name='h'/>""")])
server.start()


def seen(*fields):
    return json.loads(server.get("/examples/request", headers=fields).text)


usual = seen("X-Forwarded-For: 198.51.100.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: x.example")
effect("Valve/remoteip.remoteIpHeader", usual["remoteAddr"] == "127.0.0.1" and
       seen("X-Client: 198.51.100.1")["remoteAddr"] == "198.51.100.1", usual)
same("attribute/Valve/remoteip.trustedProxies", seen("X-Client: 198.51.100.1, 192.0.2.5")["remoteAddr"], "198.51.100.1")
same("attribute/Valve/remoteip.internalProxies", seen("X-Client: 198.51.100.1, 127.0.0.9")["remoteAddr"], "127.0.0.9")
effect("Valve/remoteip.protocolHeader", usual["scheme"] == "http" and seen("X-Scheme: on")["scheme"] == "https", usual)
effect("Valve/remoteip.protocolHeaderHttpsValue", seen("X-Scheme: https")["scheme"] == "http")
same("attribute/Valve/remoteip.httpServerPort", seen("X-Scheme: off")["serverPort"], 8081)
same("attribute/Valve/remoteip.httpsServerPort", seen("X-Scheme: on")["serverPort"], 8444)
effect("Valve/remoteip.hostHeader", usual["serverName"] == "localhost" and
       seen("X-Name: shop.example")["serverName"] == "shop.example", usual)
same("attribute/Valve/remoteip.portHeader", seen("X-Name: shop.example", "X-Number: 4242")["serverPort"], 4242)
server.stop()

# ---- Server ----

server = Server("brief")
module(server.webapp("m.so"))
server_xml(server, [(CONNECTOR, "<Host name='h'/>")], "stopTimeout='200'")
server.start()
asked = threading.Thread(target=get, args=(server, "/m/hello?ms=4000"))
asked.start()
becomes(lambda: server.status()["connectors"][0]["threadsBusy"] == 1)
began = time.monotonic()
server.stop()
took = time.monotonic() - began
asked.join()
log = server.log()
effect("Server.stopTimeout", took < 3.5 * SLACK and took < 5, "%f: %s" % (took, log[-800:]))

BODY = "POST /m/hello HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + "x" * 300000


def spooled(name, attributes, body=BODY):
    """The status of a body that goes to a file, and what was refused for it."""
    small = Server(name)
    module(small.webapp("m.so"))
    server_xml(small, [(CONNECTOR, "<Host name='h'/>")], attributes)
    small.start()
    with Client(small.port) as client:
        client.socket.sendall(body.encode())
        status = client.take_answer().status
    refused = {k: v for k, v in small.status()["spool"]["refused"].items() if v}
    small.stop()
    return status, refused


# A body that can never fit is refused at its head; the others when it begins to be kept.
status, refused = spooled("maxSpool", "maxSpool='1000'")
effect("Server.maxSpool", status == 413, (status, refused))
status, refused = spooled("maxSpoolFiles", "maxSpoolFiles='0'")
effect("Server.maxSpoolFiles", status == 503 and "FILES" in refused or "FILES_SHARE" in refused, (status, refused))
status, refused = spooled("maxBufferedMemory", "maxBufferedMemory='1000'")
effect("Server.maxBufferedMemory", any(k.startswith("MEMORY") for k in refused), (status, refused))
disk = os.statvfs(server.base)
if disk.f_bavail * 100 < disk.f_blocks * 98:
    status, refused = spooled("minFreeDisk", "minFreeDisk='99'")
    effect("Server.minFreeDisk", status == 503 and "FREE" in refused, (status, refused))
else:
    skip("attribute/Server.minFreeDisk", "the disk is almost empty")
same("attribute/Server.defaults", spooled("plain", ""), (200, {}))
end()
