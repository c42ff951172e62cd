#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the cases of splits.txt in two parts, cut at every place, each on a connection of its own. The second
part of none leaves before the server has read the first parts of all, which its counter of received bytes
tells. The answers are those of the case, whatever the place. Environment and output as run.py.

    splits.py [--only TEXT]"""
import argparse
import os
import resource
import sys
import time
from case_file import CaseError
from client import PROBE, Connection, Failed, compare, expect_probe
from run import HERE, Results, check_counters, load
from server import Server, ServerError

PATIENCE = 20 # seconds until first parts count as lost


def chosen(only):
    cases = {case.name: case for case in load("")}
    with open(os.path.join(HERE, "splits.txt"), encoding="ascii") as file:
        names = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for name in names:
        if name not in cases or len(cases[name].steps) != 1 or cases[name].alone:
            raise CaseError("splits.txt: %s is no case that is sent at once" % name)
    return [cases[name] for name in names if only in name]


def wait_until_read(server, total):
    """A refused request is read to its end, too: what is sent is always counted."""
    deadline = time.monotonic() + PATIENCE
    while True:
        got = server.counter("bytes_in")
        if got >= total:
            return
        if time.monotonic() > deadline:
            raise Failed("the server has read %d bytes too few of the first parts" % (total - got))
        time.sleep(0.005)


def take(connection, want):
    """Whether there is a 100 depends on the cut."""
    while True:
        got = connection.take_answer(want.bodyless)
        if got.status != 100 or want.status == 100:
            return got


def check_answers(case, connection):
    answers = case.steps[0].answers
    for want in answers:
        closes = want is answers[-1] and not case.stays_open
        compare(want, take(connection, want), closes)
    if case.stays_open:
        expect_probe(connection)
        connection.socket.shutdown(1)
    connection.expect_end()


def split_everywhere(case, server, port):
    data = case.steps[0].data
    before = server.counter("bytes_in")
    connections = []
    try:
        for at in range(1, len(data) + 1):
            connections.append((at, Connection(port)))
            connections[-1][1].socket.sendall(data[:at])
        wait_until_read(server, before + sum(at for at, _ in connections))
        for at, connection in connections:
            connection.send(data[at:] + PROBE, False)
        for at, connection in connections:
            try:
                check_answers(case, connection)
            except (Failed, OSError, ValueError) as error:
                raise Failed("cut at %d, %r: %s" % (at, data[max(0, at - 20):at], error)) from error
    finally:
        for _, connection in connections:
            connection.close()


def expected(cases):
    """(by servlets or the engine, by the protocol)"""
    served = refused = 0
    for case in cases:
        answers = case.steps[0].answers
        finals = sum(want.status >= 200 for want in answers)
        no_servlet = sum(want.refused for want in answers)
        times = len(case.steps[0].data)
        served += times * (finals - no_servlet + case.stays_open)
        refused += times * no_servlet
    return served, refused


def run(cases, server, results):
    before = server.counters()
    for case in cases:
        why = None
        try:
            split_everywhere(case, server, server.port)
        except (Failed, OSError) as error:
            why = str(error)
        results.tell("%s, %d cuts" % (case.name, len(case.steps[0].data)), why)
    if not results.failed:
        check_counters(server, before, expected(cases), "counters", results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    command = os.environ.get("CSERV") or os.path.join(HERE, "..", "..", "build", "bin", "cserv")
    results = Results()
    server = Server(os.path.abspath(command))
    started = time.monotonic()
    try:
        try:
            cases = chosen(options.only)
            server.start()
            run(cases, server, results)
        finally:
            server.stop()
    except (CaseError, ServerError, OSError) as error:
        results.tell("server", str(error).strip().replace("\n", " "))
    finally:
        server.remove()
    print("%d passed, %d failed, %.1f s" % (results.passed, results.failed, time.monotonic() - started))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
