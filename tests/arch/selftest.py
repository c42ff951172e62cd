#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the checks that CHECKS names notice: each folder RULE or RULE.CASE of fixtures/ breaks that one rule
and no other; the folder `good` breaks none. Every rule has a fixture. Also that an exception in allow.txt is honoured,
and refused once nothing needs it."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "fixtures")
CHECKS = ("check_includes.py", "check_text.py", "check_public.py", "check_documented.py", "check_not_built.py")
failed = 0


def run(root, allow=os.devnull):
    """Findings of the checks, as lines."""
    lines = []
    for check in CHECKS:
        command = [sys.executable, os.path.join(HERE, check), "--root", root, "--allow", allow]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.stderr or (done.returncode == 0) != (done.stdout == ""):
            lines.append(f"{check}: broke with {done.returncode}: {done.stderr}")
        lines += done.stdout.splitlines()
    return lines


def expect(name, good, why):
    global failed
    print(f"ok {name}" if good else f"FAIL {name}: {why}")
    failed += not good


def rules_of(check):
    with open(os.path.join(HERE, check), encoding="utf-8") as f:
        return set(re.findall(r'"([a-z-]+)"', re.search(r"RULES = \(([^)]*)\)", f.read()).group(1)))


def exceptions(empty):
    """allow.txt, with the fixture that has a banned call."""
    root = os.path.join(FIXTURES, "banned-call")
    with tempfile.TemporaryDirectory() as folder:
        allow = os.path.join(folder, "allow.txt")
        with open(allow, "w", encoding="utf-8") as f:
            f.write("banned-call container/base/a.c the fixture needs it\n")
        expect("notices/allow", run(root, allow) == [], "an exception is not honoured")
        found = run(os.path.join(FIXTURES, "good"), allow)
        expect("notices/allow-unused", len(found) == 1 and "no longer breaks" in found[0], found)
    expect("notices/allow-empty", empty, "without exceptions it must fail")


def main():
    seen = set()
    for name in sorted(os.listdir(FIXTURES)):
        root = os.path.join(FIXTURES, name)
        rule = name.split(".")[0]
        if rule == "symbols" or not os.path.isdir(root):
            continue
        found = run(root)
        if rule == "good":
            expect("notices/nothing-in-good", found == [], found)
            continue
        seen.add(rule)
        told = [line for line in found if f": {rule}: " in line]
        expect(f"notices/{name}", told and told == found, found or "not noticed")
    missing = set().union(*(rules_of(check) for check in CHECKS)) - seen
    expect("notices/every-rule", not missing, f"rules without a fixture: {sorted(missing)}")
    exceptions(run(os.path.join(FIXTURES, "banned-call")) != [])
    sys.exit(1 if failed else 0)


main()
