#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release
"""Compares rows.txt, what HTTP/1 requests get, with the case files: prints each row with its cases, and FAIL
for a row without any, a row whose cases do not show what it says, a case that no row has, a case that is
not sent in all three ways, and a path that is decoded outside of http/uri.c."""
import fnmatch
import glob
import os
import re
import sys
from case_file import VARIANTS, CaseError, read_cases

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
# Why a case is not sent whole, byte by byte and pipelined.
NOT_IN_ALL = {
    "http1/111-body-of-64-kib/*": "64 KiB byte by byte take too long",
    "http1/113-continue-not-needed/*": "whether there is a 100 depends on the packets",
    "http1/116-*/100-continue twice*": "whether there is a 100 depends on the packets",
    "http1/115-bodies-in-files/*": "300 KB byte by byte take too long",
    "http1/120-timeouts/*": "each takes the deadline's 20 s",
}
# Who may take percent escapes apart: paths, query parameters, chunk sizes (the table of digits).
DECODERS = ("http/chars.c", "http/chars.h", "http/uri.c", "http/uri.h", "http/uri_text.c", "http/uri_host.c",
            "http/params.c", "http1/policy_body.c")
DECODING = re.compile(r"\b(char_from_hex|http_hex|uri_decode|uri_parse)\b|== '%'")
# Rooms that see no request: a '%' there is of something else.
BLIND = ("base", "config", "observe", "loader", "supervisor")
# http1 asks uri_parse once for each head, and once more which setting would let it pass; the test kit stands in
# its place. A forward's or include's path is the webapp's own text, decoded once, too.
CALLERS = ("http1/head.c", "testkit/request.c", "engine/dispatch_path.c")

failed = False


def tell(good, name, why=""):
    global failed
    failed = failed or not good
    print("ok %s" % name if good else "FAIL %s: %s" % (name, why))


def read_rows():
    rows, section = [], ""
    with open(os.path.join(HERE, "rows.txt"), encoding="ascii") as file:
        for line in file:
            line = line.strip()
            if line.startswith("section "):
                section = line[8:]
            elif line and not line.startswith("#"):
                what, rfc, becomes, cases = [part.strip() for part in line.split(" | ")]
                rows.append((section, what, rfc, becomes, [part.strip() for part in cases.split(" ; ")]))
    return rows


def read_all_cases():
    found = {}
    for path in sorted(glob.glob(os.path.join(HERE, "http1", "*.case"))):
        name = os.path.relpath(path, HERE)[:-len(".case")]
        for case in read_cases(path, name):
            found[case.name] = case
    return found


def matches(name, pattern):
    """`*` is any text, `\\*` a star; nothing else is special."""
    parts = re.split(r"(?<!\\)\*", pattern)
    return re.fullmatch(".*".join(re.escape(part.replace("\\*", "*")) for part in parts), name)


def text_of(place):
    """Whether "e2e/FILE TEXT" or "unit/FILE TEXT" is true."""
    path, _, text = place.partition(" ")
    try:
        with open(os.path.join(ROOT, "tests", path), encoding="utf-8") as file:
            return text in file.read()
    except OSError:
        return False


def shows(case, becomes):
    last = case.steps[-1].answers[-1:]
    words = becomes.split()
    return bool(last) and str(last[0].status) == words[0] and \
        (len(words) < 2 or case.stays_open == (words[1] == "open"))


def check_row(row, cases, used):
    section, what, rfc, becomes, patterns = row
    name = "row %s, %s (%s): %s" % (section.split()[0], what, rfc, becomes)
    found = []
    for pattern in patterns:
        if re.match(r"(e2e|unit)/", pattern):
            if not text_of(pattern):
                return tell(False, name, "not there: " + pattern)
            found.append(pattern)
            continue
        here = [case for case in cases if matches(case, pattern)]
        if not here:
            return tell(False, name, "no case is called " + pattern)
        found += here
        used.update(here)
    served = [case for case in found if case in cases]
    if becomes != "any" and not any(shows(cases[case], becomes) for case in served):
        return tell(False, name, "none of its cases expects that")
    tell(True, name)
    for case in found:
        print("    " + case)


def check_cases(cases, used):
    unused = [name for name in cases if name not in used]
    tell(not unused, "every case has a row", ", ".join(unused))
    for name, case in cases.items():
        if set(case.variants) != set(VARIANTS) and not any(fnmatch.fnmatch(name, p) for p in NOT_IN_ALL):
            tell(False, name, "it is not sent whole, byte by byte and pipelined")
    silent = [name for name, case in cases.items() if name < "http1/1" and
              not any(answer.refused for step in case.steps for answer in step.answers)]
    tell(not silent, "every case below 100 says that no servlet ran", ", ".join(silent))


def check_decoders():
    wrong = []
    for folder, _, names in os.walk(os.path.join(ROOT, "container")):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), os.path.join(ROOT, "container"))
            if not path.endswith((".c", ".h")) or path in DECODERS + CALLERS or \
                    path.split(os.sep)[0] in BLIND:
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                wrong += ["%s: %s" % (path, match.group()) for match in DECODING.finditer(file.read())]
    tell(not wrong, "paths are decoded in http/uri.c only", ", ".join(wrong))


def main():
    used = set()
    try:
        cases = read_all_cases()
    except CaseError as error:
        sys.exit("FAIL case files: %s" % error)
    rows = read_rows()
    for row in rows:
        check_row(row, cases, used)
    check_cases(cases, used)
    check_decoders()
    print("%d rows, %d cases" % (len(rows), len(cases)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
