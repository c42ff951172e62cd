#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address thread
"""Asynchronous requests seen by those on their way, through a real module (modules/async_run.c): whether one was
started, and its handle for a filter that looks after it; functions on workers (cs_async_run), beside their request,
after it, and failing."""
import os
import re
from heard import Heard
from served import HERE, Server, check, compile_module, end, read, same, write

# A filter of another module, in C++: its listener throws, and the servlet's module has no catch-all.
THROWS = r"""
#include <cserv/servlet.h>
#include <stdexcept>
static void over(cs_async *, void *) { throw std::runtime_error("the listener threw <this>"); }
static const cs_async_listener listener = {.size = sizeof(listener), .on_complete = over};
static int listen(cs_request *req, cs_response *res, cs_chain *chain, void *)
{
    int rc = cs_chain_next(chain, req, res);
    if (cs_async *a = cs_req_async(req)) {
        cs_async_listen(a, &listener, nullptr);
        cs_async_complete(a);
        cs_async_release(a);
    }
    return rc;
}
static int fail(cs_async *async, void *)
{
    cs_request *req;
    cs_response *res;
    cs_async_enter(async, &req, &res);
    throw std::runtime_error("the function threw <this>");
}
static int start(cs_request *req, cs_response *res)
{
    cs_async *async = cs_req_async_start(req, res, 0);
    int rc = async ? cs_async_run(async, fail, nullptr) : CS_ESTATE;
    if (async)
        cs_async_release(async);
    return rc;
}
static const cs_filter rows[] = {{.name = "listen", .url_patterns = "/open", .flags = CS_ASYNC, .filter = listen}};
static const cs_servlet servlets[] = {{.name = "fail", .url_patterns = "/fail", .flags = CS_ASYNC, .get = start}};
CS_WEBAPP("throws", "1", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(rows))
"""
server = Server()
compile_module(server.webapp("run.so"), read(os.path.join(HERE, "modules", "async_run.c")),
               more=("-pthread", "-I" + os.path.join(HERE, "modules")))
compile_module(server.webapp("mixed/WEB-INF/lib/throws.so"), THROWS, "c++")
os.link(server.webapp("run.so"), server.webapp("mixed/WEB-INF/lib/run.so"))
os.makedirs(server.webapp("narrow/WEB-INF/lib"))
os.link(server.webapp("run.so"), server.webapp("narrow/WEB-INF/lib/run.so"))
write(server.webapp("narrow/META-INF/context.xml"), '<Context maxThreads="1"/>')
server.configure(edit=lambda text: re.sub(r' groups="\d+"', "", text)) # each would have a thread for it
server.start()
heard = Heard(server, "/run/events")


def text(name, path, want, status=200):
    answer = server.get("/run" + path)
    return same(name, (answer.status, answer.text), (status, want))


# ---- a filter behind the chain: told before it, by the servlet before and after the start, behind it ----
text("started/not", "/watch/sync", "00 00 0 closed")
text("started/and-completed", "/watch/closed", "00 00 0 closed")
text("started/open", "/watch/open", "00 00 11 1 open 11 late00 ".replace("late", "the filter's"))
heard.hears("started/the-filter-listens", ["the filter's"])
text("started/the-filter-completes", "/watch/open?do=complete", "00 00 11 1 open 00 ")
heard.hears("started/the-filter-completes/heard", ["the filter's"])
text("started/the-filter-dispatches", "/watch/open?do=dispatch", "00 00 11 1 open 00 00 ")
text("started/wrapped", "/watch/open?wrap=1&do=complete", "00 00 11 1 open 00 ")
text("started/forwarded", "/watch/forward?do=complete", "00 11 1 open 00 ")
heard.happened()

# ---- a listener is code of the module that listened ----
answer = server.get("/mixed/open")
same("regression-250-a-listener-of-another-module-throws", (answer.status, answer.text), (200, "00 11 "))
check("regression-250-is-told", server.logs("the listener threw <this>"), server.log()[-1000:])

# ---- functions on workers ----
text("run/answers", "/run?how=answer", "worker answered")
heard.hears("run/complete", ["complete"])
text("run/one-asks-for-the-next", "/run?how=chain", "link " * 5)
text("run/beside-the-servlet-but-not-inside", "/run?how=beside", "servlet servlet function")
same("run/under-the-cap-of-the-webapp", server.get("/narrow/run?how=narrow").text, "waits function")
text("run/refused", "/run?how=refused", "no function -6 behind the end -2 ")
text("run/refused-when-dispatched", "/run?how=refused&end=dispatch", "no function -6 behind the end -3 00 ")
heard.hears("run/heard", ["complete"] * 4)
answer = server.get("/run/run?how=timeout")
check("run/the-time-goes-on", answer.status == 500 and "timed out" in answer.text, answer)
heard.hears("run/the-time-goes-on/heard", ["timeout", "run from a listener -3", "error -5", "complete"])
text("run/still-runs", "/go-on", "1")
heard.hears("run/after-the-end", ["entered -2", "run again -2"])
text("run/completed-while-it-runs", "/run?how=outlive", "")
text("run/completed-while-it-runs/runs", "/go-on", "1")
heard.hears("run/completed-while-it-runs/heard", ["complete", "entered -2", "run again -2"])

# ---- what fails ----
answer = server.get("/run/run?how=fail-plain")
check("run/fails", answer.status == 500 and "no such planet" in answer.text, answer)
heard.hears("run/fails/heard", ["error -1", "complete"])
text("run/fails-completed", "/run?how=fail-completed", "")
heard.hears("run/fails-completed/heard", ["complete"])
check("run/fails-completed/is-told", server.logs("failed with -1, after its request was completed"), server.log()[-1000:])
answer = server.get("/run/run?how=fail-gone")
check("run/fails-gone", answer.status == 0 or not answer.complete, answer)
heard.hears("run/fails-gone/heard", ["error -2", "complete"])
answer = server.get("/mixed/fail")
check("run/throws", answer.status == 500 and "the function threw &lt;this&gt;" in answer.text, answer)
same("run/left-for-it", server.get("/mixed/fail").status, 500)

# ---- the stop waits for what runs ----
text("stop/completed", "/run?how=stop", "")
same("stop", server.stop().returncode, 0)
last = re.findall(r"(?m)/run: (the function returns|destroyed)$", server.log())[-2:]
same("stop/before-destroy", last, ["the function returns", "destroyed"])
end()
