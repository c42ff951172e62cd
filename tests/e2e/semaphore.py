#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# alone: it watches the clock
"""The valve semaphore on the real server: on, off and misconfigured; how many at a time, in which order, what
becomes of the others, and that the waiting ends. Without a server: tests/unit/modules_semaphore."""
import os
import re
import threading
import time

from served import Client, Server, becomes, check, compile_module, end, same, write

SERVLET = r"""
#include <cserv/servlet.h>
#include <stdatomic.h>
#include <unistd.h>
static atomic_int now, most, entered;
static int hold(cs_request *req, cs_response *res)
{
    int n = atomic_fetch_add(&now, 1) + 1, seen = atomic_load(&most), number = atomic_fetch_add(&entered, 1) + 1;
    while (n > seen && !atomic_compare_exchange_weak(&most, &seen, n))
        ;
    for (int i = 0; i < 60000 && access(cs_req_param(req, "until"), F_OK) != 0; i++)
        usleep(1000);
    atomic_fetch_sub(&now, 1);
    if (cs_req_param(req, "fail"))
        return cs_req_fail(req, CS_EFAIL, "broken");
    return cs_res_printf(res, "%d %d", number, atomic_load(&most));
}
static const cs_servlet rows[] = {{.name = "h", .url_patterns = "/h", .get = hold}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows))
"""


def valve(**attributes):
    return "<Valve className=\"%s\"%s/>" % (
        attributes.pop("className", "org.apache.catalina.valves.SemaphoreValve"),
        "".join(" %s=\"%s\"" % item for item in attributes.items()))


SITES = {
    "off": "",
    "two": valve(concurrency="2"),
    "refuse": valve(className="semaphore", concurrency="1", block="false"),
    "status": valve(concurrency="1", block="FALSE", highConcurrencyStatus="429"),
    "wait": valve(concurrency="1", maxWait="200"),
    "fair": valve(concurrency="1", fairness="true", interruptible="true"),
    "ten": valve(),
}
server = Server("semaphore")
module = compile_module(os.path.join(server.base, "module.so"), SERVLET)
contexts = ""
for site, element in SITES.items():
    os.link(module, server.webapp("w-%s.so" % site))
    contexts += "<Context path=\"/%s\" docBase=\"w-%s.so\">%s</Context>" % (site, site, element)
server.configure(contexts)
server.start()
go = os.path.join(server.base, "go")


def running(site):
    return [q for q in server.status()["queues"] if q["name"].endswith("/" + site)][0]["running"]


class Asked:
    """Requests to a site, each on a connection of its own, one known to run or wait before the next is sent."""

    def __init__(self, site, count, query=""):
        self.clients = []
        for number in range(1, count + 1):
            client = Client(server.port)
            client.send("/%s/h?until=%s%s" % (site, go, query))
            self.clients.append(client)
            if not becomes(lambda: running(site) == number):
                check("%s: request %d is in" % (site, number), False, server.status())

    def answers(self):
        write(go, "")
        found = [client.take_answer() for client in self.clients]
        os.unlink(go)
        for client in self.clients:
            client.socket.close()
        return found


def numbers(answers):
    return [answer.text.split()[0] if answer.status == 200 else answer.status for answer in answers]


found = Asked("off", 4).answers()
same("semaphore/off: all at a time", {answer.text.split()[1] for answer in found}, {"4"})
found = Asked("two", 6).answers()
same("concurrency", ([answer.status for answer in found], found[-1].text.split()[1]), ([200] * 6, "2"))
same("semaphore/permits come back", numbers(Asked("two", 3).answers()), ["7", "8", "9"])
same("semaphore/a failure gives its permit back",
     [[answer.status for answer in Asked("two", 2, "&fail=1").answers()] for _ in range(2)], [[500, 500]] * 2)
found = Asked("fair", 5).answers()
same("fairness: in order", numbers(found), ["1", "2", "3", "4", "5"])
check("interruptible: has no effect, and says so", server.logs("interruptible=true has no effect"), server.log())
for site, status in (("refuse", 503), ("status", 429)):
    held = Asked(site, 1)
    began = time.monotonic()
    answer = server.get("/%s/h?until=%s" % (site, go))
    took = time.monotonic() - began
    case = "block=false: refused at once" if site == "refuse" else "highConcurrencyStatus"
    check(case, answer.status == status, answer)
    same("semaphore/%s: the one inside is served" % site, numbers(held.answers()), ["1"])
held = Asked("wait", 1)
began = time.monotonic()
answer = server.get("/wait/h?until=" + go)
check("maxWait: the waiting ends", answer.status == 503 and time.monotonic() - began >= 0.2, answer)
same("semaphore/wait: the one inside is served", numbers(held.answers()), ["1"])
answer = server.get("/ten/h?until=" + server.base)
same("semaphore/defaults", answer.status, 200)
server.stop()

for name, element, said in (
        ("concurrency=0", valve(concurrency="0"), r"server\.xml:\d+.*concurrency.*1.*100000"),
        ("block=perhaps", valve(block="perhaps"), r"server\.xml:\d+.*block.*perhaps"),
        ("maxWait=0", valve(maxWait="0"), r"server\.xml:\d+.*maxWait.*1.*600000"),
        ("highConcurrencyStatus=600", valve(highConcurrencyStatus="600"), r"server\.xml:\d+.*highConcurrencyStatus"),
        ("highConcurrencyStatus=200", valve(highConcurrencyStatus="200"),
         r"server\.xml:\d+: init of the valve semaphore failed with -6: semaphore: highConcurrencyStatus is 200; "
         r"allowed: 400 to 599, or -1 for 503\. Mend its attributes"),
        ("concurency=1", valve(concurency="1"), r"server\.xml:\d+.*concurency")):
    server = Server("refused-" + re.sub(r"\W", "-", name))
    server.configure(element)
    done = server.cserv("start", "-b", server.base)
    text = " ".join((done.stdout + done.stderr).split())
    check("semaphore/refused: " + name, done.returncode == 1 and re.search(said, text), text)
end()
