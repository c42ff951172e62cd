#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# builds: release address thread
"""Asynchronous requests seen by those on their way, through a real module (modules/async_run.c): whether one was
started, and its handle for a filter that looks after it."""
import os
from heard import Heard
from served import HERE, Server, check, compile_module, end, read, same

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
static const cs_filter rows[] = {{.name = "listen", .url_patterns = "/open", .flags = CS_ASYNC, .filter = listen}};
CS_WEBAPP("throws", "1", .filters = CS_ROWS(rows))
"""
server = Server()
compile_module(server.webapp("run.so"), read(os.path.join(HERE, "modules", "async_run.c")),
               more=("-pthread", "-I" + os.path.join(HERE, "modules")))
compile_module(server.webapp("mixed/WEB-INF/lib/throws.so"), THROWS, "c++")
os.link(server.webapp("run.so"), server.webapp("mixed/WEB-INF/lib/run.so"))
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
end()
