#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped filters before a servlet that answers from a thread of its own, later: each lets it, and what it
says is on the answer. Regression 5 of the filters: they did not say that they support it."""
from filters_kit import FILTER, PARAM, Kit
from served import end, same

SERVLET = r"""
#include <cserv/servlet.h>
#include <pthread.h>
#include <stdint.h>
struct work { cs_async *async; long size; };
static int fill(cs_response *res, long size)
{
    int rc = CS_OK;
    for (long i = 0; i < size && rc == CS_OK; i++)
        rc = cs_res_puts(res, "0123456789");
    return rc;
}
static void *later(void *arg)
{
    struct work *w = arg;
    cs_async *a = w->async;
    cs_request *req;
    cs_response *res;
    if (cs_async_enter(a, &req, &res) == CS_OK) {
        cs_res_content_type(res, "text/css");
        cs_res_header(res, "Vary", "Accept");
        fill(res, w->size);
        cs_async_complete(a);
        cs_async_leave(a);
    }
    cs_async_release(a);
    return NULL;
}
static int serve(cs_request *req, cs_response *res)
{
    struct work *w = cs_req_alloc(req, sizeof(*w));
    pthread_t thread;
    w->size = cs_req_param(req, "long") ? 5000 : 1;
    w->async = cs_req_async_start(req, res, 20000);
    if (!w->async)
        return CS_ESTATE;
    if (pthread_create(&thread, NULL, later, w) != 0)
        return CS_EFAIL;
    pthread_detach(thread);
    return CS_OK;
}
static const cs_servlet rows[] = {{.name = "s", .url_patterns = "/s", .flags = CS_ASYNC, .get = serve}};
CS_WEBAPP("w", "1", .servlets = CS_ROWS(rows))
"""
kit = Kit("async", SERVLET)
FILTERS = {
    "cors": ({"cors.allowed.origins": "https://shop.example"},
             {"access-control-allow-origin": "https://shop.example", "vary": "Origin"}),
    "httpheadersecurity": ({}, {"x-frame-options": "DENY"}),
    "ratelimit": ({"exposeHeaders": "true"}, {"ratelimit-policy": '"f-ratelimit";q=300;w=60'}),
    "expires": ({"ExpiresByType text/css": "A20"}, {"cache-control": "max-age=20"}),
    "setcharacterencoding": ({"encoding": "UTF-8"}, {}),
}
for name, (params, _) in FILTERS.items():
    kit.site(name, name, **params)
kit.site("all", None, inside="".join(
    FILTER % (name, name, "".join(PARAM % row for row in params.items()), name)
    for name, (params, _) in FILTERS.items()))
kit.start()


def row(case, site, query, fields):
    answer = kit.get(site, "GET", ["Origin: https://shop.example"], "/s" + query)
    got = {key: answer.fields.get(key) for key in fields}
    same("async/" + case, (answer.status, got, answer.text == "0123456789" * (5000 if query else 1)), (200, fields, True))


for name, (_, fields) in FILTERS.items():
    row(name, name, "", fields)
    row(name + ", a long answer", name, "?long=1", fields)
together = {key: value for _, fields in FILTERS.values() for key, value in fields.items()}
together["ratelimit-policy"] = '"ratelimit";q=300;w=60'
row("all of them", "all", "", together)
row("all of them, a long answer", "all", "?long=1", together)
end()
