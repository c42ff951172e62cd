/* SPDX-License-Identifier: Apache-2.0
 * Chunked bodies: see chunked.h. */
#include "http1/chunked.h"

#include "base/check.h"
#include "http1/line.h"

/* A trailer section has at most this many fields (http-rules.md section 4). */
#define TRAILER_COUNT 100u
/* 16 digits and CR; extensions come on top. */
#define SIZE_LINE 17u

void chunked_init(struct chunked *d)
{
    *d = (struct chunked){.state = CHUNKED_SIZE};
}

/* The bytes of the line under way, as they would have been counted if they had come one by one: what is
 * found of it says whether its CR and LF are among them. */
static size_t seen_of_line(enum line_result found, const struct buf *in, struct span line)
{
    return found == LINE_MORE ? buf_len(in) : line.n + (found == LINE_OK ? 1 : 0);
}

static enum refusal take_size(struct chunked *d, const struct h1_config *cfg, struct buf *in,
                              uint64_t max)
{
    struct span line = SPAN_NONE;
    enum line_result found = line_find(in, &d->scanned, &line);
    if (seen_of_line(found, in, line) > SIZE_LINE + cfg->max_extension_size)
        return REFUSE_EXTENSION_SIZE;
    if (found != LINE_OK)
        return found == LINE_BAD ? REFUSE_CHUNK : REFUSE_NONE;
    size_t extension;
    enum refusal r = policy_chunk_line(line, &d->left, &extension);
    if (r != REFUSE_NONE)
        return r;
    d->extensions += extension;
    if (d->extensions > cfg->max_extension_size)
        return REFUSE_EXTENSION_SIZE;
    if (d->left > max || d->total > max - d->left)
        return REFUSE_BODY_SIZE;
    d->total += d->left;
    d->state = d->left > 0 ? CHUNKED_DATA : CHUNKED_TRAILER;
    line_consume(in, &d->scanned, line);
    return REFUSE_NONE;
}

/* False: less was taken than there is. */
static bool take_data(struct chunked *d, struct buf *in, chunked_take_fn *take, void *arg,
                      enum refusal *r)
{
    size_t n = buf_len(in) < d->left ? buf_len(in) : (size_t)d->left;
    size_t taken = take ? take(arg, buf_data(in), n, r) : n;
    buf_consume(in, taken);
    d->left -= taken;
    if (d->left == 0)
        d->state = CHUNKED_DATA_END;
    return taken == n;
}

static enum refusal take_data_end(struct chunked *d, struct buf *in)
{
    const char *p = buf_data(in);
    if (p[0] != '\r' || (buf_len(in) > 1 && p[1] != '\n'))
        return REFUSE_CHUNK;
    if (buf_len(in) > 1) {
        buf_consume(in, 2);
        d->state = CHUNKED_SIZE;
    }
    return REFUSE_NONE;
}

/* Trailers are checked like fields; those that allowedTrailerHeaders does not name are dropped. */
static enum refusal take_trailer(struct chunked *d, const struct h1_config *cfg, struct buf *in)
{
    struct span line = SPAN_NONE, name, value;
    enum line_result found = line_find(in, &d->scanned, &line);
    /* The CR of the empty line may stand behind trailers that are exactly as long as allowed. */
    if (d->trailers + seen_of_line(found, in, line) > (size_t)cfg->max_trailer_size + 2)
        return REFUSE_TRAILER_SIZE;
    if (found != LINE_OK)
        return found == LINE_BAD ? REFUSE_TRAILER : REFUSE_NONE;
    if (line.n == 0) {
        d->state = CHUNKED_DONE;
    } else {
        d->trailers += line.n + 2;
        d->trailer_count++;
        if (d->trailers > cfg->max_trailer_size || d->trailer_count > TRAILER_COUNT)
            return REFUSE_TRAILER_SIZE;
        if (policy_field_line(line, &name, &value) != REFUSE_NONE)
            return REFUSE_TRAILER;
        if (d->kept && policy_trailer_kept(cfg, name) &&
            !headers_add_copy(d->kept, d->arena, name, value))
            return REFUSE_MEMORY;
    }
    line_consume(in, &d->scanned, line);
    return REFUSE_NONE;
}

enum refusal chunked_feed(struct chunked *d, const struct h1_config *cfg, struct buf *in,
                          chunked_take_fn *take, void *arg, uint64_t max)
{
    enum refusal r = REFUSE_NONE;
    while (r == REFUSE_NONE && d->state != CHUNKED_DONE && buf_len(in) > d->scanned) {
        switch (d->state) {
        case CHUNKED_SIZE:
            r = take_size(d, cfg, in, max);
            break;
        case CHUNKED_DATA:
            if (!take_data(d, in, take, arg, &r))
                return r;
            break;
        case CHUNKED_DATA_END:
            r = take_data_end(d, in);
            if (d->state == CHUNKED_DATA_END)
                return r; /* the CR is here, the LF is not */
            break;
        case CHUNKED_TRAILER:
            r = take_trailer(d, cfg, in);
            break;
        case CHUNKED_DONE:
            UNREACHABLE();
        }
    }
    return r;
}
