#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address
"""Runs the case files of tests/wire/*/ against a real server (CSERV: path of the command; default: build/
bin/cserv of this tree). Prints a line for each case: ok NAME, FAIL NAME: why. The last line has the
counts; ends with 1 when something failed.

    run.py [--only TEXT] [--jobs N] [--port N]

--only: the cases whose name has TEXT. --port: a server that runs already. With --jobs 1 the server's
counters are looked at behind each case instead of once at the end."""
import argparse
import concurrent.futures
import glob
import os
import sys
import threading
import time
from case_file import CaseError, read_cases
from client import Failed, count_answers, run_case
from server import Server, ServerError

HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = 32


def load(only):
    cases = []
    for path in sorted(glob.glob(os.path.join(HERE, "*", "*.case"))):
        name = os.path.relpath(path, HERE)[:-len(".case")]
        cases += [case for case in read_cases(path, name) if only in case.name]
    return cases


class Results:
    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = 0

    def tell(self, name, why):
        with self.lock:
            if why:
                self.failed += 1
                print("FAIL %s: %s" % (name, why))
            else:
                self.passed += 1
                print("ok %s" % name)


def run_variants(case, port, results):
    why = None
    for variant in case.variants:
        try:
            run_case(case, variant, port)
        except (Failed, OSError, ValueError) as error:
            why = "%s: %s" % (variant, error)
            break
    results.tell(case.name, why)
    return why is None


def expected(cases):
    counts = [count_answers(case, variant) for case in cases for variant in case.variants]
    return sum(count[0] for count in counts), sum(count[1] for count in counts)


def check_counters(server, before, want, name, results):
    """A servlet that ran for a refused request would show here. An answer may be counted a moment after
    its last byte came."""
    deadline = time.monotonic() + 5
    while True:
        after = server.counters()
        got = after[0] - before[0], after[1] - before[1]
        if got == want or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    why = "%d answered by servlets or the engine and %d refused, not %d and %d" % (got + want)
    results.tell(name, None if got == want else why)


def run_one_by_one(cases, server, port, results):
    for case in cases:
        before = server and server.counters()
        passed = run_variants(case, port, results)
        if before and passed:
            check_counters(server, before, expected([case]), case.name + " (counters)", results)


def run_together(cases, server, port, jobs, results):
    before = server and server.counters()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda case: run_variants(case, port, results), cases))
    if not before:
        print("skip counters: the server is not ours")
    elif results.failed:
        print("skip counters: cases failed")
    else:
        check_counters(server, before, expected(cases), "counters", results)


def run_all(cases, server, port, jobs, results):
    if jobs == 1:
        run_one_by_one(cases, server, port, results)
    else:
        run_together(cases, server, port, jobs, results)


def run_with_server(cases, jobs, results):
    command = os.environ.get("CSERV") or os.path.join(HERE, "..", "..", "build", "bin", "cserv")
    server = Server(os.path.abspath(command))
    try:
        try:
            server.start()
            run_all(cases, server, server.port, jobs, results)
        finally:
            server.stop()
    except (ServerError, OSError) as error:
        results.tell("server", str(error).strip().replace("\n", " "))
    finally:
        server.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--jobs", type=int, default=JOBS, metavar="N")
    parser.add_argument("--port", type=int, default=0, metavar="N")
    options = parser.parse_args()
    results = Results()
    sys.stdout.reconfigure(line_buffering=True)
    try:
        cases = load(options.only)
    except CaseError as error:
        sys.exit("FAIL case files: %s" % error)
    if not cases:
        sys.exit("FAIL case files: there are none with %r in their name" % options.only)
    if options.port:
        run_all(cases, None, options.port, options.jobs, results)
    else:
        run_with_server(cases, options.jobs, results)
    print("%d passed, %d failed" % (results.passed, results.failed))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
