#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filter httpheadersecurity on the real server: on, off and misconfigured."""
from filters_kit import Kit, REMOTE_IP
from served import check, end, same

SECURITY = "org.apache.catalina.filters.HttpHeaderSecurityFilter"
kit = Kit("fields")
kit.site("off")
kit.site("plain", SECURITY)
kit.site("full", "httpheadersecurity", hstsMaxAgeSeconds="31536000", hstsIncludeSubDomains="true",
         hstsPreload="TRUE", antiClickJackingOption="sameorigin", xssProtectionEnabled="true")
kit.site("from", SECURITY, antiClickJackingOption="Allow-From", antiClickJackingUri="https://shop.example/a?b=c")
kit.site("none", SECURITY, hstsEnabled="false", antiClickJackingEnabled="false",
         blockContentTypeSniffingEnabled="false")
kit.bad("headers", SECURITY, (
    ("hstsEnabled", "on", None, r"true or false"),
    ("hstsMaxAgeSeconds", "-1", None, r"a whole number from 0 to 2147483647"),
    ("hstsMaxAgeSeconds", "1 year", None, r"a whole number from 0"),
    ("hstsMaxAgeSeconds", "99999999999999999999", None, r"a whole number from 0"),
    ("antiClickJackingOption", "NEVER", None, r"DENY, SAMEORIGIN or ALLOW-FROM"),
    ("antiClickJackingUrl", "https://a", None, r"not known; allowed: hstsEnabled, "),
))
# The parameter that is wrong is the one that is not there.
kit.site("bad-from", SECURITY, antiClickJackingOption="ALLOW-FROM")
kit.site("bad-uri", SECURITY, antiClickJackingOption="ALLOW-FROM", antiClickJackingUri="https://a b")
kit.wrong += [("headers", "bad-from", "antiClickJackingUri", "", r"as antiClickJackingOption is ALLOW-FROM"),
              ("headers", "bad-uri", "antiClickJackingUri", "https://a b", r"as antiClickJackingOption is ALLOW-FROM")]
kit.server.configure(REMOTE_IP)
kit.start()

HSTS, FRAMES, SNIFF, XSS = ("strict-transport-security", "x-frame-options", "x-content-type-options",
                            "x-xss-protection")


def fields(name, site, secure, want, path="/s", status=200):
    headers = ["X-Forwarded-For: 192.0.2.1"] + (["X-Forwarded-Proto: https"] if secure else [])
    answer = kit.get(site, "GET", headers, path)
    got = {key: answer.fields[key] for key in (HSTS, FRAMES, SNIFF, XSS) if key in answer.fields}
    same("headers/" + name, (answer.status, got), (status, want))


FULL = {FRAMES: "SAMEORIGIN", SNIFF: "nosniff", XSS: "1; mode=block"}
fields("off", "off", True, {})
fields("http", "plain", False, {FRAMES: "DENY", SNIFF: "nosniff"})
fields("https", "plain", True, {HSTS: "max-age=0", FRAMES: "DENY", SNIFF: "nosniff"})
fields("all of them, http", "full", False, FULL)
fields("all of them, https", "full", True, dict(FULL, **{HSTS: "max-age=31536000;includeSubDomains;preload"}))
fields("frames of one site", "from", False, {FRAMES: "ALLOW-FROM https://shop.example/a?b=c", SNIFF: "nosniff"})
fields("none of them", "none", True, {})
fields("an error has them, too", "full", True,
       dict(FULL, **{HSTS: "max-age=31536000;includeSubDomains;preload"}), "/none", 404)
kit.check_bad()
end()
