/* SPDX-License-Identifier: Apache-2.0
 * Reading forwarding fields: see forwarded.h. All text is the client's or a proxy's: nothing is believed
 * here, remote_ip.c decides that. Spans point into the request's fields. */
#include "forwarded.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

cs_str trimmed(cs_str s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

int same_text(cs_str a, const char *b)
{
    return a.ptr && a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

static struct hop *add(struct hops *h)
{
    if (h->count == HOPS_MAX) {
        memmove(&h->v[0], &h->v[1], (HOPS_MAX - 1) * sizeof(h->v[0]));
        h->count--;
    }
    struct hop *hop = &h->v[h->count++];
    memset(hop, 0, sizeof(*hop));
    return hop;
}

static uint32_t port_of(const char *p, size_t n)
{
    uint32_t port = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9' || n > 5)
            return 0;
        port = port * 10 + (uint32_t)(p[i] - '0');
    }
    return port <= 65535 ? port : 0;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". */
static void take_node(struct hop *hop, cs_str node)
{
    hop->address = node;
    if (node.len > 0 && node.ptr[0] == '[') {
        const char *close = memchr(node.ptr, ']', node.len);
        if (!close)
            return;
        size_t n = (size_t)(close - node.ptr);
        hop->address.ptr = node.ptr + 1;
        hop->address.len = n - 1;
        if (n + 2 < node.len && close[1] == ':')
            hop->port = port_of(close + 2, node.len - n - 2);
        return;
    }
    const char *colon = memchr(node.ptr, ':', node.len);
    size_t n = colon ? (size_t)(colon - node.ptr) : node.len;
    if (colon && !memchr(colon + 1, ':', node.len - n - 1)) {
        hop->address.len = n;
        hop->port = port_of(colon + 1, node.len - n - 1);
    }
}

void hops_of_list(cs_request *req, const char *field, struct hops *out)
{
    cs_str line;
    out->count = 0;
    for (uint32_t nth = 0; (line = cs_req_header_str(req, field, nth)).ptr; nth++) {
        while (line.len > 0) {
            const char *comma = memchr(line.ptr, ',', line.len);
            size_t n = comma ? (size_t)(comma - line.ptr) : line.len;
            cs_str node = {line.ptr, n};
            node = trimmed(node);
            if (node.len > 0)
                take_node(add(out), node);
            n += comma != NULL;
            line.ptr += n;
            line.len -= n;
        }
    }
}

/* ---- Forwarded ---- */

static int is_token(unsigned char c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* NAME "=" VALUE at the beginning of S; a quoted value loses its quotes (one with a backslash is not taken).
 * Returns the bytes used, 0 when malformed. */
static size_t take_pair(cs_str s, cs_str *name, cs_str *value)
{
    size_t at = 0, from;
    while (at < s.len && is_token((unsigned char)s.ptr[at]))
        at++;
    name->ptr = s.ptr;
    name->len = at;
    if (at == 0 || at == s.len || s.ptr[at++] != '=')
        return 0;
    int quoted = at < s.len && s.ptr[at] == '"';
    from = at += (size_t)quoted;
    while (at < s.len && (quoted ? s.ptr[at] != '"' && s.ptr[at] != '\\'
                                 : is_token((unsigned char)s.ptr[at]) || s.ptr[at] == ':'))
        at++;
    value->ptr = s.ptr + from;
    value->len = at - from;
    if (!quoted)
        return value->len > 0 ? at : 0;
    return at < s.len && s.ptr[at] == '"' ? at + 1 : 0;
}

static void take_value(struct hop *hop, cs_str name, cs_str value)
{
    if (same_text(name, "for"))
        take_node(hop, value);
    else if (same_text(name, "proto"))
        hop->proto = value;
    else if (same_text(name, "host"))
        hop->host = value;
}

static cs_str without(cs_str s, size_t n)
{
    s.ptr += n;
    s.len -= n;
    return trimmed(s);
}

/* One line; 0: malformed. */
static int take_line(cs_str s, struct hops *out)
{
    s = trimmed(s);
    while (s.len > 0) {
        struct hop *hop = add(out);
        for (;;) {
            cs_str name, value;
            size_t used = take_pair(s, &name, &value);
            if (used == 0)
                return 0;
            take_value(hop, name, value);
            s = without(s, used);
            if (s.len == 0 || s.ptr[0] != ';')
                break;
            s = without(s, 1);
        }
        if (s.len > 0 && s.ptr[0] != ',')
            return 0;
        if (s.len > 0)
            s = without(s, 1);
    }
    return 1;
}

void hops_of_forwarded(cs_request *req, struct hops *out)
{
    cs_str line;
    out->count = 0;
    for (uint32_t nth = 0; (line = cs_req_header_str(req, "Forwarded", nth)).ptr; nth++) {
        if (!take_line(line, out))
            out->count = 0; /* what stands before it cannot be told from what a client made up */
    }
}
