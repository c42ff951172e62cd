#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filter expires on the real server, named by web.xml: on, off and misconfigured. The grammar and the
calendar without a server: tests/unit/modules_filters."""
import calendar
import email.utils
import os
import time

from filters_kit import FILTER, PARAM, Kit
from served import Client, check, end, same, write

EXPIRES = "org.apache.catalina.filters.ExpiresFilter"
OLD = "Sun, 06 Nov 1994 08:49:37 GMT"
SERVLET = r"""
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>
static int serve(cs_request *req, cs_response *res)
{
    static const char *const names[] = {"Content-Type", "Cache-Control", "Expires", "Last-Modified", "Location"};
    const char *status = cs_req_param(req, "status"), *error = cs_req_param(req, "error");
    const char *size = cs_req_param(req, "size"), *value;
    int rc = CS_OK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (uint32_t n = 0; (value = cs_req_param_str(req, names[i], n).ptr) && rc == CS_OK; n++)
            rc = cs_res_header_str(res, cs_str_of(names[i]), cs_str_of(value), CS_HEADER_ADD);
    if (rc == CS_OK && status)
        rc = cs_res_status(res, (uint32_t)atoi(status));
    if (rc == CS_OK && error)
        return cs_res_error(res, (uint32_t)atoi(error), NULL);
    if (rc == CS_OK && cs_req_param(req, "redirect"))
        return cs_res_redirect(res, "/x");
    for (int i = 0; rc == CS_OK && i < (size ? atoi(size) : 1); i++)
        rc = cs_res_puts(res, "body");
    return rc == CS_OK && cs_req_param(req, "flush") ? cs_res_flush(res) : rc;
}
static int wrap(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    static const struct cs_override_req over_req = {.size = sizeof(over_req)};
    static const struct cs_override_res over_res = {.size = sizeof(over_res)};
    return cs_chain_next(chain, cs_req_wrap(req, &over_req, self), cs_res_wrap(res, &over_res, self));
}
static int forward(cs_request *req, cs_response *res)
{
    return cs_req_forward(req, res, "/s");
}
static int include(cs_request *req, cs_response *res)
{
    int rc = cs_res_content_type(res, "text/html");
    return rc == CS_OK ? cs_req_include(req, res, "/s") : rc;
}
static const cs_servlet rows[] = {{.name = "s", .url_patterns = "/s", .service = serve},
                                  {.name = "forward", .url_patterns = "/forward", .get = forward},
                                  {.name = "include", .url_patterns = "/include", .get = include}};
static const cs_filter filters[] = {{.name = "wrap", .filter = wrap}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows), .filters = CS_ROWS(filters))
"""
DAY = 86400
kit = Kit("expires", SERVLET)
kit.site("off")
kit.site("types", EXPIRES, **{
    "ExpiresByType image": "access plus 1 week", "ExpiresByType image/png": "access plus 1 hour 30 minutes",
    "ExpiresByType text/html": "now 1 minute", "ExpiresByType Text/HTML; charset=UTF-8": "A5",
    "ExpiresByType text/css": "modification plus 2 days", "ExpiresByType text/csv": "M10"})
kit.site("all", "expires", ExpiresDefault="access plus 10 seconds",
         ExpiresExcludedResponseStatusCodes="304, 203,\n 410 ")
kit.site("none-excluded", EXPIRES, ExpiresDefault="A10", ExpiresExcludedResponseStatusCodes="",
         **{"ExpiresByType text/css": "A20"})
kit.site("wrapped", None, inside=FILTER % ("wrap", "wrap", "", "wrap") + FILTER % (
    "f", EXPIRES, PARAM % ("ExpiresByType text/css", "A20") + PARAM % ("ExpiresDefault", "A10") +
    PARAM % ("ExpiresExcludedResponseStatusCodes", "410"), "f"))
kit.site("past", EXPIRES, ExpiresDefault="access plus -1 day")
kit.bad("expires", EXPIRES, [("ExpiresDefault", text, None, r"allowed: 'access plus 1 month 15 days'") for text in (
    "", "access", "access plus", "access plus 1", "access plus one day", "access plus 1 fortnight", "later 1 day",
    "plus 1 day", "access plus 1 day and", "A", "A1x", "access plus 99999999999 days")] + [
    ("ExpiresByType text/css", "soon", None, r"allowed: 'access plus"),
    ("ExpiresByType image/*", "A1", None, r"'ExpiresByType image' for all images"),
    ("ExpiresByType */*", "A1", None, r"a name such as"),
    ("ExpiresByType text/html/x", "A1", None, r"a name such as"),
    ("ExpiresByType text;charset=utf-8", "A1", None, r"a name such as"),
    ("ExpiresByType", "A1", None, r"not known; allowed: ExpiresByType \.\.\., ExpiresDefault, "),
    ("ExpiresDefaults", "A1", None, r"not known; allowed: ExpiresByType"),
    ("ExpiresExcludedResponseStatusCodes", "304 410", None, r"statuses from 200 to 599"),
    ("ExpiresExcludedResponseStatusCodes", "304,99", None, r"statuses from 200 to 599"),
    ("ExpiresExcludedResponseStatusCodes", "600", None, r"statuses from 200 to 599"),
    ("ExpiresExcludedResponseStatusCodes", "not modified", None, r"statuses from 200 to 599"),
    ("ExpiresExcludedResponseStatusCodes", "-1", None, r"statuses from 200 to 599")])
kit.site("bad-nothing", EXPIRES)
kit.site("bad-twice", EXPIRES, **{"ExpiresByType text/css": "A1", "ExpiresByType TEXT/css": "A2"})
kit.wrong += [("expires", "bad-nothing", "ExpiresDefault", "", r"without either the filter does nothing"),
              ("expires", "bad-twice", "ExpiresByType TEXT/css", "A2", r"one parameter for each media type")]
STATIC = kit.server.webapp("none-excluded/a.css")
write(STATIC, "body {}\n")
write(kit.server.webapp("types/a.css"), "body {}\n")
write(kit.server.webapp("wrapped/a.css"), "body {}\n")
write(kit.server.webapp("types/big.png"), "x" * 300000)
YESTERDAY = int(time.time()) - DAY
os.utime(kit.server.webapp("types/a.css"), (YESTERDAY, YESTERDAY))
kit.start()


def row(name, site, query, seconds, control="", status=200, method="GET", headers=(), path="/s", pieces=None):
    """SECONDS: how long it may be kept, None: nothing is said. CONTROL: before max-age in Cache-Control."""
    begin = int(time.time())
    answer = kit.get(site, method, headers, path + ("?" + query.replace(" ", "%20") if query else ""))
    until = int(time.time())
    fields = (answer.fields.get("cache-control"), answer.fields.get("expires"))
    case = "expires/" + name
    if answer.status != status or not answer.complete:
        check(case, False, answer)
    elif seconds is None:
        same(case, fields, (control or None, pieces))
    else:
        when = email.utils.parsedate(fields[1] or "")
        told = calendar.timegm(when) if when else -1
        check(case, fields[0] == "%smax-age=%d" % (control, max(seconds, 0)) and begin + seconds <= told <= until + seconds,
              (fields, begin, told - begin, answer))


def kept_until(name, site, path, when):
    """WHEN: until when it may be kept, however late it is asked for."""
    answer = kit.get(site, "GET", (), path)
    left = when - time.time()
    age = int((answer.fields.get("cache-control") or "=-1").split("=")[1])
    check("expires/" + name, answer.fields.get("expires") == email.utils.formatdate(when, usegmt=True) and
          left - 1 <= age <= left + 60, (answer, when))


row("off", "off", "Content-Type=text/html", None)
row("off: what the servlet says", "off", "Cache-Control=private", None, "private")
row("by its type", "types", "Content-Type=image/png", 5400)
row("by what is before the slash", "types", "Content-Type=image/gif", 7 * DAY)
row("by its type without parameters", "types", "Content-Type=text/html;charset=iso-8859-1", 60)
row("by its type with parameters, in any case", "types", "Content-Type=text/html;charset=utf-8", 5)
row("another type", "types", "Content-Type=text/plain", None)
row("no type", "types", "", None)
kept_until("modification", "types", "/s?Content-Type=text/css&Last-Modified=" +
           email.utils.formatdate(YESTERDAY, usegmt=True).replace(" ", "%20"), YESTERDAY + 2 * DAY)
row("modification, long ago", "types", "Content-Type=text/csv&Last-Modified=" + OLD, None, "max-age=0",
    pieces="Sun, 06 Nov 1994 08:49:47 GMT")
row("modification without Last-Modified", "types", "Content-Type=text/css", 2 * DAY)
row("modification, a date that is none", "types", "Content-Type=text/csv&Last-Modified=yesterday", 10)
row("the default", "all", "Content-Type=text/html", 10)
row("the default without a type", "all", "", 10)
row("HEAD", "all", "", 10, method="HEAD")
row("POST", "all", "", None, method="POST")
row("PUT", "all", "", None, method="PUT")
begin = time.time()
answer = kit.get("past")
told = calendar.timegm(email.utils.parsedate(answer.fields.get("expires", OLD)))
check("expires/a moment in the past is max-age=0", answer.fields.get("cache-control") == "max-age=0" and
      -1 <= told - (int(begin) - DAY) <= 60, answer)

row("a body beyond the buffer", "all", "size=50000", 10)
row("a body that is flushed", "all", "flush=1", 10)
row("Expires stays", "all", "Expires=" + OLD, None, "", pieces=OLD)
row("max-age stays", "all", "Cache-Control=max-age%3D5", None, "max-age=5")
row("max-age among others stays", "all", "Cache-Control=public, Max-Age%3D5", None, "public, Max-Age=5")
row("no-store stays", "all", "Cache-Control=no-store", None, "no-store")
row("no-store in a second field stays", "all", "Cache-Control=private&Cache-Control=No-Store", None, "No-Store")
row("other directives stay in front", "all", "Cache-Control=private", 10, "private, ")
row("s-maxage is for others", "all", "Cache-Control=s-maxage%3D3", 10, "s-maxage=3, ")
row("x-no-store is another word", "all", "Cache-Control=x-no-store", 10, "x-no-store, ")
row("two fields become one", "all", "Cache-Control=private&Cache-Control=no-transform", 10, "private, no-transform, ")
row("another status", "all", "status=404", 10, status=404)
row("excluded statuses", "all", "status=203", None, status=203)
row("excluded statuses, the last", "all", "status=410", None, status=410)
row("an error page", "all", "error=404", None, status=404)
row("an error page keeps none", "all", "error=500&Cache-Control=private", None, status=500)
row("what is not there", "all", "", None, status=404, path="/none")
row("a redirect", "all", "redirect=1", None, status=302)
row("304 is excluded by itself", "types", "status=304&Content-Type=text/html", None, status=304)
row("304 when it is not excluded", "none-excluded", "status=304", 10, status=304)

row("a long Cache-Control keeps its field", "all", "Cache-Control=x%3D" + "y" * 600, 10)
lengths = range(464, 476)
with Client(kit.server.port) as client:
    found = [client.ask("/all/s?Cache-Control=%s&Cache-Control=private" % ("y" * n)).fields.get("cache-control")
             for n in lengths]
same("expires/around that length", [text.replace("y" * n, "Y") for n, text in zip(lengths, found)],
     ["max-age=10"] * 12)

# ---- dispatches and wrappers ----
row("a forward: the target's type", "types", "Content-Type=image/png", 5400, path="/forward")
row("a forward, a long answer", "types", "Content-Type=image/png&size=50000", 5400, path="/forward")
row("an include: the caller's type", "types", "Content-Type=image/png", 60, path="/include")
row("an include, a long answer", "types", "Content-Type=image/png&size=50000", 60, path="/include")
row("an error page of a forward", "all", "error=404", None, status=404, path="/forward")
row("regression 4: over wrapped handles", "wrapped", "Content-Type=text/css", 20)
row("regression 4: over wrapped handles, a long answer", "wrapped", "Content-Type=text/css&size=50000", 20)
row("regression 4: Cache-Control behind a wrapper", "wrapped", "Cache-Control=private", 10, "private, ")
row("regression 4: 304 of a file behind a wrapper", "wrapped", "", 20, status=304, path="/a.css",
    headers=["If-Modified-Since: " + email.utils.formatdate(time.time(), usegmt=True)])

# ---- files ----
row("a file", "none-excluded", "", 20, path="/a.css")
modified = kit.get("none-excluded", path="/a.css").fields.get("last-modified")
row("304 of a file has the file's type", "none-excluded", "", 20, status=304, path="/a.css",
    headers=["If-Modified-Since: %s" % modified])
kept_until("a file, by its modification", "types", "/a.css", YESTERDAY + 2 * DAY)
row("a file that goes by sendfile", "types", "", 5400, path="/big.png")
row("a part of it", "types", "", 5400, status=206, path="/big.png", headers=["Range: bytes=0-9"])
with Client(kit.server.port) as client:
    found = [client.ask("/all/s").fields.get("cache-control") for _ in range(3)]
same("expires/each answer of a connection", found, ["max-age=10"] * 3)
kit.check_bad()
end()
