#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
# alone: it watches the clock
"""Every attribute has an effect: a value that is not the default, and what is different on the real server.
A case is called "attribute/ELEMENT.NAME"; tests/arch/attribute_effects.py looks them up in attributes.txt.
Here: Connector, Executor, Service and Engine; the rest is in attributes_hosts.py and in the scripts that
attributes.txt names. One server has a connector for each attribute."""
import ctypes
import json
import os
import re
import socket
import struct
import threading
import time
from attribute_servers import effect, module, server_xml
from served import BUILD, Client, Server, becomes, end, read, same, sanitizer

SLACK = 6 if sanitizer() else 1 # what takes long takes longer in a sanitizer build

def connect(port, address="127.0.0.1", timeout=10, buffer=0):
    s = socket.socket()
    if buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    s.settimeout(timeout)
    s.connect((address, port))
    return s


def speak(port, text):
    """Everything that comes back until it is quiet or ends, as (status, text, ended)."""
    data = b""
    with connect(port) as s:
        s.sendall(text.encode("latin-1"))
        s.settimeout(0.4 * SLACK)
        try:
            while True:
                more = s.recv(65536)
                if not more:
                    return int(data[9:12] or 0), data.decode("latin-1"), True
                data += more
        except TimeoutError:
            return int(data[9:12] or 0), data.decode("latin-1"), False
        except ConnectionError:
            return int(data[9:12] or 0), data.decode("latin-1"), True


def get(port, path="/m/hello", fields="", method="GET", body=""):
    return speak(port, "%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n%s" % (method, path, fields, body))


def closes_within(s, seconds):
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
        return True
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def seconds_for(port, count, path="/m/hello?ms=300"):
    """How long COUNT requests at once take."""
    began = time.monotonic()
    threads = [threading.Thread(target=get_whole, args=(port, path)) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return time.monotonic() - began


def get_whole(port, path, results=None):
    with Client(port) as client:
        client.send(path)
        answer = client.take_answer()
        if results is not None:
            results.append(answer.status)


# ---- what the kernel knows of the container's sockets ----

def listening_socket(pid, port):
    """A copy of the listening socket; None where the kernel does not let us."""
    inode = next((row.split()[9] for row in read("/proc/net/tcp").splitlines()[1:]
                  if row.split()[1].endswith(":%04X" % port) and row.split()[3] == "0A"), None)
    libc = ctypes.CDLL(None, use_errno=True)
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            if os.readlink("/proc/%d/fd/%s" % (pid, name)) != "socket:[%s]" % inode:
                continue
            copy = libc.syscall(438, os.pidfd_open(pid), int(name), 0) # pidfd_getfd
        except OSError:
            continue
        if copy >= 0:
            return socket.socket(fileno=copy)
    return None


def workers(pid, port):
    """How many worker threads the connector has."""
    return len([n for n in thread_names(pid) if re.match(r"http-%d-\d+$" % port, n)])


def thread_names(pid):
    folder = "/proc/%d/task" % pid
    return [read(os.path.join(folder, task, "comm")).strip() for task in os.listdir(folder)]


# ---- one server, a connector for each ----

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


CHOSEN = free_port()
CONNECTORS = {
    "plain": "",
    "port": "port='%d'" % CHOSEN,
    "address": "address='127.0.0.2'",
    "protocol": "protocol='org.apache.coyote.http11.Http11NioProtocol'",
    "view": "scheme='https' secure='true' proxyName='shop.example' proxyPort='8443'",
    "executor": "executor='one' maxThreads='9'",
    "threads": "maxThreads='1'",
    "queue": "maxThreads='1' maxQueueSize='1'",
    "executor-queue": "executor='narrow'",
    "spare": "minSpareThreads='3' threadsMaxIdleTime='100'",
    "executor-spare": "executor='spare'",
    "acceptCount": "acceptCount='7'",
    "maxConnections": "maxConnections='3'",
    "connectionTimeout": "connectionTimeout='300'",
    "keepAliveTimeout": "keepAliveTimeout='300'",
    "maxKeepAliveRequests": "maxKeepAliveRequests='2'",
    "bodyTimeout": "bodyTimeout='300'",
    "sendTimeout": "sendTimeout='300' socket.txBufSize='4096'",
    "groups": "groups='2'",
    "maxUriSize": "maxUriSize='64'",
    "maxHttpHeaderSize": "maxHttpHeaderSize='256'",
    "maxHttpRequestHeaderSize": "maxHttpRequestHeaderSize='256'",
    "maxHeaderCount": "maxHeaderCount='3'",
    "maxCookieCount": "maxCookieCount='1'",
    "maxTrailerSize": "maxTrailerSize='20'",
    "maxExtensionSize": "maxExtensionSize='20'",
    "maxSwallowSize": "maxSwallowSize='100'",
    "bodyMemory": "bodyMemory='1000'",
    "maxBodySize": "maxBodySize='1000'",
    "outputMemory": "outputMemory='67108864'",
    "outputSpool": "outputSpool='67108864'",
    "relaxed": "relaxedPathChars='{' relaxedQueryChars='{}'",
    "encodedSolidusHandling": "encodedSolidusHandling='decode'",
    "rejectSuspiciousURIs": "rejectSuspiciousURIs='false'",
    "sockets": "tcpNoDelay='false' socket.rxBufSize='30000' socket.txBufSize='20000'",
    "server": "server='cserv-test'",
}
EXECUTORS = """<Executor name='one' maxThreads='1'/>
<Executor name='narrow' maxThreads='1' maxQueueSize='1'/>
<Executor name='spare' minSpareThreads='2' maxIdleTime='100'/>"""


def connector(attributes):
    text = attributes
    for name, value in (("port", "0"), ("address", "127.0.0.1"), ("groups", "1")):
        if not re.search(r"(^| )%s=" % name, text):
            text += " %s='%s'" % (name, value)
    return "<Connector %s/>" % text


# maxParameterCount, maxPostSize and allowTrace are those of a service's first connector.
SERVICES = {"maxParameterCount": "maxParameterCount='2'", "maxPostSize": "maxPostSize='10'",
            "allowTrace": "allowTrace='true'"}
server = Server()
module(server.webapp("m.so"))
os.symlink(os.path.join(BUILD, "webapps", "examples"), server.webapp("examples"))
server_xml(server, [(EXECUTORS + "\n".join(map(connector, CONNECTORS.values())), None)] +
           [(connector(a), None) for a in SERVICES.values()])
server.start()
state = server.status()
PID = state["container"]
ports = dict(zip([*CONNECTORS, *SERVICES], [int(u.rstrip("/").rsplit(":", 1)[1]) for u in state["urls"]]))
plain = ports["plain"]


def numbers(name):
    """status --json of one connector."""
    return next(c for c in server.status()["connectors"] if c["name"] == "http-%d" % ports[name])


def differs(name, connector_name, question, want, plain_want, path="/m/hello", **more):
    """Status of the same request here and on the plain connector."""
    got = get(ports[connector_name], path, **more)[0], get(plain, path, **more)[0]
    effect(name, got == (want, plain_want), "%r, not %r: %s" % (got, (want, plain_want), question))


effect("Connector.port", ports["port"] == CHOSEN and get(CHOSEN)[0] == 200, ports["port"])
elsewhere = False
try:
    connect(ports["address"]).close()
    elsewhere = True
except ConnectionError:
    pass
with connect(ports["address"], "127.0.0.2") as s:
    s.sendall(b"GET /m/hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    effect("Connector.address", not elsewhere and s.recv(12) == b"HTTP/1.1 200", "also on 127.0.0.1: %r" % elsewhere)
effect("Connector.protocol", get(ports["protocol"])[0] == 200)

# threads
fast = seconds_for(plain, 2) # first: from then on the servlet does not count as quick
slow = seconds_for(ports["threads"], 2)
effect("Connector.maxThreads", slow > 0.58 and fast < 0.55 * SLACK, (slow, fast))
slow = seconds_for(ports["executor"], 2)
effect("Connector.executor", slow > 0.58, slow)
effect("Executor.maxThreads", slow > 0.58 and numbers("executor")["maxThreads"] == 1, slow)
for name, attribute in (("queue", "Connector.maxQueueSize"), ("executor-queue", "Executor.maxQueueSize")):
    statuses = []
    threads = [threading.Thread(target=get_whole, args=(ports[name], "/m/hello?ms=400", statuses)) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    effect(attribute, statuses.count(503) >= 2 and statuses.count(200) >= 1, statuses)
for name in ("spare", "executor-spare", "plain"):
    seconds_for(ports[name], 14, "/m/hello?ms=100")
effect("Connector.minSpareThreads", becomes(lambda: workers(PID, ports["spare"]) == 3), workers(PID, ports["spare"]))
effect("Executor.minSpareThreads", becomes(lambda: workers(PID, ports["executor-spare"]) == 2),
       workers(PID, ports["executor-spare"]))
kept = workers(PID, plain)
effect("Connector.threadsMaxIdleTime", kept > 10, "the plain connector has %d threads" % kept)
effect("Executor.maxIdleTime", kept > 10 and workers(PID, ports["executor-spare"]) == 2, kept)
same("attribute/Executor.name", numbers("executor")["maxThreads"], 1)
pollers = [n for n in thread_names(PID) if n.startswith(("http-%d-poll" % ports["groups"])[:15])]
effect("Connector.groups", len(pollers) == 4 and numbers("groups")["groups"] == 2, pollers)

# what applications are told
got = [json.loads(get(p, "/examples/request")[1].partition("\r\n\r\n")[2]) for p in (ports["view"], plain)]
same("attribute/Connector.scheme", [x["scheme"] for x in got], ["https", "http"])
same("attribute/Connector.secure", [x["secure"] for x in got], [1, 0])
same("attribute/Connector.proxyName", [x["serverName"] for x in got], ["shop.example", "h"])
same("attribute/Connector.proxyPort", [x["serverPort"] for x in got], [8443, 80])

# sockets
listener, other = listening_socket(PID, ports["sockets"]), listening_socket(PID, plain)
queue = listening_socket(PID, ports["acceptCount"])
if listener and other and queue:
    nodelay = [x.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for x in (listener, other)]
    same("attribute/Connector.tcpNoDelay", [bool(x) for x in nodelay], [False, True])
    same("attribute/Connector.socket.rxBufSize", listener.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), 60000)
    same("attribute/Connector.socket.txBufSize", listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), 40000)
    # Of a listening socket, tcpi_sacked is the length its queue may have.
    info = [struct.unpack_from("I", x.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 28)[0]
            for x in (queue, other)]
    most = int(read("/proc/sys/net/core/somaxconn"))
    same("attribute/Connector.acceptCount", info, [7, min(4096, most)])
else:
    print("skip attribute/sockets: the kernel does not show them (pidfd_getfd)")

held = []
for _ in range(6):
    s = connect(ports["maxConnections"])
    s.sendall(b"GET /m/hello HTTP/1.1\r\nHost: h\r\n\r\n")
    held.append(s)
most = max(numbers("maxConnections")["connections"] for _ in range(10))
effect("Connector.maxConnections", most <= 3 and numbers("maxConnections")["maxConnections"] == 3, most)
for s in held:
    s.close()

# deadlines: each on its connector, and none of them on the plain one
PARTS = {
    "Connector.connectionTimeout": (b"GET /m/hello HTTP/1.1\r\nHost:", "head_timeout"),
    "Connector.keepAliveTimeout": (b"GET /m/hello HTTP/1.1\r\nHost: h\r\n\r\n", "idle"),
    "Connector.bodyTimeout": (b"POST /m/hello HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx", "body_timeout"),
}
for attribute, (text, reason) in PARTS.items():
    name = attribute.partition(".")[2]
    here, there = connect(ports[name]), connect(plain)
    here.sendall(text)
    there.sendall(text)
    ended = closes_within(here, 10)
    effect(attribute, ended and not closes_within(there, 0.1) and
           becomes(lambda: numbers(name)["closed"].get(reason, 0) == 1), numbers(name)["closed"])
    here.close()
    there.close()
s = connect(ports["sendTimeout"], buffer=4096)
s.sendall(b"GET /m/big?kib=65536 HTTP/1.1\r\nHost: h\r\n\r\n")
effect("Connector.sendTimeout", becomes(lambda: numbers("sendTimeout")["closed"]["send_timeout"] == 1),
       numbers("sendTimeout")["closed"])
s.close()

with Client(ports["maxKeepAliveRequests"]) as client:
    fields = [client.ask("/m/hello").fields.get("connection") for _ in range(2)]
same("attribute/Connector.maxKeepAliveRequests", fields, [None, "close"])

# sizes
long_field = "X: %s\r\n" % ("y" * 300)
differs("Connector.maxUriSize", "maxUriSize", "a long target", 414, 200, "/m/hello?x=" + "y" * 80)
differs("Connector.maxHttpHeaderSize", "maxHttpHeaderSize", "a large head", 431, 200, fields=long_field)
differs("Connector.maxHttpRequestHeaderSize", "maxHttpRequestHeaderSize", "a large head", 431, 200, fields=long_field)
differs("Connector.maxHeaderCount", "maxHeaderCount", "four fields", 431, 200, fields="A: 1\r\nB: 2\r\nC: 3\r\n")
differs("Connector.maxCookieCount", "maxCookieCount", "two cookies", 400, 200, fields="Cookie: a=b; c=d\r\n")
chunked = "Transfer-Encoding: chunked\r\n"
trailers = get(ports["maxTrailerSize"], "/m/hello", chunked, "POST", "0\r\nX: %s\r\n\r\n" % ("y" * 40))[0]
same("attribute/Connector.maxTrailerSize", (trailers, get(plain, "/m/hello", chunked, "POST", "0\r\nX: %s\r\n\r\n" %
                                                         ("y" * 40))[0]), (400, 200))
differs("Connector.maxExtensionSize", "maxExtensionSize", "a long extension", 400, 200, method="POST",
        fields=chunked, body="1;%s\r\nx\r\n0\r\n\r\n" % ("y" * 40))
differs("Connector.maxBodySize", "maxBodySize", "a larger body", 413, 200, method="POST",
        fields="Content-Length: 2000\r\n", body="x" * 2000)
# OPTIONS * is answered without looking at its body.
unread = "OPTIONS * HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n" + "x" * 2000
effect("Connector.maxSwallowSize", speak(ports["maxSwallowSize"], unread)[2] and not speak(plain, unread)[2])
body = dict(method="POST", fields="Content-Length: 50000\r\n", body="x" * 50000)
before = server.status()["counters"]["spool_bytes_written"]
get(plain, "/m/hello", **body)
between = server.status()["counters"]["spool_bytes_written"]
get(ports["bodyMemory"], "/m/hello", **body)
after = server.status()["counters"]["spool_bytes_written"]
effect("Connector.bodyMemory", between == before and after > between, (before, between, after))

# A response that fits gives its worker back although nobody reads it; another one waits, or goes to a file.
stopped = [connect(p, buffer=4096) for p in (ports["outputMemory"], ports["outputSpool"], plain)]
for s in stopped:
    s.sendall(b"GET /m/big?kib=32768 HTTP/1.1\r\nHost: h\r\n\r\n")


def is_served(row):
    """The worker is gone, the answer is not."""
    return row["states"]["PARKED"] + row["states"]["SEND"] == 1 and row["threadsBusy"] == 0


effect("Connector.outputMemory", becomes(lambda: is_served(numbers("outputMemory"))) and
       becomes(lambda: numbers("plain")["threadsBusy"] == 1 or server.status()["spool"]["spoolBytes"] > 0),
       (numbers("outputMemory"), numbers("plain")))
effect("Connector.outputSpool", becomes(lambda: is_served(numbers("outputSpool"))) and
       becomes(lambda: numbers("plain")["writersWaiting"] == 1), (numbers("outputSpool"), numbers("plain")))
for s in stopped:
    s.close()

# URIs
differs("Connector.relaxedPathChars", "relaxed", "a brace in the path", 404, 400, "/m/a{b")
differs("Connector.relaxedQueryChars", "relaxed", "braces in the query", 200, 400, "/m/hello?{}")
differs("Connector.encodedSolidusHandling", "encodedSolidusHandling", "%2F", 200, 400, "/m%2Fhello")
differs("Connector.rejectSuspiciousURIs", "rejectSuspiciousURIs", "an encoded dot segment", 200, 400, "/m/x/%2e%2e/hello")
found = [re.search(r"(?m)^Server: (.*)\r$", get(p)[1]) for p in (ports["server"], plain)]
effect("Connector.server", found[0] and found[0][1] == "cserv-test" and not found[1], found)

# those of a service
differs("Connector.maxParameterCount", "maxParameterCount", "three parameters", 400, 200, "/m/form?a=1&b=2&c=3")
form = dict(method="POST", fields="Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n",
            body="a=123456789012")
got = get(ports["maxPostSize"], "/m/form", **form)[0]
effect("Connector.maxPostSize", got == 413 and get(plain, "/m/form", **form)[1].endswith("a=123456789012"), got)
differs("Connector.allowTrace", "allowTrace", "TRACE", 200, 405, method="TRACE")
log = server.log()
effect("Service.name", "the service s1 " in log, log[-500:])
effect("Engine.name", "the engine e1" in log, log[-500:])
server.stop()
end()
