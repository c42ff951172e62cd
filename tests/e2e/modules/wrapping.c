/* SPDX-License-Identifier: Apache-2.0
 * For wrap.py, built for minor 2: filters that gzip, rewrite HTML and keep answers, and one that wraps as a field
 * of the request tells it ("Wrap: trace upper", the last nearest to the servlet). */
#define CS_ABI_MINOR 2
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- bytes that are held back ---- */

struct held {
    char *bytes;
    size_t size;
    int failed;
};

static int hold(struct held *h, const void *bytes, size_t size)
{
    char *bigger = realloc(h->bytes, h->size + size + 1);
    if (!bigger)
        return CS_ENOMEM;
    memcpy(bigger + h->size, bytes, size);
    h->bytes = bigger;
    h->size += size;
    bigger[h->size] = '\0';
    return CS_OK;
}

static void let_go(void *arg)
{
    struct held *h = arg;
    free(h->bytes);
    h->bytes = NULL;
    h->size = 0;
}

static struct held *held_of(cs_request *req)
{
    struct held *h = cs_req_alloc(req, sizeof(*h));
    if (!h || cs_req_on_cleanup(req, let_go, h) != CS_OK)
        abort();
    return h;
}

static int hold_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    (void)inner;
    return hold(self, bytes, size);
}

static int hold_reset(void *self, cs_response *inner)
{
    (void)inner;
    let_go(self);
    return CS_OK;
}

static int hold_end(void *self, cs_response *inner)
{
    const struct held *h = self;
    return cs_res_write(inner, h->bytes, h->size);
}

static int is(cs_str s, const char *name)
{
    return s.len == strlen(name) && strncasecmp(s.ptr, name, s.len) == 0;
}

static int length_goes(void *self, cs_response *inner, cs_str name, cs_str value, uint32_t how)
{
    (void)self;
    return is(name, "Content-Length") ? CS_OK : cs_res_header_str(inner, name, value, how);
}

/* ---- gzip: stored blocks, which need no library ---- */

struct gzip {
    uint32_t crc, size;
    int begun;
};

static uint32_t crc_of(uint32_t crc, const unsigned char *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static int gzip_begin(struct gzip *z, cs_response *inner)
{
    static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    if (z->begun)
        return CS_OK;
    z->begun = 1;
    int rc = cs_res_header(inner, "Content-Encoding", "gzip");
    return rc == CS_OK ? cs_res_write(inner, head, sizeof(head)) : rc;
}

static int gzip_block(cs_response *inner, int last, const void *bytes, size_t size)
{
    unsigned char head[5] = {(unsigned char)last, (unsigned char)size, (unsigned char)(size >> 8),
                             (unsigned char)~size, (unsigned char)(~size >> 8)};
    int rc = cs_res_write(inner, head, sizeof(head));
    return rc == CS_OK && size > 0 ? cs_res_write(inner, bytes, size) : rc;
}

static int gzip_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    struct gzip *z = self;
    const char *at = bytes;
    int rc = gzip_begin(z, inner);
    z->crc = crc_of(z->crc, bytes, size);
    z->size += (uint32_t)size;
    while (rc == CS_OK && size > 0) {
        size_t n = size < 60000 ? size : 60000;
        rc = gzip_block(inner, 0, at, n);
        at += n;
        size -= n;
    }
    return rc;
}

static int gzip_end(void *self, cs_response *inner)
{
    struct gzip *z = self;
    unsigned char tail[8];
    int rc = gzip_begin(z, inner);
    if (rc == CS_OK)
        rc = gzip_block(inner, 1, "", 0);
    for (int i = 0; i < 4; i++) {
        tail[i] = (unsigned char)(z->crc >> 8 * i);
        tail[4 + i] = (unsigned char)(z->size >> 8 * i);
    }
    return rc == CS_OK ? cs_res_write(inner, tail, sizeof(tail)) : rc;
}

static const struct cs_override_res gzip_overrides = {.size = sizeof(struct cs_override_res),
                                                      .write = gzip_write,
                                                      .end = gzip_end,
                                                      .header = length_goes};

static int gzip(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    struct gzip *z = cs_req_alloc(req, sizeof(*z));
    cs_response *wrapped = z ? cs_res_wrap(res, &gzip_overrides, z) : NULL;
    return wrapped ? cs_chain_next(chain, req, wrapped) : CS_ENOMEM;
}

/* ---- HTML is rewritten: a line before </body> ---- */

static int rewrite_end(void *self, cs_response *inner)
{
    struct held *h = self;
    const char *end = h->bytes ? strstr(h->bytes, "</body>") : NULL;
    size_t before = end ? (size_t)(end - h->bytes) : h->size;
    int rc = cs_res_write(inner, h->bytes, before);
    if (rc == CS_OK && end)
        rc = cs_res_puts(inner, "<p>rewritten</p>");
    if (rc == CS_OK && end)
        rc = cs_res_write(inner, end, h->size - before);
    return rc;
}

static const struct cs_override_res rewrite_overrides = {.size = sizeof(struct cs_override_res),
                                                         .write = hold_write,
                                                         .end = rewrite_end,
                                                         .header = length_goes,
                                                         .reset = hold_reset};

static int rewrite(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    cs_response *wrapped = cs_res_wrap(res, &rewrite_overrides, held_of(req));
    return wrapped ? cs_chain_next(chain, req, wrapped) : CS_ENOMEM;
}

/* ---- answers are kept: one, the first whole one with status 200 ---- */

struct kept {
    struct held body;
    char type[100];
    int whole;
    uint32_t status;
};
static struct kept kept; /* the script asks one thing after the other */

static int keep_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    struct kept *k = self;
    int rc = cs_res_write(inner, bytes, size);
    return rc == CS_OK ? hold(&k->body, bytes, size) : rc;
}

static int keep_header(void *self, cs_response *inner, cs_str name, cs_str value, uint32_t how)
{
    struct kept *k = self;
    if (is(name, "Content-Type"))
        snprintf(k->type, sizeof(k->type), "%.*s", (int)value.len, value.ptr);
    return cs_res_header_str(inner, name, value, how);
}

static int keep_status(void *self, cs_response *inner, uint32_t code)
{
    struct kept *k = self;
    k->status = code;
    return cs_res_status(inner, code);
}

static int keep_end(void *self, cs_response *inner)
{
    struct kept *k = self;
    k->whole = k->status == 200 && k->body.size > 0;
    if (!k->whole)
        let_go(&k->body);
    (void)inner;
    return CS_OK;
}

static const struct cs_override_res keep_overrides = {.size = sizeof(struct cs_override_res),
                                                      .write = keep_write,
                                                      .end = keep_end,
                                                      .header = keep_header,
                                                      .status = keep_status};

static int cache(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    const char *order = cs_req_header(req, "Cache");
    if (order && strcmp(order, "forget") == 0) {
        let_go(&kept.body);
        memset(&kept, 0, sizeof(kept));
    }
    if (kept.whole) {
        cs_res_header(res, "X-Cache", "hit");
        if (*kept.type)
            cs_res_content_type(res, kept.type);
        return cs_res_write(res, kept.body.bytes, kept.body.size);
    }
    kept.status = 200;
    cs_response *wrapped = cs_res_wrap(res, &keep_overrides, &kept);
    return wrapped ? cs_chain_next(chain, req, wrapped) : CS_ENOMEM;
}

/* ---- what overrides are told: at the end, behind the body ---- */

static void note(struct held *trace, const char *what, long number)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%s%ld ", what, number);
    hold(trace, text, (size_t)n);
}

static int trace_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    note(self, "w", (long)size);
    return cs_res_write(inner, bytes, size);
}

static int trace_flush(void *self, cs_response *inner)
{
    note(self, "f", 0);
    return cs_res_flush(inner);
}

static int trace_header(void *self, cs_response *inner, cs_str name, cs_str value, uint32_t how)
{
    hold(self, "h:", 2);
    hold(self, name.ptr, name.len);
    note(self, "=", (long)value.len);
    return is(name, "Content-Length") ? CS_OK : cs_res_header_str(inner, name, value, how);
}

static int trace_status(void *self, cs_response *inner, uint32_t code)
{
    note(self, "s", (long)code);
    return cs_res_status(inner, code);
}

static int trace_reset(void *self, cs_response *inner)
{
    (void)inner;
    note(self, "r", 0);
    return CS_OK;
}

static int trace_end(void *self, cs_response *inner)
{
    struct held *trace = self;
    note(trace, "e", 0);
    return cs_res_printf(inner, "[%s]", trace->bytes);
}

static const struct cs_override_res trace_overrides = {
    sizeof(struct cs_override_res),
    0,
    trace_write,
    trace_flush,
    trace_end,
    trace_header,
    trace_status,
    trace_reset,
};
static const struct cs_override_res hold_overrides = {.size = sizeof(struct cs_override_res),
                                                      .write = hold_write,
                                                      .end = hold_end,
                                                      .reset = hold_reset};

static int upper_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    (void)self;
    char text[64];
    const char *at = bytes;
    int rc = CS_OK;
    while (rc == CS_OK && size > 0) {
        size_t n = size < sizeof(text) ? size : sizeof(text);
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(at[i] >= 'a' && at[i] <= 'z' ? at[i] - 32 : at[i]);
        rc = cs_res_write(inner, text, n);
        at += n;
        size -= n;
    }
    return rc;
}

static int failing_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    (void)self;
    (void)inner;
    (void)bytes;
    (void)size;
    return CS_ELIMIT;
}

static int failing_end(void *self, cs_response *inner)
{
    (void)self;
    (void)inner;
    return CS_EFAIL;
}

static int positive_end(void *self, cs_response *inner)
{
    (void)self;
    (void)inner;
    return 7;
}

static const struct cs_override_res upper_overrides = {.size = sizeof(struct cs_override_res),
                                                       .write = upper_write};
/* As an older header had it: nothing behind `write`; what lies behind it is not read. */
static const struct cs_override_res short_overrides = {
    .size = offsetof(struct cs_override_res, flush), .write = upper_write, .end = failing_end};
static const struct cs_override_res none = {.size = sizeof(struct cs_override_res)};
static const struct cs_override_res failing = {.size = sizeof(struct cs_override_res),
                                               .write = failing_write};
static const struct cs_override_res ends_badly = {.size = sizeof(struct cs_override_res),
                                                  .end = failing_end};
static const struct cs_override_res ends_positive = {.size = sizeof(struct cs_override_res),
                                                     .end = positive_end};
/* As a newer header would have them. */
static const struct {
    struct cs_override_res known;
    void *unknown;
} newer = {.known = {.size = sizeof(newer), .write = upper_write}},
  unknown = {.known = {.size = sizeof(unknown), .write = upper_write}, .unknown = (void *)16};
static const struct cs_override_res reserved = {.size = sizeof(struct cs_override_res),
                                                .reserved = 1};
static const struct cs_override_res nothing = {.size = 0};

static const struct {
    const char *name;
    const struct cs_override_res *overrides;
} kinds[] = {
    {"trace", &trace_overrides},
    {"hold", &hold_overrides},
    {"upper", &upper_overrides},
    {"short", &short_overrides},
    {"none", &none},
    {"failing", &failing},
    {"newer", &newer.known},
    {"unknown", &unknown.known},
    {"reserved", &reserved},
    {"nothing", &nothing},
    {"ends-badly", &ends_badly},
    {"ends-positive", &ends_positive},
    {"rewrite", &rewrite_overrides},
};

/* ---- the request ---- */

static cs_str request_header(void *self, cs_request *inner, cs_str name, uint32_t nth)
{
    static const char made[] = {'m', 'a', 'd', 'e', '!', '!'}; /* not terminated */
    cs_str text = {NULL, 0}, value = inner->ops->header(inner, name, nth);
    (void)self;
    if (is(name, "X-Hidden"))
        return text;
    if (is(name, "X-Changed") && value.ptr) {
        char changed[16]; /* gone when this returns */
        value.len = (size_t)snprintf(changed, sizeof(changed), "%u", nth);
        char *copy = cs_req_alloc(inner, 16);
        memcpy(copy, changed, sizeof(changed));
        value.ptr = copy;
    }
    if (is(name, "X-Made") && nth == 0) {
        text.ptr = made;
        text.len = 4;
        return text;
    }
    return value;
}

static cs_str request_param(void *self, cs_request *inner, cs_str name, uint32_t nth)
{
    cs_str none_such = {NULL, 0}, value = inner->ops->param(inner, name, nth);
    (void)self;
    if (!value.ptr || is(name, "hidden"))
        return none_such;
    char *text = cs_req_alloc(inner, value.len + 3);
    value.len = (size_t)snprintf(text, value.len + 3, "<%s>", value.ptr);
    value.ptr = text;
    return value;
}

static cs_str request_get(void *self, cs_request *inner, uint32_t what)
{
    cs_str brew = CS_LIT("BREW");
    (void)self;
    return what == CS_REQ_METHOD ? brew : cs_req_get(inner, what);
}

static int64_t request_read(void *self, cs_request *inner, void *buf, size_t size)
{
    char *text = buf;
    int64_t n = cs_req_read(inner, buf, size);
    (void)self;
    for (int64_t i = 0; i < n; i++)
        text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    return n;
}

static const struct cs_override_req request_overrides = {
    sizeof(struct cs_override_req), 0, request_header, request_param, request_get, request_read,
};
static const struct cs_override_req request_none = {.size = sizeof(struct cs_override_req)};

/* ---- the filter that wraps as it is told ---- */

static int wrap_by(const char *field, cs_request *req, cs_response *res, cs_chain *chain)
{
    const char *at = cs_req_header(req, field);
    for (; at && *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == 3 && strncmp(at, "req", n) == 0)
            req = cs_req_wrap(req, &request_overrides, NULL);
        else if (n == 8 && strncmp(at, "req-none", n) == 0)
            req = cs_req_wrap(req, &request_none, NULL);
        for (size_t i = 0; res && i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (n == strlen(kinds[i].name) && strncmp(at, kinds[i].name, n) == 0)
                res = cs_res_wrap(res, kinds[i].overrides, held_of(req));
        at += n;
    }
    return res ? cs_chain_next(chain, req, res) : CS_EINVAL;
}

static int wrap(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    return wrap_by("Wrap", req, res, chain);
}

static int wrap_inside(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    return wrap_by("Wrap-Inside", req, res, chain);
}

static const cs_filter filters[] = {
    {.name = "gzip", .flags = CS_ASYNC, .filter = gzip},
    {.name = "rewrite", .flags = CS_ASYNC, .filter = rewrite},
    {.name = "cache", .flags = CS_ASYNC, .filter = cache},
    {.name = "wrap", .url_patterns = "/*", .flags = CS_ASYNC, .filter = wrap},
    {.name = "wrap-inside", .flags = CS_ASYNC, .filter = wrap_inside},
};

CS_WEBAPP("wrapping", "1.0", .filters = CS_ROWS(filters))
