# SPDX-License-Identifier: Apache-2.0
"""For filters*.py: webapps that name one shared filter in their web.xml, and those that do so wrongly. Not a
script itself."""
import os
import re

from served import Client, Server, check, compile_module, write

SERVLET = r"""
#include <cserv/servlet.h>
static int serve(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, "served");
}
static int varies(cs_request *req, cs_response *res)
{
    (void)req;
    cs_res_header_str(res, cs_str_of("Vary"), cs_str_of("Accept-Language"), CS_HEADER_ADD);
    return cs_res_puts(res, "served");
}
static int sets_vary(cs_request *req, cs_response *res)
{
    const char *value = cs_req_param(req, "is");
    cs_res_header(res, "Vary", value ? value : "Accept-Encoding");
    for (int i = 0; i < 2000 && cs_req_param(req, "long"); i++)
        cs_res_puts(res, "0123456789");
    return cs_res_puts(res, "served");
}
static int attributes(cs_request *req, cs_response *res)
{
    cs_str name;
    void *value;
    for (uint32_t i = 0; cs_req_attr_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "%s=%s\n", name.ptr, (const char *)value);
    return CS_OK;
}
static const cs_servlet rows[] = {{.name = "s", .url_patterns = "/s /some/*", .service = serve},
                                  {.name = "varies", .url_patterns = "/varies", .get = varies},
                                  {.name = "v", .url_patterns = "/sets-vary", .get = sets_vary},
                                  {.name = "a", .url_patterns = "/attributes", .service = attributes}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows))
"""
# Lets a request be any client's, over http or https.
REMOTE_IP = "<Valve className=\"remoteip\"/>"
PARAM = "<init-param><param-name>%s</param-name><param-value>%s</param-value></init-param>"
FILTER = """  <filter><filter-name>%s</filter-name><filter-class>%s</filter-class>%s</filter>
  <filter-mapping><filter-name>%s</filter-name><url-pattern>/*</url-pattern></filter-mapping>
"""


class Kit:
    def __init__(self, name, servlet=SERVLET):
        self.server = Server(name)
        self.module = compile_module(os.path.join(self.server.base, "work-module.so"), servlet)
        self.wrong = []

    def site(self, name, kind=None, inside="", **params):
        """A webapp /NAME whose requests all go through the filter of the class KIND."""
        text = FILTER % ("f-" + name, kind, "".join(PARAM % row for row in params.items()), "f-" + name) if kind else ""
        write(self.server.webapp(name + "/WEB-INF/web.xml"), "<web-app>\n%s%s</web-app>\n" % (text, inside))
        os.makedirs(self.server.webapp(name + "/WEB-INF/lib"))
        os.link(self.module, self.server.webapp(name + "/WEB-INF/lib/w.so"))

    def bad(self, what, kind, rows):
        """ROWS: parameter, its value, a switch that is true beside it or None, what the sentence says."""
        for number, (name, value, switch, said) in enumerate(rows):
            site = "bad-%s-%d" % (what, number)
            self.site(site, kind, **dict({name: value}, **({switch: "true"} if switch else {})))
            self.wrong.append((what, site, name, value, said))

    def start(self):
        self.server.start()

    def check_bad(self):
        """Each is refused: a sentence names file and line, filter, parameter, value, and what is allowed."""
        lines = self.server.webapps()
        for what, site, name, value, said in self.wrong:
            case = "%s/refused: %s=%s" % (what, name, value)
            # The values are words of this script, without a meaning in patterns but for these.
            pattern = r"filter f-%s: init-param %s .*'%s'.*%s" % (site, re.escape(name), re.escape(value), said)
            refused = self.server.get("/%s/s" % site).status in (404, 503)
            where = r"/%s/WEB-INF/web\.xml:\d+: \S+: init of filter f-%s failed with -6: %s" % (site, site, pattern)
            check(case, refused and re.search(where, lines.get(site, "")) and re.search(where, self.server.log()),
                  [line for line in self.server.log().splitlines() if site in line] + [lines.get(site)])

    def get(self, site, method="GET", headers=(), path="/s"):
        return self.server.get("/" + site + path, method, headers)

    def vary(self, headers, path):
        """All Vary fields of an answer."""
        with Client(self.server.port) as client:
            client.send(path, headers=headers)
            while b"\r\n\r\n" not in client.buffer and client.receive():
                pass
            return re.findall(r"(?im)^vary: (.*?)\r$", client.buffer.decode("latin-1"))
