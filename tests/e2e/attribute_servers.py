# SPDX-License-Identifier: Apache-2.0
"""For attributes.py and attributes_hosts.py: a webapp of C, a server.xml, and a case. Not a script itself."""
import os
from served import check, compile_module, work, write

MODULE = r"""
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}
static int hello(cs_request *req, cs_response *res)
{
    const char *ms = cs_req_param(req, "ms");
    if (ms)
        pause_ms(atol(ms));
    return cs_res_puts(res, "hello");
}
static int form(cs_request *req, cs_response *res)
{
    const char *a = cs_req_param(req, "a");
    return cs_res_printf(res, "a=%s", a ? a : "-");
}
static int big(cs_request *req, cs_response *res)
{
    static char block[65536];
    for (long left = atol(cs_req_param(req, "kib")) / 64; left > 0; left--) {
        int rc = cs_res_write(res, block, sizeof(block));
        if (rc != CS_OK)
            return rc;
    }
    return CS_OK;
}
static int slow_init(cs_ctx *ctx) { (void)ctx; pause_ms(INIT_MS); return CS_OK; }
static int slow_stop(cs_ctx *ctx, uint32_t n) { (void)ctx; (void)n; return STOP_RC; }
static const cs_servlet servlets[] = {
    {.name = "hello", .url_patterns = "/hello", .service = hello},
    {.name = "form", .url_patterns = "/form", .service = form},
    {.name = "big", .url_patterns = "/big", .service = big}};
CS_WEBAPP("attributes", "1.0.0", .init = slow_init, .stop = slow_stop, .servlets = CS_ROWS(servlets))
"""
BUILT = {}


def module(target, init_ms=0, stop="CS_OK"):
    key = (init_ms, stop)
    if key not in BUILT:
        BUILT[key] = compile_module(os.path.join(work, "m%d.so" % len(BUILT)), MODULE,
                                    more=["-DINIT_MS=%d" % init_ms, "-DSTOP_RC=" + stop])
    with open(BUILT[key], "rb") as file:
        write(target, file.read())
    os.chmod(target, 0o644)


def effect(name, good, why=""):
    check("attribute/" + name, good, why)


def server_xml(server, services, attributes=""):
    """SERVICES: (connectors and executors, inside of the Engine or None)."""
    text = "<Server %s>" % attributes
    for i, (above, engine) in enumerate(services):
        text += "<Service name='s%d'>\n%s\n<Engine name='e%d' defaultHost='h'>%s</Engine></Service>" % (
            i, above, i, engine or "<Host name='h'/>")
    write(os.path.join(server.base, "conf", "server.xml"), text + "</Server>")
