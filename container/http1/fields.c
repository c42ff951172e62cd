/* SPDX-License-Identifier: Apache-2.0
 * The one user of http-parser: see fields.h. */
#include "http1/fields.h"

#include <http_parser.h>

struct collector {
    struct exchange *x;
    struct span name;  /* of the field under way */
    struct span value; /* of the same */
    bool no_memory;
};

/* Callbacks may come in pieces; the head is contiguous, so pieces of one token are neighbours. */
static void extend(struct span *s, const char *at, size_t n)
{
    if (!s->p)
        *s = span_make(at, n);
    else
        s->n = (size_t)(at + n - s->p);
}

static bool flush_field(struct collector *c)
{
    if (!c->name.p)
        return true;
    /* For an empty value the parser points at the next line, which terminate() must not cut. */
    struct span value = c->value.n > 0 ? c->value : span_make(c->name.p + c->name.n + 1, 0);
    bool ok = headers_add(&c->x->req.headers, &c->x->arena, c->name, value);
    c->name = c->value = SPAN_NONE;
    c->no_memory = !ok;
    return ok;
}

static int on_url(http_parser *parser, const char *at, size_t n)
{
    struct collector *c = parser->data;
    extend(&c->x->req.target, at, n);
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t n)
{
    struct collector *c = parser->data;
    if (c->value.p && !flush_field(c))
        return 1;
    extend(&c->name, at, n);
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t n)
{
    struct collector *c = parser->data;
    extend(&c->value, at, n);
    return 0;
}

static int on_headers_complete(http_parser *parser)
{
    struct collector *c = parser->data;
    if (!flush_field(c))
        return 1;
    http_parser_pause(parser, 1);
    return 0;
}

/* Its own limit (80 KiB, for the process) would refuse what a larger maxHttpHeaderSize allows. */
__attribute__((constructor)) static void lift_parser_limit(void)
{
    http_parser_set_max_header_size(UINT32_MAX);
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
};

/* Every token is followed by a delimiter that nobody needs any more. */
static void terminate(struct request *req)
{
    ((char *)(uintptr_t)req->target.p)[req->target.n] = '\0';
    for (uint32_t i = 0; i < req->headers.n; i++) {
        struct header *h = &req->headers.v[i];
        ((char *)(uintptr_t)h->name.p)[h->name.n] = '\0';
        ((char *)(uintptr_t)h->value.p)[h->value.n] = '\0';
    }
}

enum fields_result fields_parse(char *head, size_t n, size_t method_n, struct exchange *x)
{
    struct collector c = {.x = x, .name = SPAN_NONE, .value = SPAN_NONE};
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &c;
    /* The method is ours (unknown ones get 501, not the parser's error): it sees GET instead. */
    size_t fed = http_parser_execute(&parser, &settings, "GET", 3);
    if (fed != 3 || HTTP_PARSER_ERRNO(&parser) != HPE_OK)
        return FIELDS_BAD;
    http_parser_execute(&parser, &settings, head + method_n, n - method_n);
    if (HTTP_PARSER_ERRNO(&parser) != HPE_PAUSED)
        flush_field(&c); /* what it stumbled over: the caller tells what is wrong with it */
    if (c.no_memory)
        return FIELDS_NO_MEMORY;
    if (HTTP_PARSER_ERRNO(&parser) != HPE_PAUSED || !x->req.target.p)
        return FIELDS_BAD;
    terminate(&x->req);
    return FIELDS_OK;
}
