# SPDX-License-Identifier: Apache-2.0
"""One connection to the server: sends the bytes of a case in one of its variants, reads answers strictly
(RFC 9112) and compares them with what the case expects. Used by run.py."""
import json
import re
import select
import socket
from case_file import ANY

PATIENCE = 60 # seconds until an awaited answer counts as missing; more than connectionTimeout
PROBE = b"GET /examples/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
PROBE_BODY = b"Hello, World!"
DATE = re.compile(rb"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT$")


class Failed(Exception):
    pass


class Received:
    """An answer as it came."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def values(self, name):
        return [value for key, value in self.fields if key == name.lower().encode()]


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ended = False

    def close(self):
        self.socket.close()

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except socket.timeout as error:
            raise Failed("nothing came for %d s behind %r" % (PATIENCE, self.buffer[-80:])) from error
        except OSError as error:
            raise Failed("the connection was reset behind %r" % self.buffer[-80:]) from error
        self.buffer += data
        self.ended = not data

    def send(self, data, bytewise):
        """Takes in what comes meanwhile: a reset must not destroy an answer. What is sent behind the
        end of a connection is lost, as it should be."""
        for piece in ([data[i:i + 1] for i in range(len(data))] if bytewise else [data]):
            while not self.ended and select.select([self.socket], [], [], 0)[0]:
                self.receive()
            if self.ended:
                return
            try:
                self.socket.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return

    def take(self, size):
        while len(self.buffer) < size:
            if self.ended:
                raise Failed("the answer ends early: %r" % self.buffer[-80:])
            self.receive()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def take_line(self):
        while b"\r\n" not in self.buffer:
            if self.ended:
                raise Failed("no answer, but %r" % self.buffer[-80:] if self.buffer
                             else "closed without an answer")
            self.receive()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def take_chunked(self):
        body = b""
        while True:
            line = self.take_line()
            if not re.fullmatch(rb"[0-9a-f]+", line):
                raise Failed("chunk size %r" % line)
            size = int(line, 16)
            if size == 0:
                break
            body += self.take(size)
            if self.take(2) != b"\r\n":
                raise Failed("no CR LF behind a chunk")
        if self.take_line() != b"":
            raise Failed("a trailer that nobody asked for")
        return body

    def take_rest(self):
        while not self.ended:
            self.receive()
        return self.take(len(self.buffer))

    def take_body(self, answer, bodyless):
        lengths, codings = answer.values("content-length"), answer.values("transfer-encoding")
        if len(lengths) + len(codings) > 1:
            raise Failed("more than one framing: %r" % answer.fields)
        if answer.status < 200 or answer.status == 204:
            if lengths or codings:
                raise Failed("a framing field with %d" % answer.status)
            return b""
        if bodyless or answer.status == 304:
            return b""
        if codings:
            if codings != [b"chunked"]:
                raise Failed("coding %r" % codings)
            return self.take_chunked()
        if lengths:
            return self.take(int(lengths[0]))
        if answer.values("connection") != [b"close"]:
            raise Failed("neither a length nor a close: %r" % answer.fields)
        return self.take_rest()

    def take_answer(self, bodyless):
        line = self.take_line()
        match = re.fullmatch(rb"HTTP/1\.1 (\d\d\d) [\x20-\x7e]+", line)
        if not match:
            raise Failed("status line %r" % line)
        fields = []
        while True:
            line = self.take_line()
            if line == b"":
                break
            name, colon, value = line.partition(b": ")
            if not colon or not re.fullmatch(rb"[A-Za-z0-9-]+", name):
                raise Failed("field line %r" % line)
            fields.append((name.lower(), value))
        answer = Received(int(match.group(1)), fields, b"")
        answer.body = self.take_body(answer, bodyless)
        return answer

    def expect_end(self):
        rest = self.take_rest()
        if rest:
            raise Failed("more came: %r" % rest[:200])


def compare_body(want, got):
    if want.body is not None and got.body != want.body:
        raise Failed("body %r, not %r" % (got.body[:200], want.body))
    for part in want.body_has:
        if part not in got.body:
            raise Failed("body %r has no %r" % (got.body[:200], part))
    if not want.json:
        return
    found = json.loads(got.body)
    for key, value, one_of in want.json:
        if key not in found or (value not in found[key] if one_of else found[key] != value):
            raise Failed("%s is %s, not %s" % (key, json.dumps(found.get(key)), json.dumps(value)))


def compare_refusal(got):
    if got.values("content-type") != [b"text/plain; charset=utf-8"]:
        raise Failed("a refusal of type %r" % got.values("content-type"))
    if not re.fullmatch(rb"[A-Z][^\n]+\.\n", got.body):
        raise Failed("a refusal is a sentence, not %r" % got.body)


def compare(want, got, closes):
    """CLOSES: the connection ends behind this answer."""
    if got.status != want.status:
        raise Failed("status %d, not %d: %r" % (got.status, want.status, got.body[:120]))
    for name, value in want.headers:
        values = [item.decode("latin-1") for item in got.values(name)]
        if value is ANY and len(values) == 1:
            continue
        if values != ([] if value is None else [value]):
            raise Failed("%s is %r, not %r" % (name, values, value))
    if got.status >= 200:
        if len(got.values("date")) != 1 or not DATE.match(got.values("date")[0]):
            raise Failed("Date %r" % got.values("date"))
        if (got.values("connection") == [b"close"]) != closes:
            raise Failed("Connection is %r, but the connection %s"
                         % (got.values("connection"), "closes" if closes else "stays"))
    if want.refused and not want.bodyless and got.status >= 400:
        compare_refusal(got)
    compare_body(want, got)


def expect_probe(connection):
    got = connection.take_answer(False)
    if got.status != 200 or got.body != PROBE_BODY or got.values("connection"):
        raise Failed("a good request beside it got %d %r %r" % (got.status, got.fields, got.body[:120]))


def run_case(case, variant, port):
    """Raises Failed."""
    connection = Connection(port)
    bytewise = variant == "bytes"
    try:
        for step in case.steps:
            first, last = step is case.steps[0], step is case.steps[-1]
            data = PROBE if first and variant == "pipelined" else b""
            behind = PROBE if last and not case.alone else b""
            connection.send(data + step.data + behind, bytewise)
            if last and case.shutdown:
                connection.socket.shutdown(socket.SHUT_WR)
            if data:
                expect_probe(connection)
            for want in step.answers:
                closes = last and want is step.answers[-1] and not case.stays_open
                compare(want, connection.take_answer(want.bodyless), closes)
        if case.stays_open and not case.alone:
            expect_probe(connection)
            connection.socket.shutdown(socket.SHUT_WR)
        connection.expect_end()
    finally:
        connection.close()


def count_answers(case, variant):
    """(by servlet or engine, by the protocol): what a run of the case adds to the server's counters."""
    answers = [want for step in case.steps for want in step.answers if want.status >= 200]
    refused = sum(want.refused for want in answers)
    probes = (variant == "pipelined") + (case.stays_open and not case.alone)
    return len(answers) - refused + probes, refused
