#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""First inputs for the fuzz targets, for a corpus that is made anew: seeds.py FOLDER writes FOLDER/TARGET/*.
The HTTP/1 ones are the requests of tests/wire, the others are the files that a base has and what stands
here. What is kept in corpus/ was grown from them and minimised by tests/long/fuzz.sh --merge."""
import glob
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "wire"))
from case_file import read_cases  # noqa: E402

LONGEST = 4096


def http1():
    for path in sorted(glob.glob(os.path.join(HERE, "..", "wire", "http1", "*.case"))):
        for case in read_cases(path, ""):
            data = b"".join(step.data for step in case.steps)
            if len(data) < LONGEST:
                for options in (b"```", b"```", b"adx", b"b`b", b"gcx"):
                    yield options + data


def chunked():
    for path in sorted(glob.glob(os.path.join(HERE, "..", "wire", "http1", "*.case"))):
        for case in read_cases(path, ""):
            data = b"".join(step.data for step in case.steps)
            if b"chunked" in data and b"\r\n\r\n" in data and len(data) < LONGEST:
                yield b"`b" + data.split(b"\r\n\r\n", 1)[1]
                yield b"a`" + data.split(b"\r\n\r\n", 1)[1]


def uri():
    for path in sorted(glob.glob(os.path.join(HERE, "..", "wire", "http1", "*.case"))):
        for case in read_cases(path, ""):
            words = case.steps[0].data.split(b"\r\n")[0].split(b" ")
            if len(words) == 3 and len(words[1]) < LONGEST:
                yield from (option + words[1] for option in (b"`", b"d", b"a", b"e", b"b"))
    for host in (b"`a.example:80", b"`[::1]:8080", b"`[::ffff:1.2.3.4]", b"`a%41:", b"`:1", b"`[::1"):
        yield host
    for path in (b"/a/../b/./c//d", b"/a;x=1;y/b;;z=%41", b"/%2e%2e/", b"/a%2Fb%252F", b"/x/%2F..%2f/WEB-INF",
                 b"/meta-inf%2fa?b", b"/\xc3\xa9/%C3%A9", b"/a" * 1001, b"/../", b"/..;/a", b"/.%2fa/b%2f.%2F"):
        yield from (bytes([0x60 + option]) + path for option in range(7))


def date():
    yield from (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994",
                b"Tue, 29 Feb 2000 23:59:60 GMT", b"Sat Dec 31 00:00:00 9999", b"Wednesday, 01-Jan-70 00:00:00 GMT",
                b"Mon, 01 Jan 0000 00:00:00 GMT", struct.pack("<q", -62167219200), struct.pack("<q", 2 ** 62),
                struct.pack("<q", -2 ** 62), struct.pack("<q", 951782400), struct.pack("<q", -1))


def params():
    texts = (b"a=b", b"a=1&b=2&a=3", b"&&a", b"=v", b"a+b=%41%2b%26", b"a=%e9\xe9&\xc3\xa9=", b"a=%00", b"a=%", b"a=%4", b"a=%zz",
             b"&".join(b"p%d=%d" % (i, i) for i in range(20)), b"a=b=c==", b"%=", b"a%3Db=c", b"")
    for text in texts:
        yield from (b"`" + text, b"a" + text, b"`q=1\n" + text, b"`\n" + text)
    yield b"`" + b"&a" * 1001


def cookies():
    yield from (b"a=b; c=d", b"a=\"b\";c;;d = e ", b"a=1\na=2; A=3", b"a=b,c; b=x y; c=\\", b"=v; ;x", b"a=\xe9", b"\x7f=a; a=\x01",
                b"; ".join(b"n%d=1" % i for i in range(20)), b"$Version=1; a=b; $Path=/")
    name = b"n\nv"
    for flags in b"`abdhpxg":
        for times in b"`abcegi{":
            yield bytes((flags, times)) + name + b"\n/p;q" * (flags & 1) + b"\n/p" * (1 - (flags & 1)) + b"\na.b-c.example"
    yield from (b"``bad name\nv", b"``n\nb v", b"``n\n\"q\"\n/p", b"``n\nv\n/\xe9", b"``n\nv\n\n.d", b"``n\nv\n\na-.d", b"``n\nv\n\na_b",
                b"ss" + name, b"``n")


def multipart():
    disposition = b"Content-Disposition: form-data; name=\"a\"; filename=\"f\\\"g\\\\\"\r\n"
    part = b"--b\r\n" + disposition + b"\r\n"
    end = b"\r\n--b--\r\n"
    bodies = (part + b"x" + end, part + b"1\r\n" + part + b"2" + end, part + end, part + b"--b--", b"--b--", b"--b", b"",
              b"pre\r\n" + part + b"x" + end + b"epilogue", b"--b \t\r\n\r\nx" + end, b"--b\r\n\r\n--b\r\n\r\n--b--",
              part + b"\r\r\n-\r\n--\r\n--a" + end, b"--b\r\nA b: c\r\n\r\nx" + end, b"--b\r\nA: b\r\n c\r\n\r\nx" + end,
              b"--b\r\nA: b\n\r\nx" + end, b"--b\r\nA: b\rc\r\n\r\nx" + end, b"--bx\r\n\r\nx" + end, b"--b --" + end,
              b"--b\r\nA: b;name=c; name=\"d\r\n\r\nx" + end, b"--b\r\n\r\n1" + b"\r\n--b\r\n\r\n2" * 3 + end)
    for body in bodies:
        yield from (b"``" + body, b"`a" + body, b"`f" + body, b"a`" + body.replace(b"--b", b"----b--b-"), b"b`c d\n" + body.replace(b"--b", b"--c d"))
    yield b"b`" + b"x" * 71 + b"\n--"
    yield b"b`\n--"
    yield b"``a/b; name = c ;b;name=\"x\\\"; b=c\"; filename=\"\"\na;name=\"b\"c\na;name=\"\n;;=;b="
def ranges():
    fields = (b"bytes=0-4", b"bytes=-3", b"bytes=3-", b"BYTES=0-0,2-3 ,\t5-, ,-1", b"bytes=1-5,4-8,9-9", b"bytes=-0",
              b"bytes=5-3", b"bytes=a", b"bytes=", b"bytes=1 -2", b"items=0-4", b"bytes=99999999999999999999-",
              b"bytes=0-0,", b"bytes=" + b"0-0," * 33, b"bytes=8-9,0-1,4-5,2-7", b"bytes=9223372036854775806-")
    yield from (bytes([0x60 + size]) + field for field in fields for size in range(8))


def xml():
    yield from (b'a<a b="${a}">${b:-c}<!-- x --><d:e xmlns:d="u" d:f="1" g="&amp;&#65;"/></a>',
                b"`<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9<![CDATA[<b>]]></a>",
                b"`<!DOCTYPE a SYSTEM 'x'><a b='&c;'/>", b"`<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                b"`" + b"<a>" * 65 + b"</a>" * 65, b"a<a>${${b}}</a>", b"a<a b='$'>$x ${:} ${a:b}</a>", b"a<a>${n}</a>",
                b"`<a>\r\n<b/>\r<b/>text</a>", b"`<a", b"`\x00<a/>")


def server_xml():
    with open(os.path.join(ROOT, "conf", "server.xml"), "rb") as file:
        yield file.read()
    frame = b"<Server><Service>%s</Service></Server>"
    engine = b"<Engine defaultHost='h'>%s</Engine>"
    host = b"<Host name='h' appBase='w'>%s</Host>"
    inside = (b"", b"<Alias>B</Alias><Alias>*.c</Alias>", b"<Context path='/a' docBase='b' maxThreads='2'/>",
              b"<Context path='' docBase='${catalina.base}/b'/>", b"<Valve className='x'/>", b"<Realm/>",
              b"<Context path='/a' docBase='b'><Manager/><Parameter name='a'/></Context>")
    for one in inside:
        yield frame % (engine % (host % one))
    attributes = (b"", b" address='127.0.0.1' maxThreads='1' protocol='HTTP/1.1'", b" SSLEnabled='true'",
                  b" relaxedPathChars='|' encodedSolidusHandling='decode' server='x'", b" allowTrace='maybe'",
                  b" maxThreads='-1' groups='99'", b" connectionTimeout='-1' secret='x'", b" protocol='AJP/1.3'")
    for one in attributes:
        yield frame % (b"<Connector port='8080'%s/>" % one + engine % (host % b""))
    pairs = ((b"port='1' address='::'", b"port='1' address='127.0.0.1'"), (b"port='1' address='::1'", b"port='1' address='::1'"),
             (b"port='1' address='1.2.3.4'", b"port='1' address='1.2.3.5'"), (b"port='1'", b"port='2'"),
             (b"port='1' address='localhost'", b"port='1' address='127.0.0.1'"), (b"port='0'", b"port='0'"))
    for pair in pairs:
        yield frame % (b"<Connector %s/><Connector %s/>" % pair + engine % (host % b""))
    odd = (b"relaxedQueryChars='a'", b"server='\xc3\xa9'", b"keepAliveTimeout='0' maxKeepAliveRequests='0'",
           b"keepAliveTimeout='-1' maxKeepAliveRequests='-1'", b"address='${catalina.home}'", b"address='a.b'")
    for one in odd:
        yield frame % (b"<Connector port='1' %s/>" % one + engine % (host % b""))
    for path in (b"/a/../b", b"/.", b"a", b"/a/", b"/a//b", b"/WEB-INF", b"/a#b"):
        yield frame % (engine % (host % (b"<Context path='%s' docBase='b'/>" % path) * 2))
    for element in (b"Valve className='org.apache.catalina.valves.RemoteAddrValve'", b"Realm className='a.b'",
                    b"Cluster className='x'", b"Listener", b"Executor name='a'"):
        yield frame % (b"<%s/>" % element + engine % (b"<%s/>" % element + host % (b"<%s/>" % element)))
    valve = b"<Valve className='%s' %s/>"
    classes = ((b"remoteip", b"mode='off'"), (b"org.apache.catalina.valves.RemoteIpValve", b"httpsServerPort='0'"),
               (b"x.Y", b"changeLocalPort='maybe' protocolHeader=''"), (b"remotepi", b""), (b"a.b.RemoteIpValve", b""),
               (b"", b""), (b"org.apache.catalina.valves.StuckThreadDetectionValve", b"threshold='1'"))
    for one in classes:
        yield frame % (engine % (valve % one + host % (valve % one + b"<Context path='/a' docBase='b'>%s</Context>" % (valve % one))))
    executors = (b"<Executor name='e' maxThreads='7'/>", b"<Executor name='e'/>" * 2, b"<Executor name='f'/>", b"<Executor/>")
    for one in executors:
        yield frame % (one + b"<Connector port='1' executor='e'/>" + engine % (host % b""))
    for one in (b"proxyName='www.example.org'", b"proxyName='a b'", b"proxyPort='443' scheme='https' secure='true'",
                b"scheme='ftp'", b"maxTreads='1'"):
        yield frame % (b"<Connector port='1' %s/>" % one + engine % (host % b""))
    for one in (b"<Hots name='h'/>", b"<Realm className='a.b'><Realm/></Realm>", b"<Valve/>", b"<Listener className='a.b.C'/>"):
        yield frame % (one + engine % (one + host % one))
    for one in (b"internalProxies='10.0.0.0/8,::1'", b"internalProxies='10.0.0.0/33'", b"internalProxies='a'", b"internalProxies='/8'",
                b"code.404='/x' code.500='/y'", b"notYet='1' notEither='false' ofJava='2'"):
        yield frame % (engine % (host % (valve % (b"remoteip", one))))
    for one in (b"errorCode.404='x'", b"showReport='false' showServerInfo='true'", b"bogus='1'",
                b"errorCode.0='' errorCode.399='x'", b"asyncSupported='true'"):
        yield frame % (engine % (host % (valve % (b"org.apache.catalina.valves.ErrorReportValve", one))))
    for one in (b"<Context/>", b"<Context maxThreads='3'><Valve className='remoteip'/></Context>", b"<Server/>", b"", b"<Context x='1'/>"):
        yield frame % (engine % (host % b"<Context path='/a' docBase='b'/>")) + b"\x1e" + one
    yield frame % (engine % (host % b"") * 2)
    yield frame % (engine % b"<Host name='h'/><Host name='h'/>")


def context_xml():
    valve = b"<Valve className='remoteip' %s/>"
    for inside in (b"", valve % b"", valve % b"changeLocalPort='true'" * 2, valve % b"changeLocalPort='x'", b"<Manager/>",
                   b"<Resource name='a'/>", b"<Valve className='a.b'/>", b"<Cotnext/>", b"text"):
        yield b"<Context>%s</Context>" % inside
        yield b"Context".join((b"<", b" maxThreads='1' override='true' reloadable='true'>%s</", b">")) % inside
    for attributes in (b"path='/a'", b"docBase='b'", b"hookTimeout='x'", b"unknown='1'", b"privileged='true'"):
        yield b"\n<Context %s/>" % attributes
    yield b"<Server/>"


def valves():
    line = b"valve\ta\tb.C d.E\n"
    kinds = (b"text\t\t\t", b"text\tx|y\tx\t", b"int\t1..9\t5\t", b"int\t-9..9\t\t", b"bool\t\ttrue\t", b"int\t9..1\t5\t",
             b"text\tx|y\tz\t", b"what\t\t\t", b"bool\t\tmaybe\t", b"text\t" + b"x|" * 20 + b"\tx\t")
    yield from (line + b"attribute\tn\t%sA sentence.\n" % kind for kind in kinds)
    yield line + b"attribute\tn\ttext\t\t\td\n" * 2
    yield line + b"attribute\tn%d\ttext\t\t\td\n" * 70 % tuple(range(70))
    yield from (line * 2, line + b"valve\tf\tb.C\n", b"attribute\ta\n", b"valve\n", b"\n\n", b"", line[:-1], b"other\tx\n")


def web_xml():
    for path in sorted(glob.glob(os.path.join(ROOT, "webapps", "**", "web.xml"), recursive=True)):
        with open(path, "rb") as file:
            yield file.read()
    servlet = (b"<servlet><servlet-name>s</servlet-name><servlet-class>lib.so:c</servlet-class><load-on-startup>1"
               b"</load-on-startup><init-param><param-name>a</param-name><param-value>b</param-value></init-param></servlet>")
    mapping = b"<servlet-mapping><servlet-name>s</servlet-name><url-pattern>%s</url-pattern></servlet-mapping>"
    filters = (b"<filter><filter-name>f</filter-name><filter-class>c</filter-class></filter><filter-mapping>"
               b"<filter-name>f</filter-name>%s</filter-mapping>")
    parts = [servlet] + [servlet + mapping % p for p in (b"/a/*", b"*.x", b"/", b"", b"bad", b"/a*b", b"*.x/y")]
    parts += [filters % p for p in (b"<url-pattern>/*</url-pattern><dispatcher>REQUEST</dispatcher>",
                                    b"<servlet-name>s</servlet-name>", b"<dispatcher>ERROR</dispatcher>", b"")]
    parts += [b"<display-name>d</display-name>", b"<welcome-file-list><welcome-file>i</welcome-file></welcome-file-list>",
              b"<security-constraint/>", b"<session-config/>", b"<error-page/>", b"<unknown/>", servlet * 2,
              servlet + filters % b"<servlet-name>s</servlet-name>", b"<context-param/>",
              servlet.replace(b"<load-on-startup>1", b"<load-on-startup>x"), servlet.replace(b"servlet-class", b"jsp-file")]
    parts += [servlet + mapping % b"/a" * 2, servlet + servlet.replace(b">s<", b">t<") + mapping % b"/a" +
              mapping.replace(b">s<", b">t<") % b"/a", filters % b"<url-pattern>/</url-pattern>" * 2,
              b"<welcome-file-list><welcome-file>/i</welcome-file></welcome-file-list>",
              servlet.replace(b"<load-on", b"<enabled>false</enabled><load-on"),
              servlet.replace(b"<load-on", b"<enabled>true</enabled><load-on"),
              servlet.replace(b"<param-value>b</param-value>", b""),
              servlet.replace(b"</servlet>", b"<init-param><param-name>a</param-name><param-value>c</param-value>"
                              b"</init-param></servlet>"),
              servlet + filters % (b"<servlet-name>s</servlet-name>" * 2 + b"<dispatcher>REQUEST</dispatcher>"
                                   b"<dispatcher>FORWARD</dispatcher>"),
              servlet + mapping % b"/a</url-pattern><url-pattern>/b", b"<servlet/>", b"<filter/>", b"<filter-mapping/>"]
    parts += [b"<context-param><param-name>a</param-name><param-value>b</param-value></context-param>" * 2,
              b"<mime-mapping><extension>x</extension><mime-type>a/b</mime-type></mime-mapping>" * 2,
              b"<error-page><error-code>404</error-code><location>/e</location></error-page>" * 2,
              b"<error-page><location>/e</location></error-page>", b"<error-page><error-code>99</error-code></error-page>",
              b"<error-page><exception-type>a.B</exception-type><location>e</location></error-page>",
              b"<mime-mapping><extension>.x</extension></mime-mapping>",
              b"<mime-mapping><extension>X</extension><mime-type>ab</mime-type></mime-mapping>",
              b"<error-page><exception-type>a.B</exception-type><location>/e</location></error-page>",
              b"<mime-mapping><extension>x</extension><mime-type>a/b</mime-type></mime-mapping>"
              b"<mime-mapping><extension>y</extension><mime-type>c/d</mime-type></mime-mapping>",
              b"<session-config><session-timeout>x</session-timeout></session-config>",
              servlet.replace(b"lib.so:c", b"org.apache.jasper.servlet.JspServlet") + mapping % b"*.jsp",
              b"<error-page><exception-type>CS_EGONE</exception-type><location>/e</location></error-page>",
              b"<error-page><exception-type>CS_EGON</exception-type><location>/e</location></error-page>",
              b"".join(b"<env-entry><env-entry-name>%s</env-entry-name><env-entry-type>java.lang.String</env-entry-type>"
                       b"<env-entry-value>v</env-entry-value></env-entry>" % name for name in (b"a", b"b"))]
    for part in parts:
        yield b"<web-app version='5.0'>%s</web-app>" % part


def elf_file(symbols=(("cs_module_describe", 0x12, 0, 1),), needed=("libc.so.6",), notes=1, note_align=4, flags_1=1,
             flags=0, runpath=None, sysv=False, machine=62, attributes=()):
    """A shared object of the smallest kind: one PT_LOAD over everything, PT_NOTE, PT_DYNAMIC. SYMBOLS: name,
    st_info, st_other, st_shndx. "HASH" stands where the module API's hash belongs."""
    strings = b"\0"

    def string(text):
        nonlocal strings
        at = len(strings)
        strings += text.encode() + b"\0"
        return at
    table = b"\0" * 24
    for name, info, other, section in symbols:
        table += struct.pack("<IBBHQQ", string(name), info, other, section, 0, 0)
    count = len(symbols) + 1
    wanted = [string(name) for name in needed]
    path = string(runpath) if runpath else None
    note = struct.pack("<III8sII4sI64s32s", 6, 112, 1, b"cserv\0", 0, 1, b"HASH", 0, b"m", b"1")
    note = (note + b"\0" * (-len(note) % note_align)) * notes
    for text in attributes:
        note += struct.pack("<III8s", 6, len(text), 2, b"cserv\0") + text + b"\0" * (-len(text) % note_align)
    if sysv:
        hashes = struct.pack("<II", 1, count) + b"\0" * 4 * (1 + count)
    else:
        chain = [0] * (len(symbols) - 1) + [1] if symbols else []
        hashes = struct.pack("<IIIIQI", 1, 1, 1, 0, 0, 1 if symbols else 0) + struct.pack("<%dI" % len(chain), *chain)
    hashes += b"\0" * (-len(hashes) % 8)
    start = 64 + 3 * 56
    at_note = start
    at_table = (at_note + len(note) + 7) & ~7
    at_hash = at_table + len(table)
    at_strings = at_hash + len(hashes)
    at_dynamic = (at_strings + len(strings) + 7) & ~7
    entries = [(5, at_strings), (10, len(strings)), (6, at_table), (4 if sysv else 0x6ffffef5, at_hash),
               (30, flags), (0x6ffffffb, flags_1)]
    entries += [(1, offset) for offset in wanted] + ([(29, path)] if path else []) + [(0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    end = at_dynamic + len(dynamic)
    data = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    data += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
    data += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, end, end, 4096)
    data += struct.pack("<IIQQQQQQ", 4, 4, at_note, at_note, at_note, len(note), len(note), note_align)
    data += struct.pack("<IIQQQQQQ", 2, 6, at_dynamic, at_dynamic, at_dynamic, len(dynamic), len(dynamic), 8)
    data += note
    data += b"\0" * (at_table - len(data)) + table + hashes + strings
    return data + b"\0" * (at_dynamic - len(data)) + dynamic


def elf():
    describe = ("cs_module_describe", 0x12, 0, 1)
    yield elf_file()
    yield elf_file(sysv=True)
    yield from (elf_file(attributes=texts) for texts in ((b"valve\ta\tb\n\0",), (b"valve\ta\tb\n\0",) * 2, (b"a\0b\0",), (b"ab",)))
    yield elf_file(needed=())
    yield elf_file(needed=("libnowhere.so.1",))
    yield elf_file(needed=("../x.so",))
    yield elf_file(symbols=())
    yield elf_file(symbols=(describe, ("other", 0x12, 0, 1)))
    yield elf_file(symbols=(("hidden", 0x12, 2, 1), ("local", 2, 0, 1), ("undefined", 0x12, 0, 0), describe))
    yield elf_file(symbols=(("unique", 0xa1, 0, 1), describe))
    yield elf_file(notes=0)
    yield elf_file(notes=2)
    yield elf_file(note_align=8)
    yield elf_file(flags_1=8)
    yield elf_file(flags=16)
    yield elf_file(runpath="/x")
    yield elf_file(machine=40)
    for change, to in ((b"HASH\0\0\0\0", b"HASH\1\0\0\0"), (b"HASH\0\0\0\0", b"HASH\2\0\0\0"),
                       (b"HASH\0\0\0\0", b"HASH\4\0\0\0"), (b"HASH", b"hash"), (b"m\0", b"\x01\0"),
                       (b"\1\0\0\0HASH", b"\xff\0\0\0HASH"), (b"\0\0\0\0\1\0\0\0HASH", b"\2\0\0\0\1\0\0\0HASH"),
                       (b"\x7fELF\x02", b"\x7fELF\x01"), (b"\3\0\x3e\0", b"\2\0\x3e\0")):
        yield elf_file().replace(change, to, 1)
    for size in (3, 40, 100, 300, 600):
        yield elf_file()[:size]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: seeds.py FOLDER")
    for name, make in (("http1", http1), ("http1_splits", http1), ("chunked", chunked), ("uri", uri), ("date", date),
                       ("ranges", ranges), ("xml", xml), ("server_xml", server_xml), ("web_xml", web_xml),
                       ("context_xml", context_xml), ("valves", valves), ("elf", elf), ("params", params),
                       ("cookies", cookies), ("multipart", multipart)):
        folder = os.path.join(sys.argv[1], name)
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(make()):
            with open(os.path.join(folder, "seed-%03d" % number), "wb") as file:
                file.write(data)


main()
