# SPDX-License-Identifier: Apache-2.0
"""A server of our own for run.py: a base in a temporary folder, a free port, started and stopped with the
real command."""
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile


class ServerError(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, command):
        self.command = command
        self.folder = tempfile.mkdtemp(prefix="cserv-wire-")
        self.base = os.path.join(self.folder, "base")
        self.port = free_port()
        self.started = False

    def run(self, *arguments):
        done = subprocess.run([self.command, *arguments], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        if done.returncode != 0:
            raise ServerError("cserv %s ended with %d: %s%s" % (" ".join(arguments), done.returncode,
                                                               done.stdout, done.stderr))
        return done.stdout

    def start(self):
        self.run("makebase", self.base, "--port", str(self.port))
        self.listen_on_loopback()
        self.run("start", "-b", self.base)
        self.started = True

    def listen_on_loopback(self):
        path = os.path.join(self.base, "conf", "server.xml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if not re.search(r"<Connector\b[^>]*\baddress=", text):
            text = re.sub(r"<Connector\b", '<Connector address="127.0.0.1"', text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def all_counters(self):
        return json.loads(self.run("status", "-b", self.base, "--json"))["counters"]

    def counter(self, name):
        return self.all_counters()[name]

    def counters(self):
        """(requests, requests_refused)"""
        counters = self.all_counters()
        return counters["requests"], counters["requests_refused"]

    def stop(self):
        if self.started:
            self.started = False
            self.run("stop", "-b", self.base)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
