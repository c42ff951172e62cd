/* SPDX-License-Identifier: Apache-2.0
 * Bodies that are not collected: the exchange went up at the end of its head, and the connector fetches
 * the body piece by piece for the servlet. What the servlet leaves is dropped by feed. Part of h1.c's
 * struct proto_ops. */
#include "base/check.h"
#include "http1/h1_priv.h"

struct span h1_interim(void *px)
{
    static const struct span interim = {"HTTP/1.1 100 Continue\r\n\r\n", 25};
    struct h1 *h = px;
    bool owed = h->owes_continue;
    h->owes_continue = false;
    return owed ? interim : SPAN_LIT("");
}

uint64_t h1_unread(const void *px)
{
    const struct h1 *h = px;
    if (!h->streams || h->state == H1_BUSY)
        return 0;
    return h->state == H1_BODY ? h->body_left : UINT64_MAX;
}

bool h1_leaves_rest(const struct h1 *h)
{
    if (!h->streams || h->state == H1_BUSY)
        return false;
    uint64_t known = h->state == H1_BODY ? h->body_left : h->chunks.left;
    return h->owes_continue || h->stream_refusal != REFUSE_NONE || known > h->cfg->max_swallow_size;
}

/* ---- reading ---- */

struct piece {
    char *p;
    size_t room, n;
};

/* As chunked_take_fn. */
static size_t take_piece(void *arg, const char *p, size_t n, enum refusal *r)
{
    struct piece *piece = arg;
    size_t k = n < piece->room ? n : piece->room;
    (void)r;
    memcpy(piece->p + piece->n, p, k);
    piece->n += k;
    piece->room -= k;
    return k;
}

static struct proto_read failed(const struct h1 *h)
{
    enum refusal r = h->stream_refusal;
    const struct refusal_row *row = refusal_row(r);
    struct proto_refusal why = {.setting = row->setting, .why = row->sentence};
    if (r == REFUSE_BODY_SIZE && h->plan.refusal.why)
        why = h->plan.refusal;
    why.status = (uint16_t)row->status;
    return (struct proto_read){.state = READ_FAILED, .refusal = why};
}

struct proto_read h1_read_body(void *px, struct buf *in, void *p, size_t size)
{
    struct h1 *h = px;
    struct piece piece = {.p = p, .room = size};
    CHECK(h->streams && !h->x && size > 0);
    if (h->stream_refusal != REFUSE_NONE)
        return failed(h);
    if (buf_len(in) > 0)
        h->owes_continue = false; /* the body came by itself (RFC 9110 10.1.1) */
    if (h->state == H1_BODY) {
        size_t n = buf_len(in) < h->body_left ? buf_len(in) : (size_t)h->body_left;
        n = n > 0 ? take_piece(&piece, buf_data(in), n, NULL) : 0;
        buf_consume(in, n);
        h->body_left -= n;
        if (h->body_left == 0)
            h->state = H1_BUSY;
    } else if (h->state == H1_CHUNKS) {
        /* What is wrong behind good bytes is told when those are taken. */
        h->stream_refusal = chunked_feed(&h->chunks, h->cfg, in, take_piece, &piece, h->body_max);
        if (h->stream_refusal == REFUSE_NONE && h->chunks.state == CHUNKED_DONE)
            h->state = H1_BUSY;
    }
    bool complete = h->state == H1_BUSY;
    if (piece.n > 0)
        return (struct proto_read){.state = READ_DATA, .n = piece.n, .complete = complete};
    if (h->stream_refusal != REFUSE_NONE)
        return failed(h);
    return (struct proto_read){.state = complete ? READ_END : READ_WAITS, .complete = complete};
}

void h1_trailers_to(void *px, struct headers *into, struct arena *arena)
{
    struct h1 *h = px;
    h->chunks.kept = into;
    h->chunks.arena = arena;
}

/* ---- dropping ---- */

void h1_skip_begin(struct h1 *h)
{
    bool never = h1_leaves_rest(h);
    h->streams = false;
    h->skips = true;
    h->chunks.kept = NULL; /* the exchange is somebody else's */
    if (never)
        h->state = H1_CLOSED;
    if (h->state == H1_CHUNKS) { /* what was announced is part of the total already */
        uint64_t came = h->chunks.total - h->chunks.left, swallow = h->cfg->max_swallow_size;
        h->body_max = swallow < UINT64_MAX - came ? came + swallow : UINT64_MAX;
    }
}

bool h1_skip(struct h1 *h, struct buf *in)
{
    bool done = false;
    if (h->state == H1_BODY) {
        size_t n = buf_len(in) < h->body_left ? buf_len(in) : (size_t)h->body_left;
        buf_consume(in, n);
        h->body_left -= n;
        done = h->body_left == 0;
    } else if (h->state == H1_CHUNKS) {
        /* Its answer is out: nothing is said about what is wrong with it now. */
        if (chunked_feed(&h->chunks, h->cfg, in, NULL, h, h->body_max) != REFUSE_NONE)
            h->state = H1_CLOSED;
        done = h->chunks.state == CHUNKED_DONE;
    }
    if (h->state == H1_CLOSED)
        return false;
    if (done) {
        h1_begin_head(h);
        h->up.on_skipped(h->up.arg);
    }
    return true;
}
