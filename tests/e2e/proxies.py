#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""cserv behind Debian's nginx and HAProxy: client address, scheme, host and port are right in what a
servlet sees, in redirects and in the access log; the same fields from anybody else mean nothing."""
import json
import os
import re
import shutil
import socket
import subprocess

from served import BUILD, PATIENCE, Client, Server, becomes, check, end, same, skip, work, write

NGINX = r"""
daemon off;
worker_processes 1;
pid %(dir)s/pid;
error_log %(dir)s/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path %(dir)s/body;
    proxy_temp_path %(dir)s/proxy;
    fastcgi_temp_path %(dir)s/fastcgi;
    uwsgi_temp_path %(dir)s/uwsgi;
    scgi_temp_path %(dir)s/scgi;
    server {
        listen 127.0.0.1:%(port)d;
        location / {
            proxy_pass http://127.0.0.1:%(target)d;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host shop.example;
            proxy_set_header X-Forwarded-Port 8443;
        }
    }
}
"""
HAPROXY = r"""
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend f
    bind 127.0.0.1:%(port)d
    option forwardfor
    http-request set-header X-Forwarded-Proto https
    http-request set-header X-Forwarded-Host shop.example
    http-request set-header X-Forwarded-Port 8443
    default_backend b
backend b
    server s 127.0.0.1:%(target)d
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def start_proxy(name, target):
    """(process, port), or None when the proxy is not here."""
    binary = program(name)
    if not binary:
        skip(name, "not installed")
        return None
    folder = os.path.join(work, name)
    values = {"dir": folder, "port": free_port(), "target": target}
    config = write(os.path.join(folder, "conf"), {"nginx": NGINX, "haproxy": HAPROXY}[name] % values)
    command = {"nginx": [binary, "-p", folder, "-e", folder + "/error.log", "-c", config],
               "haproxy": [binary, "-db", "-f", config]}[name]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    if not becomes(lambda: answers(values["port"]) or process.poll() is not None) or process.poll() is not None:
        check(name + "/starts", False, process.stderr.read() if process.poll() is not None else "no answer")
        return None
    return process, values["port"]


def access_lines(server):
    folder = os.path.join(server.base, "logs")
    return "".join(open(os.path.join(folder, name), encoding="utf-8").read()
                   for name in sorted(os.listdir(folder)) if "access" in name)


server = Server("behind")
os.symlink(os.path.join(BUILD, "webapps", "examples"), server.webapp("examples"))
os.makedirs(server.webapp("folder/deep"))
server.configure(
    "<Valve className=\"org.apache.catalina.valves.RemoteIpValve\" internalProxies=\"127.0.0.1\"/>"
    "<Valve className=\"org.apache.catalina.valves.AccessLogValve\" directory=\"logs\" prefix=\"access\""
    " suffix=\".txt\" pattern=\"%a %{peer}a %h %s %U\" requestAttributesEnabled=\"true\"/>")
server.start()
want = {"remoteAddr": "127.0.0.9", "peerAddr": "127.0.0.1", "scheme": "https", "secure": 1,
        "serverName": "shop.example", "serverPort": 8443}
for name in ("nginx", "haproxy"):
    started = start_proxy(name, server.port)
    if not started:
        continue
    process, port = started
    client = Client.__new__(Client) # from an address that no proxy has
    client.buffer, client.ended = b"", False
    client.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, ("127.0.0.9", 0))
    with client:
        seen = json.loads(client.ask("/examples/request/" + name,
                                     headers=["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil.example"]).text)
        same(name + "/what a servlet sees", {key: seen.get(key) for key in want}, want)
        answer = client.ask("/examples")
        location = answer.fields.get("location", "")
        check(name + "/a redirect stays with the proxy", answer.status == 302 and
              (location == "/examples/" or location == "https://shop.example:8443/examples/"), answer)
    check(name + "/the access log", becomes(
        lambda: re.search(r"^127\.0\.0\.9 127\.0\.0\.1 127\.0\.0\.9 200 /examples/request/%s$" % name,
                          access_lines(server), re.M)), access_lines(server))
    process.terminate()
    process.wait(PATIENCE)
server.stop()

other = Server("not-believed")
os.symlink(os.path.join(BUILD, "webapps", "examples"), other.webapp("examples"))
other.configure("<Valve className=\"remoteip\" internalProxies=\"192.0.2.0/24\"/>")
other.start()
seen = json.loads(other.get("/examples/request", headers=[
    "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example",
    "X-Forwarded-Port: 99"]).text)
same("not believed/nothing is taken", (seen["remoteAddr"], seen["scheme"], seen["serverName"], seen["secure"]),
     ("127.0.0.1", "http", "localhost", 0))
other.stop()

fixed = Server("fixed")
os.symlink(os.path.join(BUILD, "webapps", "examples"), fixed.webapp("examples"))
fixed.configure(edit=lambda text: re.sub(
    r"<Connector\b", "<Connector scheme=\"https\" secure=\"true\" proxyName=\"www.example\" proxyPort=\"444\"", text))
fixed.start()
seen = json.loads(fixed.get("/examples/request").text)
same("connector/scheme, secure, proxyName, proxyPort",
     (seen["scheme"], seen["secure"], seen["serverName"], seen["serverPort"]), ("https", 1, "www.example", 444))
fixed.stop()
end()
