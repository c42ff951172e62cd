# SPDX-License-Identifier: Apache-2.0
"""Commands and files out of the texts that people read, so that a test does what is written there.

    python3 texts.py PAGE          one line per piece, in order: "file NAME" or "step NAME"
    python3 texts.py PAGE NAME     the piece itself

In HTML a piece is <pre data-step="NAME"> or <pre data-file="NAME">. In Markdown every indented block and every
```sh block is a step, called by its heading and a number; a block in another language is a file when the line
before it names one: "Write `hello.c`:"."""
import html
import re
import sys


def of_html(text):
    for found in re.finditer(r'<pre data-(step|file)="([^"]+)">(.*?)</pre>', text, re.S):
        yield found.group(1), found.group(2), html.unescape(re.sub(r"<[^>]*>", "", found.group(3))).strip("\n") + "\n"


def of_markdown(text):
    heading, number, before, lines = "top", 0, "", iter(text.split("\n"))
    for line in lines:
        fence = re.match(r"```(\w+)$", line)
        block = []
        language = None
        if fence:
            language = fence.group(1)
            for inside in lines:
                if inside == "```":
                    break
                block.append(inside)
        elif line.startswith("    ") and before == "":
            language = "sh"
            while line.startswith("    "):
                block.append(line[4:])
                line = next(lines, "")
        if language:
            named = re.search(r"`([\w.-]+\.\w+)`:$", last)
            if language == "sh":
                number += 1
                yield "step", "%s-%d" % (heading, number), "\n".join(block) + "\n"
            elif named:
                yield "file", named.group(1), "\n".join(block) + "\n"
        if line.startswith("#"):
            heading, number = re.sub(r"\W+", "-", line.lower()).strip("-"), 0
        if line.strip():
            last = line
        before = line.strip()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    pieces = list((of_html if sys.argv[1].endswith(".html") else of_markdown)(text))
    if len(sys.argv) == 2:
        for kind, name, _ in pieces:
            print(kind, name)
        return 0
    for _, name, piece in pieces:
        if name == sys.argv[2]:
            sys.stdout.write(piece)
            return 0
    print("%s has no piece %s" % (sys.argv[1], sys.argv[2]), file=sys.stderr)
    return 1


sys.exit(main())
