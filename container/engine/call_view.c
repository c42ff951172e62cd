/* SPDX-License-Identifier: Apache-2.0
 * What a valve may change of a request: who the client is and how it sees this server. Everything later
 * in the chain, redirects and the access log follow it. */
#include <arpa/inet.h>
#include <string.h>

#include "engine/call.h"

/* A numeric address, "192.0.2.1", "2001:db8::1"; an IPv4-mapped one is kept as IPv4. */
static bool parse_address(struct span text, struct endpoint *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];
    uint8_t bytes[16] = {0};
    if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    *out = (struct endpoint){.family = 4};
    if (inet_pton(AF_INET, copy, out->bytes) == 1)
        return true;
    if (inet_pton(AF_INET6, copy, bytes) != 1)
        return false;
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        memcpy(out->bytes, bytes + sizeof(mapped), 4);
    } else {
        memcpy(out->bytes, bytes, sizeof(bytes));
        out->family = 6;
    }
    return true;
}

static int set_remote(struct call *c, struct span text)
{
    struct endpoint remote;
    if (!parse_address(text, &remote))
        return CS_EINVAL;
    c->x->req.view.remote = remote; /* the port of the peer is not the client's */
    return CS_OK;
}

static int set_scheme(struct call *c, struct span text)
{
    if (span_ieq(text, SPAN_LIT("http")))
        c->x->req.view.scheme = SPAN_LIT("http");
    else if (span_ieq(text, SPAN_LIT("https")))
        c->x->req.view.scheme = SPAN_LIT("https");
    else
        return CS_EINVAL;
    return CS_OK;
}

static int set_server_name(struct call *c, struct span text)
{
    struct span host;
    uint32_t port;
    if (!uri_parse_host(text, &host, &port) || port != 0 || host.n == 0)
        return CS_EINVAL;
    host = arena_copy(&c->x->arena, host);
    if (!host.p)
        return CS_ENOMEM;
    c->x->req.view.server_name = host;
    return CS_OK;
}

int request_set(cs_request *req, uint32_t what, cs_str value)
{
    struct call *c = request_call(req);
    if (!c->in_valve)
        return CS_ESTATE;
    switch (what) {
    case CS_REQ_REMOTE_ADDR:
        return set_remote(c, from_str(value));
    case CS_REQ_SCHEME:
        return set_scheme(c, from_str(value));
    case CS_REQ_SERVER_NAME:
        return set_server_name(c, from_str(value));
    default:
        return CS_EINVAL;
    }
}

int request_set_int(cs_request *req, uint32_t what, int64_t value)
{
    struct call *c = request_call(req);
    struct client_view *view = &c->x->req.view;
    bool is_port = value >= 1 && value <= 65535;
    if (!c->in_valve)
        return CS_ESTATE;
    if (what == CS_REQ_SERVER_PORT && is_port)
        view->server_port = (uint32_t)value;
    else if (what == CS_REQ_REMOTE_PORT && is_port)
        view->remote.port = (uint16_t)value;
    else if (what == CS_REQ_SECURE && (value == 0 || value == 1))
        view->secure = value == 1;
    else
        return CS_EINVAL;
    return CS_OK;
}
