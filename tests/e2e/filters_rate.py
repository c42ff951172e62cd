#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The filter ratelimit on the real server: on, off and misconfigured; exact counts from many connections."""
import re
import threading

from filters_kit import Kit, REMOTE_IP
from served import Client, becomes, check, end, same

RATE = "org.apache.catalina.filters.RateLimitFilter"
kit = Kit("rate")
kit.site("off")
kit.site("three", RATE, bucketRequests="3")
kit.site("told", "ratelimit", bucketRequests="2", bucketDuration="30", exposeHeaders="true", policyName="two in 30",
         statusCode="503", statusMessage="Come again", rateLimitClassName="org.apache.catalina.util.ExactRateLimiter")
kit.site("watched", RATE, bucketRequests="1", enforce="false", exposeHeaders="true")
kit.site("short", RATE, bucketRequests="1", bucketDuration="1")
kit.site("hosts", RATE, bucketRequests="1", ipv6Prefix="128")
kit.site("many", RATE, bucketRequests="150")
kit.bad("ratelimit", RATE, (
    ("bucketRequests", "0", None, r"a whole number from 1 to 2147483647"),
    ("bucketRequests", "many", None, r"a whole number from 1 to 2147483647"),
    ("bucketDuration", "0", None, r"a whole number from 1 to 31536000"),
    ("enforce", "no", None, r"true or false"),
    ("statusCode", "200", None, r"a whole number from 400 to 599"),
    ("policyName", "a\\b", None, r"printable ASCII"),
    ("rateLimitClassName", "org.example.Mine", None, r"FastRateLimiter"),
    ("ipv6Prefix", "129", None, r"a whole number from 16 to 128"),
    ("bucketRequest", "3", None, r"not known; allowed: bucketRequests, "),
))
kit.server.configure(REMOTE_IP)
kit.start()


def ask(site, address="192.0.2.1", path="/s"):
    return kit.get(site, "GET", ["X-Forwarded-For: " + address], path)


def statuses(site, *addresses):
    return [ask(site, address).status for address in addresses]


same("ratelimit/off", statuses("off", *["192.0.2.1"] * 10), [200] * 10)
same("ratelimit/so many, no more", statuses("three", *["192.0.2.1"] * 5), [200, 200, 200, 429, 429])
answer = ask("three")
check("ratelimit/Retry-After", answer.status == 429 and 1 <= int(answer.fields.get("retry-after", "0")) <= 60, answer)
check("ratelimit/the message", "Too many requests" in answer.text, answer)
check("ratelimit/fields only when asked for", "ratelimit" not in answer.fields, answer)
same("ratelimit/a 404 counts", [ask("three", "192.0.2.9", "/none").status for _ in range(4)], [404, 404, 404, 429])
same("ratelimit/other clients", statuses("three", "192.0.2.2", "192.0.2.2", "2001:db8::1"), [200] * 3)
same("ratelimit/the network of an IPv6 client",
     statuses("three", *["2001:db8:0:7::%d" % n for n in range(1, 5)], "2001:db8:0:8::1"), [200, 200, 200, 429, 200])
same("ratelimit/ipv6Prefix=128", statuses("hosts", "2001:db8::1", "2001:db8::2", "2001:db8::1"), [200, 200, 429])

seen = [ask("told") for _ in range(3)]
same("ratelimit/statusCode", [a.status for a in seen], [200, 200, 503])
same("ratelimit/RateLimit-Policy", [a.fields.get("ratelimit-policy") for a in seen], ['"two in 30";q=2;w=30'] * 3)
same("ratelimit/RateLimit", [re.sub(r"t=\d+$", "t=", a.fields.get("ratelimit", "")) for a in seen],
     ['"two in 30";r=%d;t=' % left for left in (1, 0, 0)])
check("ratelimit/statusMessage", "Come again" in seen[2].text, seen[2])
seen = [ask("watched") for _ in range(3)]
same("ratelimit/enforce=false", [(a.status, a.fields.get("ratelimit-policy"), "ratelimit" in a.fields) for a in seen],
     [(200, '"f-watched";q=1;w=60', False)] * 3)

same("ratelimit/its count is an attribute, enforced or not",
     [ask(site, "192.0.2.99", "/attributes").text for site in ("watched", "watched", "three")],
     ["org.apache.catalina.filters.RateLimitFilter.Count=%d\n" % n for n in (1, 2, 1)])

same("ratelimit/bucketDuration: before", statuses("short", "192.0.2.1", "192.0.2.1")[0], 200)
check("ratelimit/bucketDuration: the next window", becomes(lambda: ask("short").status == 200))

# ---- exactly 150 of 400, from 8 connections ----
results = []


def hammer():
    with Client(kit.server.port) as client:
        for _ in range(50):
            results.append(client.ask("/many/s", headers=["X-Forwarded-For: 198.51.100.7"]).status)


threads = [threading.Thread(target=hammer) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
same("ratelimit/exact from many connections", (results.count(200), results.count(429)), (150, 250))
kit.check_bad()
end()
