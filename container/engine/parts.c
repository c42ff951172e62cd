/* SPDX-License-Identifier: Apache-2.0
 * From the body of a multipart/form-data request to its parts: see parts.h. Limits are those of the
 * servlet's multipart configuration and of the service's first connector. */
#include "engine/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/media.h"
#include "http/multipart.h"
#include "observe/log_limit.h"

#define READ_PIECE   65536u /* of the body at a time: large parts are written so, too */
#define MEMORY_LEAST 8192u  /* a part up to this is not worth a file, whatever the threshold says */

struct reader {
    struct call *c;
    const struct multipart_config *limits;
    struct parts *parts;
    struct part *part; /* under way */
    struct buf memory; /* its content, while that is in memory */
    uint32_t files;
    uint64_t fields_size; /* of all form fields */
    uint64_t body_size;
};

static bool refuse(struct reader *r, uint16_t status, struct span reason)
{
    call_refuse_params(r->c, status, reason);
    return false;
}

static bool no_memory(struct reader *r)
{
    return refuse(r, 503, SPAN_LIT("The server is out of memory for the parts of this request."));
}

/* ---- one part ---- */

static bool add_part(struct reader *r)
{
    struct arena *a = &r->c->x->arena;
    struct parts *p = r->parts;
    if (p->n == p->cap) {
        void *v = arena_grow(a, p->v, &p->cap, sizeof(struct part *), 8);
        if (!v)
            return no_memory(r);
        p->v = v;
    }
    r->part = arena_zalloc(a, sizeof(*r->part));
    if (!r->part)
        return no_memory(r);
    r->part->pub.ops = &part_ops;
    r->part->parts = p;
    p->v[p->n++] = r->part;
    return true;
}

/* RFC 7578 4.2: form-data with a name, and of a file with its name. */
static bool begin_part(void *arg, const struct headers *fields)
{
    struct reader *r = arg;
    struct arena *a = &r->c->x->arena;
    struct span disposition = SPAN_LIT("Content-Disposition");
    struct span d = headers_find(fields, disposition, 0);
    bool twice = headers_find(fields, disposition, 1).p != NULL; /* others may take the other one */
    if (!add_part(r))
        return false;
    struct part *part = r->part;
    part->fields = *fields;
    enum media_found name = MEDIA_ABSENT, file = MEDIA_ABSENT;
    if (d.p && span_ieq(media_type(d), SPAN_LIT("form-data"))) {
        name = media_param(d, SPAN_LIT("name"), a, &part->name);
        file = media_param(d, SPAN_LIT("filename"), a, &part->file_name);
    }
    if (name == MEDIA_NO_MEMORY || file == MEDIA_NO_MEMORY)
        return no_memory(r);
    if (name != MEDIA_FOUND || file == MEDIA_BAD || twice)
        return refuse(r, 400,
                      SPAN_LIT("A part has no single Content-Disposition: form-data with a name "
                               "(RFC 7578 4.2)."));
    r->files += part->file_name.p != NULL;
    uint64_t all = (uint64_t)r->c->params.n + r->files + (part->file_name.p ? 0 : 1);
    if (all > r->c->engine->options.max_parameter_count)
        return refuse(r, 400,
                      SPAN_LIT("There are more parameters and parts than maxParameterCount."));
    buf_clear(&r->memory);
    return true;
}

static bool file_failed(struct reader *r, int error)
{
    static struct log_limit limit;
    bool room = error == ENOSPC || error == EDQUOT || error == EFBIG;
    bool busy = room || error == EMFILE || error == ENFILE || error == ENOMEM;
    LOG_LIMITED(engine, LOG_WARN, &limit, "%s: a part of a request cannot be written to %s: %s",
                call_name(r->c), r->parts->folder, strerror(error));
    return refuse(r, busy ? 503 : 500,
                  room ? SPAN_LIT("There is no room on the disk for this upload.")
                       : SPAN_LIT("The server cannot keep this upload."));
}

static bool to_file(struct reader *r, struct span bytes)
{
    struct parts *p = r->parts;
    int error = p->fd < 0 ? parts_file_open(p) : 0;
    if (error == 0)
        error = parts_file_append(p, bytes);
    return error == 0 || file_failed(r, error);
}

/* From now on its content goes to the file. */
static bool spill(struct reader *r)
{
    r->part->in_file = true;
    r->part->offset = r->parts->file_size;
    bool ok = buf_len(&r->memory) == 0 || to_file(r, buf_span(&r->memory));
    buf_clear(&r->memory);
    return ok;
}

static bool take_data(void *arg, struct span bytes)
{
    struct reader *r = arg;
    struct part *part = r->part;
    const struct multipart_config *limits = r->limits;
    bool is_field = !part->file_name.p;
    part->size += bytes.n;
    if (limits->max_file_size >= 0 && part->size > (uint64_t)limits->max_file_size)
        return refuse(r, 413, SPAN_LIT("A part is larger than this servlet's max-file-size."));
    r->fields_size += is_field ? bytes.n : 0;
    if (r->fields_size > r->c->engine->options.max_post_size)
        return refuse(r, 413, SPAN_LIT("The form's fields are larger than maxPostSize."));
    uint64_t keep = (uint64_t)limits->file_size_threshold;
    keep = keep > MEMORY_LEAST ? keep : MEMORY_LEAST;
    if (!is_field && !part->in_file && part->size > keep && !spill(r))
        return false;
    if (part->in_file)
        return to_file(r, bytes);
    return buf_append_span(&r->memory, bytes) || no_memory(r);
}

/* A form field answers as a parameter, too; in UTF-8 where its charset, or the form's, is ISO-8859-1. */
static bool add_param(struct reader *r)
{
    struct call *c = r->c;
    uint32_t from = c->params.n;
    if (!params_add(&c->params, r->part->name, r->part->memory, &c->x->arena))
        return no_memory(r);
    struct span type = headers_get(&r->part->fields, FIELD_CONTENT_TYPE, 0);
    return !call_is_latin1(c, type) || params_from_latin1(&c->params, from, &c->x->arena) ||
           no_memory(r);
}

static bool end_part(void *arg)
{
    struct reader *r = arg;
    struct part *part = r->part;
    if (!part->in_file) {
        part->memory = arena_copy(&r->c->x->arena, buf_span(&r->memory));
        if (!part->memory.p)
            return no_memory(r);
    }
    return part->file_name.p || add_param(r);
}

/* ---- the body ---- */

static bool not_read(struct reader *r, struct multipart *m, enum multipart_verdict v)
{
    switch (v) {
    case MULTIPART_OK:
    case MULTIPART_STOPPED: /* it has said why */
        return false;
    case MULTIPART_MALFORMED:
        return refuse(r, 400, span_of(multipart_why(m)));
    case MULTIPART_PARTS:
        return refuse(r, 413, SPAN_LIT("There are more parts than maxPartCount."));
    case MULTIPART_HEADER_SIZE:
        return refuse(r, 413, SPAN_LIT("The fields of a part are larger than maxPartHeaderSize."));
    case MULTIPART_NO_MEMORY:
        return no_memory(r);
    }
    return false;
}

static bool too_large(struct reader *r, uint64_t size)
{
    int64_t max = r->limits->max_request_size;
    if (max < 0 || size <= (uint64_t)max)
        return false;
    refuse(r, 413, SPAN_LIT("The request is larger than this servlet's max-request-size."));
    return true;
}

static bool read_body(struct reader *r, struct multipart *m)
{
    enum multipart_verdict v = MULTIPART_OK;
    char *piece = malloc(READ_PIECE);
    int64_t n = piece ? 1 : 0;
    if (!piece)
        return no_memory(r);
    while (v == MULTIPART_OK && (n = call_read(r->c, piece, READ_PIECE)) > 0) {
        r->body_size += (uint64_t)n;
        if (too_large(r, r->body_size))
            v = MULTIPART_STOPPED;
        else
            v = multipart_feed(m, span_make(piece, (size_t)n));
    }
    free(piece);
    if (n < 0)
        return refuse(r, 400, SPAN_LIT("The parts could not be read."));
    if (v == MULTIPART_OK)
        v = multipart_finish(m);
    return v == MULTIPART_OK || not_read(r, m, v);
}

static void close_file(void *arg)
{
    struct parts *p = arg;
    for (uint32_t i = 0; i < p->n; i++)
        p->v[i]->gone = true; /* for who asks in a later cleanup */
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static struct parts *new_parts(struct call *c, const struct multipart_config *limits)
{
    struct arena *a = &c->x->arena;
    struct parts *p = arena_zalloc(a, sizeof(*p));
    const char *location = limits->location ? limits->location : "";
    const char *base = *c->app->temp_folder ? c->app->temp_folder : "/tmp"; /* test kit */
    if (!p)
        return NULL;
    p->fd = -1;
    p->folder = *location == '/' ? location
                : *location      ? arena_printf(a, "%s/%s", base, location)
                                 : base;
    return p->folder && arena_on_cleanup(a, close_file, p) ? p : NULL;
}

static bool read_parts(struct call *c, struct span boundary)
{
    const struct engine_options *o = &c->engine->options;
    const struct multipart_config *limits = &c->servlet->multipart;
    struct reader r = {.c = c, .limits = limits, .memory = BUF_EMPTY};
    struct multipart_sink sink = {begin_part, take_data, end_part, &r};
    struct multipart m;
    int64_t length = c->x->req.content_length;
    r.parts = new_parts(c, limits);
    if (!r.parts)
        return no_memory(&r);
    if (length > 0 && too_large(&r, (uint64_t)length))
        return false;
    if (!multipart_init(&m, boundary, &sink, &c->x->arena, o->max_part_count,
                        o->max_part_header_size))
        return refuse(&r, 400, SPAN_LIT("The boundary of the multipart body is malformed."));
    bool ok = read_body(&r, &m);
    multipart_free(&m);
    buf_free(&r.memory);
    if (ok)
        c->parts = r.parts;
    return ok;
}

enum parts_result call_parts(struct call *c, struct parts **out)
{
    *out = c->parts;
    if (!c->servlet || !c->servlet->multipart.set || !c->app)
        return PARTS_NOT_CONFIGURED;
    struct span type = headers_get(&c->x->req.headers, FIELD_CONTENT_TYPE, 0), boundary;
    if (!type.p || !span_ieq(media_type(type), SPAN_LIT("multipart/form-data")))
        return PARTS_NOT_MULTIPART;
    if (c->parts)
        return PARTS_OK;
    if (c->parts_tried)
        return PARTS_REFUSED;
    if (c->body_taken)
        return PARTS_BODY_TAKEN;
    c->parts_tried = true;
    if (media_param(type, SPAN_LIT("boundary"), &c->x->arena, &boundary) != MEDIA_FOUND)
        boundary = SPAN_LIT("");
    if (!read_parts(c, boundary))
        return PARTS_REFUSED;
    *out = c->parts;
    return PARTS_OK;
}
