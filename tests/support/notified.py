# SPDX-License-Identifier: Apache-2.0
"""Runs a command as systemd runs a unit of Type=notify: with NOTIFY_SOCKET set; awaits READY=1, runs CHECK, sends
SIGTERM, awaits STOPPING=1 and the end. Prints one line per event with its time; ends with the command's exit code,
or 99 when it was not told what it should have been.

    python3 notified.py FOLDER CHECK COMMAND...     FOLDER: for the socket; CHECK: a line for sh"""
import os
import signal
import socket
import subprocess
import sys
import time

folder, check, command = sys.argv[1], sys.argv[2], sys.argv[3:]
address = os.path.join(folder, "notify.%d" % os.getpid())
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(address)
manager.settimeout(60)
began = time.monotonic()


def say(text):
    print("%6d ms  %s" % ((time.monotonic() - began) * 1000, text), flush=True)


def hear(wanted):
    while True:
        lines = manager.recv(4096).decode().split("\n")
        if wanted in lines:
            say("; ".join(lines))
            return


with subprocess.Popen(command, env=dict(os.environ, NOTIFY_SOCKET=address), stdin=subprocess.DEVNULL) as process:
    code = 99
    try:
        hear("READY=1")
        good = subprocess.run(check, shell=True, check=False).returncode == 0
        say("checked" if good else "the check failed: " + check)
        process.send_signal(signal.SIGTERM)
        hear("STOPPING=1")
        code = process.wait(60)
        say("ended with %d" % code)
        code = code if good else 99
    except (socket.timeout, subprocess.TimeoutExpired):
        say("nothing more came")
        process.kill()
os.unlink(address)
sys.exit(code)
