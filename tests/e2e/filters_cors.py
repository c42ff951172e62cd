#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filter cors on the real server, named by web.xml: on, off and misconfigured. Without
a server: tests/unit/modules_filters."""
from filters_kit import Kit
from served import Client, check, end, same

CORS = "org.apache.catalina.filters.CorsFilter"
SHOP = "https://shop.example"
kit = Kit("cors")

# ---- cors: settings by webapp ----
kit.site("cors-off")
kit.site("cors-nobody", CORS)
kit.site("cors-any", "cors", **{"cors.allowed.origins": "*", "cors.exposed.headers": "X-One, X-Two"})
kit.site("cors-some", CORS, **{
    "cors.allowed.origins": SHOP + ", HTTP://Other.Example:8080 ,null", "cors.allowed.methods": "GET, PUT",
    "cors.allowed.headers": "X-Shop,Content-Type", "cors.preflight.maxage": "60", "cors.request.decorate": "false"})
kit.site("cors-cookies", CORS, **{
    "cors.allowed.origins": SHOP, "cors.support.credentials": "true", "cors.exposed.headers": "X-One",
    "cors.preflight.maxage": "-1"})
kit.site("cors-ports", CORS, **{"cors.allowed.origins": SHOP + ":443,http://other.example:80,http://third.example:443"})
kit.bad("cors", CORS, (
    ("cors.allowed.origins", "*", "cors.support.credentials", r"origins by name"),
    ("cors.allowed.origins", "null", "cors.support.credentials", r"not null"),
    ("cors.allowed.origins", SHOP + "/", None, r"https://shop\.example:8443 without anything behind"),
    ("cors.allowed.origins", "shop.example", None, r"\* alone, or origins"),
    ("cors.allowed.origins", "*, " + SHOP, None, r"\* alone"),
    ("cors.allowed.origins", "https://a%0d", None, r"\* alone"),
    ("cors.allowed.methods", "GET PUT", None, r"names with commas"),
    ("cors.allowed.headers", "*", None, r"not \*"),
    ("cors.exposed.headers", "*", "cors.support.credentials", r"not \*"),
    ("cors.support.credentials", "yes", None, r"true or false"),
    ("cors.preflight.maxage", "1h", None, r"a whole number from -1 to 2147483647"),
    ("cors.preflight.maxage", "-2", None, r"a whole number from -1"),
    ("cors.request.decorate", "1", None, r"true or false"),
    ("cors.allowed.origin", SHOP, None, r"not known; allowed: cors\.allowed\.origins, "),
))
kit.start()

ALLOW, CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"
METHODS, HEADERS = "access-control-allow-methods", "access-control-allow-headers"
AGE, EXPOSE = "access-control-max-age", "access-control-expose-headers"


def cors(name, site, method, headers, status, text="", **fields):
    """FIELDS: the CORS fields that the answer has, by the names above; no others."""
    answer = kit.get(site, method, headers)
    got = {key: value for key, value in answer.fields.items() if key.startswith("access-control-")}
    want = {globals()[key]: value for key, value in fields.items() if key != "vary"}
    same("cors/" + name, (answer.status, got, answer.fields.get("vary")), (status, want, fields.get("vary")))
    if text:
        same("cors/%s: body" % name, answer.text, text)


def origin(text, asked=None, fields=None):
    return ["Origin: " + text] + (["Access-Control-Request-Method: " + asked] if asked else []) + \
        ["Access-Control-Request-Headers: " + line for line in fields or ()]


ALL = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
NO = "CORS: this origin is not allowed.\n"
cors("off", "cors-off", "GET", origin(SHOP), 200, "served")
cors("nobody by default", "cors-nobody", "GET", origin(SHOP), 403, NO, vary="Origin")
cors("without an origin", "cors-nobody", "GET", [], 200, "served", vary="Origin")
cors("an empty origin", "cors-nobody", "GET", ["Origin:"], 403, "", vary="Origin")
cors("a malformed origin", "cors-any", "GET", origin("https://a b"), 403, "CORS: the Origin field is malformed.\n")
cors("two origins", "cors-any", "GET", origin(SHOP) + origin(SHOP), 403)
cors("encoded line end", "cors-any", "GET", origin("https://a%0d%0aX:1"), 403)
cors("any", "cors-any", "GET", origin(SHOP), 200, "served", ALLOW="*", EXPOSE="X-One,X-Two")
cors("any, without an origin", "cors-any", "GET", [], 200, "served", ALLOW="*", EXPOSE="X-One,X-Two")
cors("any: preflight", "cors-any", "OPTIONS", origin(SHOP, "POST"), 200, "", ALLOW="*", EXPOSE="X-One,X-Two",
     AGE="1800", METHODS="GET,POST,HEAD,OPTIONS",
     HEADERS="Origin,Accept,X-Requested-With,Content-Type,Access-Control-Request-Method,"
             "Access-Control-Request-Headers", vary=ALL[8:])
cors("some: simple", "cors-some", "GET", origin(SHOP), 200, "served", ALLOW=SHOP, vary="Origin")
cors("some: with a port", "cors-some", "GET", origin("http://other.example:8080"), 200, "served",
     ALLOW="http://other.example:8080", vary="Origin")
cors("some: null", "cors-some", "GET", origin("null"), 200, "served", ALLOW="null", vary="Origin")
cors("some: another port", "cors-some", "GET", origin("http://other.example"), 403, NO, vary="Origin")
cors("some: another scheme", "cors-some", "GET", origin("http://shop.example"), 403, NO, vary="Origin")
cors("some: a name that begins so", "cors-some", "GET", origin(SHOP + ".evil.example"), 403, NO, vary="Origin")
cors("some: a name that ends so", "cors-some", "GET", origin("https://evilshop.example"), 403, NO, vary="Origin")
cors("some: actual", "cors-some", "PUT", origin(SHOP), 200, "served", ALLOW=SHOP, vary="Origin")
cors("some: a method that is not allowed", "cors-some", "DELETE", origin(SHOP), 403,
     "CORS: this method is not allowed.\n", vary="Origin")
cors("some: that method without an origin", "cors-some", "DELETE", [], 200, "served", vary="Origin")
cors("some: preflight", "cors-some", "OPTIONS", origin(SHOP, "PUT", ["x-shop", "CONTENT-TYPE, x-shop"]), 200, "",
     ALLOW=SHOP, AGE="60", METHODS="GET,PUT", HEADERS="X-Shop,Content-Type", vary=ALL)
cors("some: preflight of another method", "cors-some", "OPTIONS", origin(SHOP, "POST"), 403, vary="Origin")
cors("some: methods have a case", "cors-some", "OPTIONS", origin(SHOP, "put"), 403, vary="Origin")
cors("some: preflight with another field", "cors-some", "OPTIONS", origin(SHOP, "PUT", ["x-shop", "x-else"]), 403,
     "CORS: a field of the request is not allowed.\n", vary="Origin")
cors("some: preflight of another origin", "cors-some", "OPTIONS", origin("https://evil.example", "PUT"), 403, NO,
     vary="Origin")
cors("some: an empty method asked for", "cors-some", "OPTIONS",
     origin(SHOP) + ["Access-Control-Request-Method:"], 403, vary="Origin")
cors("some: OPTIONS that is no preflight", "cors-some", "OPTIONS", origin(SHOP), 403, vary="Origin")
cors("cookies", "cors-cookies", "GET", origin(SHOP), 200, "served", ALLOW=SHOP, CREDENTIALS="true", EXPOSE="X-One",
     vary="Origin")
cors("cookies: preflight without an age", "cors-cookies", "OPTIONS", origin(SHOP, "GET"), 200, "", ALLOW=SHOP,
     CREDENTIALS="true", EXPOSE="X-One", METHODS="GET,POST,HEAD,OPTIONS", vary=ALL,
     HEADERS="Origin,Accept,X-Requested-With,Content-Type,Access-Control-Request-Method,"
             "Access-Control-Request-Headers")
cors("of its own", "cors-some", "DELETE", origin("http://localhost"), 200, "served", vary="Origin")
same("cors/of its own, on another port", kit.get("cors-some", "GET", origin("http://localhost:81")).status, 403)
same("cors/of its own, on that port",
     kit.server.get("/cors-some/s", headers=["Origin: http://localhost:80"]).status, 200)
answer = kit.get("cors-some", "GET", origin(SHOP), "/none")
check("cors/an error can be read", answer.status == 404 and answer.fields.get(ALLOW) == SHOP, answer)
answer = kit.get("cors-some", "GET", origin(SHOP), "/varies")
same("cors/the servlet's own Vary is added", kit.vary(origin(SHOP), "/cors-some/varies"), ["Origin", "Accept-Language"])

# ---- for servlets ----
TOLD = "cors.isCorsRequest=true\ncors.request.origin=%s\ncors.request.type=%s\n"


def told(name, site, method, headers, want):
    same("cors/decorate: " + name, kit.get(site, method, headers, "/attributes").text, want)


told("simple", "cors-any", "GET", origin(SHOP), TOLD % (SHOP, "simple"))
told("actual", "cors-any", "POST", origin(SHOP) + ["Content-Type: application/json"], TOLD % (SHOP, "actual"))
told("without an origin", "cors-any", "GET", [], "cors.isCorsRequest=false\n")
told("of its own", "cors-some", "GET", [], "")
told("switched off", "cors-some", "GET", origin(SHOP), "")
told("regression 2: a POST without a type may come unasked", "cors-any", "POST", origin(SHOP), TOLD % (SHOP, "simple"))

# ---- what was once wrong ----
for name, path, want in (("replaces Vary", "/sets-vary", ["Accept-Encoding", "Origin"]),
                         ("replaces Vary and writes much", "/sets-vary?long=1", ["Accept-Encoding", "Origin"]),
                         ("names Origin itself", "/sets-vary?is=Accept,origin", ["Accept,origin"]),
                         ("says that all varies", "/sets-vary?is=*", ["*"])):
    same("cors/regression 1: a servlet %s" % name, kit.vary(origin(SHOP), "/cors-some" + path), want)
same("cors/regression 1: nothing for all origins", kit.vary(origin(SHOP), "/cors-any/sets-vary"), ["Accept-Encoding"])
cors("regression 3: https with its own port is without", "cors-ports", "GET", origin(SHOP), 200, ALLOW=SHOP, vary="Origin")
cors("regression 3: http, too", "cors-ports", "GET", origin("http://other.example"), 200, ALLOW="http://other.example",
     vary="Origin")
cors("regression 3: another scheme's port stays", "cors-ports", "GET", origin("http://third.example:443"), 200,
     ALLOW="http://third.example:443", vary="Origin")
cors("regression 3: and is needed", "cors-ports", "GET", origin("http://third.example"), 403, NO, vary="Origin")
with Client(kit.server.port) as client:
    client.socket.sendall(b"GET /cors-some/s HTTP/1.1\r\nHost: [::1]:8080\r\nOrigin: http://[::1]:8080\r\n\r\n")
    same("cors/of its own, IPv6", client.take_answer().status, 200)
kit.check_bad()
end()
