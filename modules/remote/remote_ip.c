/* SPDX-License-Identifier: Apache-2.0
 * The valve remoteip: behind proxies, the client's address, scheme, host and port come from what the
 * proxies say; only from those that are believed. From anybody else the fields mean nothing. */
#include <stdlib.h>
#include <string.h>

#include "cidr.h"
#include "forwarded.h"
#include "valves.h"

struct remote_ip {
    struct cidr_list internal, trusted;
    const char *field; /* NULL: Forwarded */
    const char *proto_field, *https_value, *host_field, *port_field;
    int64_t http_port, https_port;
};

static const char *text_of(cs_config *config, const char *name)
{
    const char *text = cs_config_param(config, name);
    return text && *text ? text : NULL;
}

static int64_t port_of(cs_config *config, const char *name, int64_t otherwise)
{
    const char *text = text_of(config, name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

int remote_ip_init(cs_config *config, void **self)
{
    cs_host *host = cs_config_host(config);
    struct remote_ip *v = cs_host_alloc(host, sizeof(*v));
    if (!v)
        return CS_ENOMEM;
    const char *field = text_of(config, "remoteIpHeader");
    cs_str name = cs_str_of(field ? field : "X-Forwarded-For");
    v->field = same_text(name, "Forwarded") ? NULL : name.ptr;
    v->proto_field = text_of(config, "protocolHeader");
    v->https_value = text_of(config, "protocolHeaderHttpsValue");
    v->host_field = text_of(config, "hostHeader");
    v->port_field = text_of(config, "portHeader");
    v->http_port = port_of(config, "httpServerPort", 80);
    v->https_port = port_of(config, "httpsServerPort", 443);
    *self = v;
    int rc =
        cidr_list_parse(host, "internalProxies", text_of(config, "internalProxies"), &v->internal);
    if (rc == CS_OK)
        rc =
            cidr_list_parse(host, "trustedProxies", text_of(config, "trustedProxies"), &v->trusted);
    return rc;
}

static int is_believed(const struct remote_ip *v, cs_str address)
{
    return cidr_list_has(&v->internal, address) || cidr_list_has(&v->trusted, address);
}

/* The client: from the nearest proxy outwards the first address that is not believed, else the farthest
 * that is known. -1: nothing usable is said. */
static int find_client(const struct remote_ip *v, const struct hops *hops)
{
    int client = -1;
    for (int i = (int)hops->count - 1; i >= 0; i--) {
        if (!is_numeric_address(hops->v[i].address))
            break;
        client = i;
        if (!is_believed(v, hops->v[i].address))
            break;
    }
    return client;
}

/* The last of the values with commas between: the nearest proxy's. */
static cs_str last_value(cs_request *req, const char *field)
{
    cs_str value = {NULL, 0}, line;
    for (uint32_t nth = 0; field && (line = cs_req_header_str(req, field, nth)).ptr; nth++)
        value = line;
    for (size_t i = value.len; i > 0; i--) {
        if (value.ptr[i - 1] == ',') {
            value.ptr += i;
            value.len -= i;
            break;
        }
    }
    return trimmed(value);
}

/* "example.org", "example.org:8443", "[2001:db8::1]:8443": name and port, 0 when none is given. */
static void split_host(cs_str text, cs_str *name, int64_t *port)
{
    *name = text;
    *port = 0;
    for (size_t i = text.len; i > 0 && text.ptr[i - 1] != ']'; i--) {
        char c = text.ptr[i - 1];
        if (c == ':') {
            name->len = i - 1;
            break;
        }
        if (c < '0' || c > '9')
            return;
    }
    for (size_t i = name->len + 1; i < text.len && *port <= 65535; i++)
        *port = *port * 10 + (text.ptr[i] - '0');
}

static void set_view(cs_request *req, const struct remote_ip *v, cs_str proto, cs_str host,
                     cs_str port_text)
{
    cs_str name;
    int64_t port = 0, told = 0;
    if (host.len > 0) {
        split_host(host, &name, &port);
        if (cs_req_set(req, CS_REQ_SERVER_NAME, name) != CS_OK)
            port = 0; /* no host: then its port is none either */
    }
    for (size_t i = 0; i < port_text.len && told <= 65535; i++) {
        char c = port_text.ptr[i];
        told = c >= '0' && c <= '9' ? told * 10 + (c - '0') : 65536;
    }
    if (told > 0 && told <= 65535)
        port = told;
    if (proto.len > 0) {
        int secure = same_text(proto, v->https_value ? v->https_value : "https");
        cs_req_set(req, CS_REQ_SCHEME, cs_str_of(secure ? "https" : "http"));
        cs_req_set_int(req, CS_REQ_SECURE, secure);
        if (port == 0)
            port = secure ? v->https_port : v->http_port;
    }
    if (port > 0)
        cs_req_set_int(req, CS_REQ_SERVER_PORT, port);
}

int remote_ip_invoke(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct remote_ip *v = self;
    static const cs_str absent = {NULL, 0};
    struct hops hops;
    if (!is_believed(v, cs_req_get(req, CS_REQ_PEER_ADDR)))
        return cs_chain_next(chain, req, res);
    if (v->field)
        hops_of_list(req, v->field, &hops);
    else
        hops_of_forwarded(req, &hops);
    int client = find_client(v, &hops);
    if (client >= 0) {
        const struct hop *hop = &hops.v[client];
        cs_req_set(req, CS_REQ_REMOTE_ADDR, hop->address);
        if (hop->port > 0)
            cs_req_set_int(req, CS_REQ_REMOTE_PORT, hop->port);
        if (!v->field)
            set_view(req, v, hop->proto, hop->host, absent);
    }
    if (v->field)
        set_view(req, v, last_value(req, v->proto_field), last_value(req, v->host_field),
                 last_value(req, v->port_field));
    return cs_chain_next(chain, req, res);
}
