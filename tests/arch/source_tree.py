# SPDX-License-Identifier: Apache-2.0
"""The files of a source tree and what the checks of tests/arch have in common: which files are ours,
C text without comments, the list of exceptions, how a finding is printed."""
import argparse
import fnmatch
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = (os.path.join("tests", "arch", "fixtures"), os.path.join("tests", "fuzz", "corpus"))
C_ENDINGS = (".c", ".h", ".def", ".cc", ".cpp", ".hpp")


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", default=os.path.normpath(os.path.join(HERE, "..", "..")),
                        help="the tree to check (default: this one)")
    parser.add_argument("--allow", default=os.path.join(HERE, "allow.txt"))
    return parser


def files(root):
    """Paths, relative to ROOT, of all files but build folders, hidden ones (other than .ci), the
    fixtures, which break the rules on purpose, and the inputs of the fuzz targets, which are data."""
    found = []
    for folder, names, plain in os.walk(root):
        at = os.path.relpath(folder, root)
        names[:] = sorted(n for n in names if not skipped_folder(at, n))
        for name in sorted(plain):
            path = os.path.normpath(os.path.join(at, name))
            if not name.startswith(".") and not os.path.islink(os.path.join(root, path)):
                found.append(path)
    return found


def skipped_folder(at, name):
    if at == "." and (fnmatch.fnmatch(name, "build*") or (name.startswith(".") and name != ".ci")):
        return True
    return name == "__pycache__" or os.path.join(at, name) in DATA


def read(root, path):
    """The text of a file; None for one that is no text."""
    with open(os.path.join(root, path), "rb") as f:
        data = f.read()
    if b"\0" in data:
        return None
    return data.decode("utf-8", "replace")


def is_c(path):
    return path.endswith(C_ENDINGS)


PIECES = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def without_comments(text, strings=True):
    """C text with comments blanked, lines kept; with STRINGS=False literals are emptied, too."""
    def blank(match):
        piece = match.group(0)
        if piece[0] == "/":
            return " " + "\n" * piece.count("\n")
        return piece if strings else piece[0] * 2
    return PIECES.sub(blank, text)


class Findings:
    """Collects what breaks a rule, minus what allow.txt excuses."""

    def __init__(self, allow, rules):
        self.found = []
        self.allowed = {}
        self.allow = allow
        with open(allow, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                words = line.split(None, 2)
                if not words or words[0].startswith("#"):
                    continue
                if len(words) < 3:
                    self.found.append(f"{allow}:{number}: allow: needs RULE PATH REASON")
                elif words[0] in rules:
                    self.allowed[(words[0], words[1])] = [number, 0]

    def add(self, rule, path, line, sentence):
        excuse = self.allowed.get((rule, path))
        if excuse:
            excuse[1] += 1
        else:
            self.found.append(f"{path}:{line}: {rule}: {sentence}")

    def finish(self):
        """Prints the findings and ends the program: 0 when there are none."""
        for (rule, path), (number, used) in self.allowed.items():
            if not used:
                self.found.append(f"{self.allow}:{number}: allow: {path} no longer breaks {rule}: "
                                  "take the line out")
        for finding in self.found:
            print(finding)
        sys.exit(1 if self.found else 0)
