#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release thread
"""Access logs of a real server: Valves in server.xml, their attributes by their effect, refusals, JSON,
contexts and engine, rotation by hand and SIGHUP, the time zone. Environment: CSERV, BUILD."""
import datetime
import glob
import json
import os
import re
import signal
import socket
import time

import served
from served import Server, becomes, check, read, same

ZONE = {"TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
VALVE = '<Valve className="org.apache.catalina.valves.%sAccessLogValve" %s/>'


def valve(attributes, kind=""):
    return VALVE % (kind, attributes)


def log(server, name):
    """The one file NAME (a pattern) of the server's logs, as lines."""
    found = glob.glob(os.path.join(server.base, "logs", name))
    return read(found[0]).splitlines() if len(found) == 1 else []


def has(server, name, count):
    """The lines of NAME once there are COUNT."""
    becomes(lambda: len(log(server, name)) >= count)
    return log(server, name)


def raw(server, data):
    with socket.create_connection(("127.0.0.1", server.port), timeout=served.PATIENCE) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            more = s.recv(65536)
            if not more:
                return answer
            answer += more


def page(server, name="ROOT", text="Hello"):
    served.write(os.path.join(server.webapp(name), "index.txt"), text)


def today():
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    return datetime.datetime.now(zone)


# ---- lines ----

server = Server("shipped", ZONE)
page(server)
server.start()
server.get("/index.txt?a=b", headers=["User-Agent: x"])
line = (has(server, "localhost_access_log.%s.txt" % today().strftime("%Y-%m-%d"), 1) or [""])[0]
check("as-shipped", re.fullmatch(r'127\.0\.0\.1 - - \[.{26}\] "GET /index\.txt\?a=b HTTP/1\.1" 200 5', line), line)
server.stop()

server = Server("lines", ZONE)
server.configure(
    valve('prefix="localhost_access_log" suffix=".txt" pattern="combined"') +
    valve('prefix="json" pattern="%h %r %s %b %{User-Agent}i %{Content-Type}o %{lang}c %D %{c}L"', "Json") +
    valve('prefix="all." rotatable="false" pattern="%a|%{peer}a|%A|%b|%B|%F|%h|%H|%I|%l|%m|%{local}p|%q|'
          '%S|%u|%U|%v|%X|%{begin:yyyy-MM-dd HH:mm}t|%{sec}t|%{fracsec}T"') +
    '<Context path="/own" docBase="own">' + valve('prefix="own" pattern="%U %s"') + "</Context>",
    edit=lambda text: re.sub(r"(<Engine[^>]*>)", r"\1" + valve('prefix="engine" pattern="%U %s"'),
                             re.sub(r"<Valve [^>]*AccessLogValve[^>]*/>", "", text)))
page(server)
page(server, "own")
server.start()
DAY = today().strftime("%Y-%m-%d")
MAIN = "localhost_access_log.*.txt"

answer = server.get("/index.txt?a=b", headers=["User-Agent: te\"st", "Cookie: lang=de; x=y"])
same("status", answer.status, 200)
began = time.monotonic()
lines = has(server, MAIN, 1)
check("within-a-second", time.monotonic() - began < 1.5, time.monotonic() - began)
check("combined", re.fullmatch(
    r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d \+0530\] '
    r'"GET /index\.txt\?a=b HTTP/1\.1" 200 5 "-" "te\\"st"', lines[0] if lines else ""), lines)
month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[today().month - 1]
check("english-month", lines and "/%s/" % month in lines[0], lines)
paths = glob.glob(os.path.join(server.base, "logs", MAIN))
same("name", [os.path.basename(p) for p in paths], ["localhost_access_log.%s.txt" % DAY])
same("mode", oct(os.stat(paths[0]).st_mode & 0o7777), "0o640")

row = json.loads(has(server, "json.*", 1)[0])
same("json", (row["host"], row["request"], row["statusCode"], row["size"], row["requestHeaders"], row["cookies"]),
     ("127.0.0.1", "GET /index.txt?a=b HTTP/1.1", "200", "5", {"User-Agent": 'te"st'}, {"lang": "de"}))
check("json-type", row["responseHeaders"]["Content-Type"].startswith("text/plain"), row)

row = (has(server, "all.", 1) or [""])[0].split("|")
same("codes", row[:5] + row[6:8] + row[9:11] + row[12:18],
     ["127.0.0.1", "127.0.0.1", "127.0.0.1", "5", "5", "127.0.0.1", "HTTP/1.1", "-", "GET", "?a=b", "-", "-",
      "/index.txt", "localhost", "+"])
same("local-port", row[11:12], [str(server.port)])
check("begin", len(row) > 18 and row[18][:10] == DAY, row)
check("seconds", len(row) > 20 and abs(int(row[19]) - time.time()) < served.PATIENCE and
      re.fullmatch(r"\d+\.\d{3}", row[20]), row)

# ---- what else ends in a line ----

raw(server, b"\x16\x03\x01 nonsense\r\n\r\n")
check("malformed", has(server, MAIN, 2)[1:2] and
      re.search(r'"\\x16\\x03\\x01 nonsense" 400 \d+ "-" "-"$', log(server, MAIN)[1]), log(server, MAIN))
raw(server, b"GET /index.txt HTTP/1.1\r\n\r\n")
check("no-host", has(server, MAIN, 3)[2:3] and
      '"GET /index.txt HTTP/1.1" 400 ' in log(server, MAIN)[2], log(server, MAIN))
raw(server, b"GET /\n HTTP/1.1\r\nHost: a\r\n\r\n")
has(server, MAIN, 4)
same("one-line-each", len(log(server, MAIN)), 4)
server.get("/none")
check("not-found", has(server, MAIN, 5)[4:5] and '"GET /none HTTP/1.1" 404 ' in log(server, MAIN)[4],
      log(server, MAIN))
server.get("/index.txt", method="HEAD")
check("head", has(server, MAIN, 6)[5:6] and '"HEAD /index.txt HTTP/1.1" 200 - ' in log(server, MAIN)[5],
      log(server, MAIN))

# ---- levels: the context's, its host's and the engine's ----

server.get("/own/index.txt")
same("context", has(server, "own.*", 1), ["/own/index.txt 200"])
same("host-too", has(server, MAIN, 7)[6].split('"')[1], "GET /own/index.txt HTTP/1.1")
same("engine-too", has(server, "engine.*", 7)[6], "/own/index.txt 200")

# ---- moved, removed, reopened ----

supervisor = int(read(os.path.join(server.base, "run", "cserv.pid")))
os.rename(paths[0], paths[0] + ".1")
server.get("/index.txt?moved")
check("moved", becomes(lambda: "?moved" in read(paths[0])), read(paths[0]))
os.unlink(paths[0])
server.get("/index.txt?removed")
check("removed", becomes(lambda: "?removed" in read(paths[0])), read(paths[0]))
out, main = (os.path.join(server.base, "logs", n) for n in ("cserv.out", "cserv.%s.log" % DAY))
for path in (paths[0], main, out):
    os.rename(path, path + ".2")
os.kill(supervisor, signal.SIGHUP)
for name, path in (("access", paths[0]), ("server", main), ("out", out)):
    check("hangup-" + name, becomes(lambda p=path: os.path.exists(p)), path)
check("hangup-told", server.logs("opened anew"), server.log())
container = server.status().get("container")
for name, pid in (("supervisor", supervisor), ("container", container)):
    same("out-of-" + name, [os.readlink("/proc/%s/fd/%d" % (pid, fd)) for fd in (1, 2)], [out, out])

# ---- counters ----

metrics = server.status().get("metrics", {})
flat = json.dumps(server.status())
check("counter", re.search(r'"access_lines": ?[1-9]', flat), flat[:2000])
server.stop()
same("all-on-disk-at-the-end", len(log(server, "engine.*")), 9)

# ---- attributes ----

def one_request(name, attributes, prepare=None):
    made = Server(name, ZONE)
    made.configure(valve(attributes))
    page(made)
    if prepare:
        prepare(os.path.join(made.base, "logs"))
    made.start()
    made.get("/index.txt")
    return made


def put_old(logs):
    os.makedirs(logs, exist_ok=True)
    for n in ("access_log.2020-01-01", "access_log.2020-01-01.gz", "other.2020-01-01"):
        served.write(os.path.join(logs, n), "old\n")


made = one_request("attributes", 'directory="logs/deep" prefix="p" suffix="s" fileDateFormat="_yyyyMMdd" '
                   'pattern="caf\u00e9 %m" encoding="ISO-8859-1" buffered="false" locale="fr_FR" ' "")
path = os.path.join(made.base, "logs", "deep", "p_%ss" % today().strftime("%Y%m%d"))
check("directory-and-names", becomes(lambda: os.path.exists(path) and os.path.getsize(path) > 0), path)
with open(path, "rb") as file:
    same("encoding", file.read(), b"caf\xe9 GET\n")
made.stop()
made = one_request("whole", 'rotatable="false" prefix="whole" pattern="%m" maxDays="30"')
same("not-rotated", has(made, "whole", 1), ["GET"])
made.stop()
made = one_request("old", 'maxDays="30"', put_old)
has(made, "access_log.%s" % DAY, 1)
same("max-days", sorted(n for n in os.listdir(os.path.join(made.base, "logs")) if "2020" in n),
     ["access_log.2020-01-01.gz", "other.2020-01-01"])
made.stop()
made = one_request("kept", 'maxDays="-1"', put_old)
has(made, "access_log.%s" % DAY, 1)
check("kept-for-ever", os.path.exists(os.path.join(made.base, "logs", "access_log.2020-01-01")))
made.stop()


def put_yesterday(logs):
    os.makedirs(logs, exist_ok=True)
    current = served.write(os.path.join(logs, "access_log"), "yesterday\n")
    os.utime(current, (time.time() - 86400,) * 2)


made = one_request("renamed", 'renameOnRotate="true" pattern="%U"', put_yesterday)
same("rename-on-rotate", has(made, "access_log", 1), ["/index.txt"])
yesterday = (today() - datetime.timedelta(days=1)).strftime("%Y-%m-%d")
same("renamed", log(made, "access_log." + yesterday), ["yesterday"])
made.stop()

# ---- who the client is ----

made = Server("forwarded", ZONE)
made.configure('<Valve className="org.apache.catalina.valves.RemoteIpValve"/>' +
               valve('prefix="told" requestAttributesEnabled="true" pattern="%a %h %{peer}a"') +
               valve('prefix="long" requestAttributesEnabled="true" pattern="%a"') +
               valve('prefix="short" requestAttributesEnabled="true" ipv6Canonical="true" pattern="%a"') +
               valve('prefix="socket" pattern="%a %h %{peer}a"'))
page(made)
made.start()
made.get("/index.txt", headers=["X-Forwarded-For: 192.0.2.7"])
made.get("/index.txt", headers=["X-Forwarded-For: 2001:db8::7"])
same("request-attributes", (has(made, "told.*", 1)[:1], has(made, "socket.*", 1)[:1]),
     (["192.0.2.7 192.0.2.7 127.0.0.1"], ["127.0.0.1 127.0.0.1 127.0.0.1"]))
same("ipv6-canonical", (has(made, "long.*", 2)[1:], has(made, "short.*", 2)[1:]),
     (["2001:db8:0:0:0:0:0:7"], ["2001:db8::7"]))
made.stop()

# ---- mistakes: told with their line, by configtest and by start ----

for name, attributes, text in (
        ("unknown-code", 'pattern="%h %y"', "%y at character 4 of the pattern is no code"),
        ("unknown-argument", 'pattern="%{x}a"', "%{x}a at character 1 of the pattern is no code"),
        ("bad-date", 'fileDateFormat="yyyy-ww"', "'ww' at character 6 of the date pattern"),
        ("slash", 'prefix="a/b"', "cannot be a part of a file's name"),
        ("condition-if", 'conditionIf="x"', "conditionIf"),
        ("condition-unless", 'conditionUnless="x"', "conditionUnless"),
        ("condition", 'condition="x"', "conditionUnless"),
        ("resolve-hosts", 'resolveHosts="true"', "resolveHosts"),
        ("max-days-range", 'maxDays="0"', "maxDays"),
        ("encoding", 'encoding="EBCDIC"', "EBCDIC")):
    made = Server("bad-" + name)
    made.configure("\n" + valve(attributes) + "\n")
    line = read(os.path.join(made.base, "conf", "server.xml")).rpartition("<Valve")[0].count("\n") + 1
    for command in ("configtest", "start"):
        done = made.cserv(command, "-b", made.base)
        check("%s-%s" % (name, command), done.returncode == 1 and text in done.stderr and
              "server.xml:%d" % line in done.stderr, "%d %s" % (done.returncode, done.stderr))
    check(name + "-leaves-nothing", not glob.glob(os.path.join(made.base, "logs", "access*")))
served.end()
