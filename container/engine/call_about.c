/* SPDX-License-Identifier: Apache-2.0
 * What else a request knows of itself: how it was mapped, its id, its URL, its languages. Part of the
 * request handle's table; on the worker that runs the request. */
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/dispatch_priv.h"
#include "http/accept.h"

static cs_str absent(void)
{
    return (cs_str){NULL, 0};
}

static cs_str text_of(const char *arena_text)
{
    return to_str(span_of(arena_text));
}

/* ---- ids ---- */

static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static uint64_t process_number;            /* of this start of the process */
static _Atomic uint64_t requests_numbered; /* so that every id is given once */

static void number_process(void)
{
    if (getrandom(&process_number, sizeof(process_number), GRND_NONBLOCK) !=
        (ssize_t)sizeof(process_number))
        process_number = clock_us() ^ (uint64_t)getpid() << 40;
}

static cs_str id_text(struct call *c, const char *kind, uint64_t number)
{
    pthread_once(&process_once, number_process);
    return text_of(arena_printf(&c->x->arena, "%016llx-%s%llx", (unsigned long long)process_number,
                                kind, (unsigned long long)number));
}

static cs_str request_id(struct call *c)
{
    if (c->request_number == 0)
        c->request_number =
            atomic_fetch_add_explicit(&requests_numbered, 1, memory_order_relaxed) + 1;
    return id_text(c, "", c->request_number);
}

/* ---- mapping ---- */

int64_t call_match(const struct mapper_result *m)
{
    switch (m->match) {
    case MAPPER_CONTEXT_ROOT:
        return CS_MATCH_CONTEXT_ROOT;
    case MAPPER_EXACT:
        return CS_MATCH_EXACT;
    case MAPPER_PATH:
        return CS_MATCH_PATH;
    case MAPPER_EXTENSION:
        return CS_MATCH_EXTENSION;
    case MAPPER_DEFAULT:
        return CS_MATCH_DEFAULT;
    case MAPPER_NONE:
    case MAPPER_REDIRECT:
        break;
    }
    return -1;
}

/* What the variable part of the pattern stands for: HttpServletMapping.getMatchValue. */
struct span call_match_value(const struct mapper_result *m)
{
    switch (m->match) {
    case MAPPER_EXACT:
        return span_from(m->servlet_path, 1);
    case MAPPER_PATH:
        return m->path_info.n > 0 ? span_from(m->path_info, 1) : SPAN_LIT("");
    case MAPPER_EXTENSION: /* its pattern is a star, the dot, and the extension */
        return span_cut(m->servlet_path, 1, m->servlet_path.n - m->pattern.n);
    case MAPPER_CONTEXT_ROOT:
    case MAPPER_DEFAULT:
        return SPAN_LIT("");
    case MAPPER_NONE:
    case MAPPER_REDIRECT:
        break;
    }
    return SPAN_NONE;
}

struct span call_match_servlet(const struct mapper_result *m)
{
    const struct servlet *s = m->value;
    return s ? span_of(s->reg.name) : SPAN_NONE;
}

/* ---- places ---- */

static cs_str url(cs_request *req, struct call *c)
{
    struct span scheme = from_str(req->ops->get(req, CS_REQ_SCHEME));
    struct span host = from_str(req->ops->get(req, CS_REQ_SERVER_NAME));
    struct span path = from_str(req->ops->get(req, CS_REQ_URI));
    int64_t port = req->ops->get_int(req, CS_REQ_SERVER_PORT);
    bool usual = port <= 0 || port == (span_eq(scheme, SPAN_LIT("https")) ? 443 : 80);
    bool bare = host.n > 0 && host.p[0] != '[' && span_find(host, 0, ':') < host.n;
    char after[16] = "";
    if (!usual)
        snprintf(after, sizeof(after), ":%d", (int)port);
    return text_of(arena_printf(&c->x->arena, "%.*s://%s%.*s%s%s%.*s", SPAN_ARG(scheme),
                                bare ? "[" : "", SPAN_ARG(host), bare ? "]" : "", after,
                                SPAN_ARG(path)));
}

static cs_str path_translated(struct call *c, struct span path_info)
{
    if (!c->app || !*c->app->doc_base || !path_info.p)
        return absent();
    return text_of(arena_printf(&c->x->arena, "%s%.*s", c->app->doc_base, SPAN_ARG(path_info)));
}

cs_str call_about(cs_request *req, uint32_t what)
{
    struct call *c = request_call(req);
    const struct mapper_result *map = frame_map(c, request_frame(req));
    struct span s = SPAN_NONE;
    switch (what) {
    case CS_REQ_URL:
        return url(req, c);
    case CS_REQ_PATH_TRANSLATED:
        return path_translated(c, map->path_info);
    case CS_REQ_ID:
        return request_id(c);
    case CS_REQ_CONNECTION_ID:
        return id_text(c, "c", c->x->req.connection);
    case CS_REQ_CHARSET:
        return to_str(call_charset(c));
    case CS_REQ_MATCH_VALUE:
        s = call_match_value(map);
        break;
    case CS_REQ_MATCH_PATTERN:
        s = map->pattern;
        break;
    case CS_REQ_MATCH_SERVLET:
        s = call_match_servlet(map);
        break;
    default:
        break;
    }
    return s.p ? to_str(arena_copy(&c->x->arena, s)) : absent();
}

/* ---- fields ---- */

int request_header_int(cs_request *req, cs_str name, int64_t *value)
{
    struct span text = span_trim(from_str(req->ops->header(req, name, 0)));
    bool negative = text.n > 0 && text.p[0] == '-';
    uint64_t number, most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (!text.p)
        return CS_ENOENT;
    if (negative || (text.n > 0 && text.p[0] == '+'))
        text = span_from(text, 1);
    if (!span_to_u64(text, most, &number))
        return CS_EINVAL;
    *value = negative ? (int64_t)(0 - number) : (int64_t)number;
    return CS_OK;
}

cs_str request_locale(cs_request *req, uint32_t i)
{
    struct call *c = request_call(req);
    struct exchange *x = c->x;
    if (!c->locales_parsed)
        c->locales_parsed =
            accept_languages(&x->req.headers, &x->arena, &c->locales, &c->locale_count);
    return c->locales_parsed && i < c->locale_count ? to_str(c->locales[i]) : absent();
}
