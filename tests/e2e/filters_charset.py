#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filter setcharacterencoding on the real server: on, off and misconfigured."""
from filters_kit import FILTER, PARAM, Kit
from served import end, same

CHARSET = "org.apache.catalina.filters.SetCharacterEncodingFilter"
SERVLET = r"""
#include <cserv/servlet.h>
static int serve(cs_request *req, cs_response *res)
{
    cs_str charset = cs_req_get(req, CS_REQ_CHARSET), a = cs_req_param_str(req, "a", 0);
    cs_res_printf(res, "%s ", charset.ptr ? charset.ptr : "-");
    for (size_t i = 0; i < a.len; i++)
        cs_res_printf(res, "%02x", (unsigned char)a.ptr[i]);
    return CS_OK;
}
static int early(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    cs_req_param(req, "a");
    return cs_chain_next(chain, req, res);
}
static const cs_servlet rows[] = {{.name = "s", .url_patterns = "/s", .service = serve}};
static const cs_filter filters[] = {{.name = "early", .filter = early}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows), .filters = CS_ROWS(filters))
"""
WEBXML = "<request-character-encoding>UTF-8</request-character-encoding>"
EARLY = """<filter><filter-name>early</filter-name><filter-class>early</filter-class></filter>
<filter-mapping><filter-name>early</filter-name><url-pattern>/*</url-pattern></filter-mapping>"""
kit = Kit("charset", SERVLET)
kit.site("off")
kit.site("latin", CHARSET, encoding="ISO-8859-1")
kit.site("always", "setcharacterencoding", encoding="latin1", ignore="true")
kit.site("utf", CHARSET, encoding="UTF-8", ignore="FALSE")
kit.site("webxml", CHARSET, inside=WEBXML, encoding="ISO-8859-1")
kit.site("webxml-always", CHARSET, inside=WEBXML, encoding="ISO-8859-1", ignore="true")
kit.site("too-late", None, inside=EARLY + FILTER % ("f", CHARSET, PARAM % ("encoding", "ISO-8859-1"), "f"))
kit.bad("charset", CHARSET, (
    ("encoding", "", None, r"UTF-8, ISO-8859-1 or US-ASCII"),
    ("encoding", "UTF-16", None, r"UTF-8, ISO-8859-1 or US-ASCII"),
    ("encoding", "utf-8, latin1", None, r"UTF-8, ISO-8859-1 or US-ASCII"),
    ("ignore", "yes", None, r"true or false"),
    ("ignored", "true", None, r"not known; allowed: encoding, ignore"),
))
kit.site("bad-none", CHARSET, ignore="true")
kit.wrong += [("charset", "bad-none", "encoding", "", r"UTF-8, ISO-8859-1 or US-ASCII")]
kit.start()

FORM = "Content-Type: application/x-www-form-urlencoded"


def row(name, site, want, field=FORM, body=b"a=%E9"):
    answer = kit.server.get("/%s/s" % site, "POST", [field], body)
    same("charset/" + name, (answer.status, answer.text), (200, want))


row("off", "off", "- e9")
row("off: what the client says", "off", "iso-8859-1 c3a9", FORM + ";charset=iso-8859-1")
row("of a form that does not say", "latin", "ISO-8859-1 c3a9")
row("of a form that says something else", "latin", "utf-8 e9", FORM + "; charset=utf-8")
row("of a form in UTF-8", "utf", "UTF-8 c3a9", FORM, b"a=%C3%A9")
row("ignore: whatever the client says", "always", "latin1 c3a9", FORM + "; charset=utf-8")
row("ignore: of a form that does not say", "always", "latin1 c3a9")
row("web.xml has said it", "webxml", "UTF-8 c3a9", FORM, b"a=%C3%A9")
row("ignore: whatever web.xml says", "webxml-always", "ISO-8859-1 c3a9")
row("a filter before it has read the form", "too-late", "- e9")
kit.check_bad()
end()
