# SPDX-License-Identifier: Apache-2.0
"""Reads case files: what to send and what to expect, without code. A file holds one or more cases:

    # a comment
    variants: whole bytes pipelined       before the first case: for all in the file
    case NAME
    variants: whole                       for this case
    send GET / HTTP/1.1\\r\\n               bytes; lines add up
    repeat 9000 a                         the same bytes many times
    expect status 400                     the next answer; what follows is about it
    expect header Connection close        a field with exactly this value; without one: with any
    expect no header Server
    expect body Hello, World!             exactly; `expect body has TEXT` for a part of it
    expect no body                        none at all, whatever its fields say (HEAD)
    expect json KEY VALUE                 of a JSON object; VALUE is JSON
    expect json KEY has VALUE             VALUE is one of the list
    expect refused                        the protocol answered, no servlet and not the engine
    expect close                          or `expect open`: what becomes of the connection
    alone                                 no other request follows (see below)
    shutdown                              nor anything else: the client ends its side; without an
                                          `expect status` there must be no answer

A `send` behind an `expect` waits until what was expected has come. Escapes: \\r \\n \\t \\\\ \\xHH.
Variants: `whole` sends in one piece, `bytes` byte by byte, `pipelined` behind a good request. In each of
them another request follows behind the case's last byte: it is answered exactly when the connection
stays open."""
import json
import re

ANY = object() # a field's value that does not matter
VARIANTS = ("whole", "bytes", "pipelined")


class CaseError(Exception):
    pass


class Answer:
    def __init__(self, status):
        self.status = status
        self.headers = []      # (name, value, ANY or None: must not be there)
        self.body = None
        self.body_has = []
        self.bodyless = False
        self.json = []         # (key, value, is it one of a list)
        self.refused = False


class Step:
    def __init__(self):
        self.data = b""
        self.answers = []


class Case:
    def __init__(self, name, variants):
        self.name = name
        self.variants = variants
        self.steps = []
        self.stays_open = None
        self.alone = False
        self.shutdown = False


def unescape(text):
    def one(match):
        kind = match.group(1)
        if kind.startswith("x"):
            return chr(int(kind[1:], 16))
        return {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}[kind]
    if re.search(r"\\(?![rnt\\]|x[0-9a-fA-F]{2})", text.replace("\\\\", "")):
        raise CaseError("an escape is one of \\r \\n \\t \\\\ \\xHH")
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", one, text).encode("latin-1")


def read_variants(text):
    names = tuple(text.split())
    if not names or any(name not in VARIANTS for name in names):
        raise CaseError("variants are some of: " + " ".join(VARIANTS))
    return names


def add_bytes(case, data):
    if not case.steps or case.steps[-1].answers:
        case.steps.append(Step())
    case.steps[-1].data += data


def expect_json(answer, text):
    key, _, value = text.partition(" ")
    one_of = value.startswith("has ")
    answer.json.append((key, json.loads(value[4:] if one_of else value), one_of))


def expect_of_answer(answer, text):
    word, _, rest = text.partition(" ")
    if word == "header":
        name, _, value = rest.partition(" ")
        answer.headers.append((name, value or ANY))
    elif text.startswith("no header "):
        answer.headers.append((text[10:], None))
    elif text == "no body":
        answer.bodyless = True
    elif text.startswith("body has "):
        answer.body_has.append(unescape(text[9:]))
    elif word == "body":
        answer.body = unescape(rest)
    elif word == "json":
        expect_json(answer, rest)
    elif text == "refused":
        answer.refused = True
    else:
        raise CaseError("nothing can be expected by: " + text)


def expect(case, text):
    word, _, rest = text.partition(" ")
    if text in ("close", "open"):
        case.stays_open = text == "open"
        return
    if not case.steps:
        raise CaseError("nothing was sent")
    answers = case.steps[-1].answers
    if word == "status":
        answers.append(Answer(int(rest)))
    elif not answers:
        raise CaseError("`expect status` comes first")
    else:
        expect_of_answer(answers[-1], text)


def read_line(case, line):
    word, _, rest = line.partition(" ")
    if word == "variants:":
        case.variants = read_variants(rest)
    elif word == "send":
        add_bytes(case, unescape(rest))
    elif word == "repeat":
        count, _, text = rest.partition(" ")
        add_bytes(case, unescape(text) * int(count))
    elif word == "expect":
        expect(case, rest)
    elif line == "alone":
        case.alone = True
    elif line == "shutdown":
        case.alone = case.shutdown = True
    else:
        raise CaseError("a line begins with case, variants:, send, repeat, expect, alone or shutdown")


def check_case(case):
    unanswered = [step for step in case.steps if not step.answers]
    if not case.steps or (unanswered and not case.shutdown):
        raise CaseError("case %s: everything sent needs an answer" % case.name)
    if case.stays_open is None:
        raise CaseError("case %s: expect close or expect open" % case.name)


def read_cases(path, name):
    """All cases of the file at PATH, named NAME/..."""
    cases, variants = [], VARIANTS
    with open(path, encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            try:
                if line.startswith("case "):
                    cases.append(Case("%s/%s" % (name, line[5:].strip()), variants))
                elif not cases:
                    if not line.startswith("variants: "):
                        raise CaseError("a case begins with `case NAME`")
                    variants = read_variants(line[10:])
                else:
                    read_line(cases[-1], line)
            except (CaseError, ValueError) as error:
                raise CaseError("%s:%d: %s" % (path, number, error)) from error
    for case in cases:
        check_case(case)
    if len({case.name for case in cases}) < len(cases):
        raise CaseError("%s: two cases of one name" % path)
    return cases
