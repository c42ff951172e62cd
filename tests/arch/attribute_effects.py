#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attribute_effects.py BUILD: every attribute that the built command knows has a test that sees its effect. A
case of that name stands in tests/e2e/attributes*.py, or tests/e2e/attributes.txt says where. The list of
attributes without one is printed, and must be empty; so must be the list of rows for what is not there."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = os.path.join(ROOT, "tests")
TABLE = os.path.join(TESTS, "e2e", "attributes.txt")
OWN = ("e2e/attributes.py", "e2e/attributes_hosts.py", "e2e/attributes_access_log.py")


def text_of(path):
    try:
        with open(os.path.join(TESTS, path), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def known_attributes(build):
    command = [os.path.join(build, "bin", "cserv"), "configtest", "--reference", "-b", os.path.join(build, "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        sys.exit("%s: %s" % (" ".join(command), done.stderr.strip()))
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [row[1] + "." + row[2] for row in rows if row[0] == "attribute"]


def table_rows():
    for number, line in enumerate(text_of(TABLE).splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield [number, *(line.split(None, 2) + ["", ""])[:3]]


def main(build):
    findings = []
    known = known_attributes(build)
    own = "".join(text_of(path) for path in OWN)
    elsewhere = set()
    for number, name, path, case in table_rows():
        if name not in known:
            findings.append("%s:%d: there is no attribute %s" % (TABLE, number, name))
        elif not case or case not in text_of(path):
            findings.append("%s:%d: %s has no case '%s'" % (TABLE, number, path, case))
        elsewhere.add(name)
    for name in known:
        if name not in elsewhere and not re.search(r'["/]%s"' % re.escape(name), own):
            findings.append("%s: no test sees an effect of %s" % (os.path.join(TESTS, OWN[0]), name))
    print("".join("attribute-effects: %s\n" % f for f in findings), end="")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
