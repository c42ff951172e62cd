/* SPDX-License-Identifier: Apache-2.0
 * A protocol that multiplexes, in lines, to drive the connector as HTTP/2 will. From the client:
 *     N GET PATH   a request of stream N (one digit)      N CANCEL   its client does not want it any more
 *     N HEAD       a request begins, and its body is awaited; N BODY: it is complete
 *     PING         is answered                              END        no more requests; what is under way is cut off
 * To the client: "N H STATUS", "N D LENGTH" and the bytes, "N E" end, "N A" aborted, "N B" no room,
 * "PONG", "GOAWAY". Used by tests/unit/connector/test_mux.c. */
#ifndef SUPPORT_MOCK_MUX_H
#define SUPPORT_MOCK_MUX_H
#include <stdlib.h>

#include "base/check.h"
#include "http/proto.h"

#define MUX_STREAMS 10
#define MUX_PIECE   1000u /* of one stream before the next has its turn */

struct mock_stream {
    struct exchange *x; /* NULL: the stream is free */
    bool up, head_sent; /* up: handed to the connector */
};
struct mock_mux {
    struct proto_upcalls up;
    struct mock_stream streams[MUX_STREAMS];
    struct buf wire;
    int turn; /* the stream that is served next */
    bool draining, told, ended;
};

static void *mux_open(const void *config, const struct proto_upcalls *up)
{
    (void)config;
    struct mock_mux *m = calloc(1, sizeof(*m));
    if (m)
        m->up = *up;
    return m;
}

static struct mock_stream *mux_stream_of(struct mock_mux *m, const struct exchange *x)
{
    for (int i = 0; i < MUX_STREAMS; i++)
        if (m->streams[i].x == x)
            return &m->streams[i];
    UNREACHABLE();
}

static void mux_say(struct mock_mux *m, const struct mock_stream *s, const char *what)
{
    CHECK(buf_printf(&m->wire, "%d %s\n", (int)(s - m->streams), what));
}

static void mux_done(struct mock_mux *m, struct mock_stream *s)
{
    struct exchange *x = s->x;
    bool up = s->up;
    *s = (struct mock_stream){.x = NULL};
    if (up)
        m->up.on_done(m->up.arg, x);
    else
        exchange_release(&x);
}

static void mux_cancel(struct mock_mux *m, struct mock_stream *s)
{
    if (s->up)
        m->up.on_cancel(m->up.arg, s->x);
    mux_done(m, s);
}

static enum proto_verdict mux_complete(struct mock_mux *m, struct mock_stream *s)
{
    s->up = true;
    m->up.on_ready(m->up.arg, s->x);
    return PROTO_READY;
}

static enum proto_verdict mux_begin(struct mock_mux *m, struct mock_stream *s, struct span path,
                                    bool whole)
{
    CHECK(!s->x && (s->x = exchange_new()));
    s->x->req.method = METHOD_GET;
    s->x->req.uri.path = arena_copy(&s->x->arena, path);
    s->x->at.started = 1;
    m->up.on_head(m->up.arg, s->x);
    return whole ? mux_complete(m, s) : PROTO_MORE;
}

static enum proto_verdict mux_line(struct mock_mux *m, struct span line)
{
    if (span_eq(line, SPAN_LIT("PING"))) {
        CHECK(buf_append_str(&m->wire, "PONG\n"));
        return PROTO_WROTE;
    }
    if (span_eq(line, SPAN_LIT("END"))) {
        m->ended = true;
        return PROTO_CLOSE;
    }
    struct mock_stream *s = &m->streams[line.p[0] - '0'];
    struct span verb = span_from(line, 2);
    if (span_starts(verb, SPAN_LIT("GET ")))
        return mux_begin(m, s, span_from(verb, 4), true);
    if (span_eq(verb, SPAN_LIT("HEAD")))
        return mux_begin(m, s, SPAN_LIT("/body"), false);
    if (span_eq(verb, SPAN_LIT("BODY")))
        return mux_complete(m, s);
    if (s->x) /* CANCEL; it may have ended meanwhile */
        mux_cancel(m, s);
    return PROTO_MORE;
}

static enum proto_verdict mux_feed(void *px, struct buf *in)
{
    struct mock_mux *m = px;
    enum proto_verdict v = m->ended ? PROTO_CLOSE : PROTO_MORE;
    while (v == PROTO_MORE) {
        struct span all = buf_span(in);
        size_t n = span_find(all, 0, '\n');
        if (n == all.n)
            break;
        v = mux_line(m, span_cut(all, 0, n));
        buf_consume(in, n + 1);
    }
    return v;
}

/* The next piece of one stream. False: it has nothing. */
static bool mux_produce_stream(struct mock_mux *m, struct mock_stream *s, struct chain *out)
{
    struct chain body = CHAIN_EMPTY;
    char line[40];
    struct pulled got = m->up.pull(m->up.arg, s->x, &body, MUX_PIECE);
    bool said = false;
    int id = (int)(s - m->streams);
    if (got.started && !s->head_sent && !got.aborted) {
        int n = snprintf(line, sizeof(line), "%d H %u\n", id, s->x->res.status);
        CHECK(chain_copy(out, line, (size_t)n));
        said = s->head_sent = true;
    }
    if (got.bytes > 0 && !got.aborted) {
        int n = snprintf(line, sizeof(line), "%d D %zu\n", id, got.bytes);
        CHECK(chain_copy(out, line, (size_t)n));
        chain_move(out, &body, SIZE_MAX);
        said = true;
    }
    chain_clear(&body);
    if (!got.ended && !got.aborted)
        return said;
    int n = snprintf(line, sizeof(line), "%d %c\n", id, got.aborted ? 'A' : 'E');
    CHECK(chain_copy(out, line, (size_t)n));
    mux_done(m, s);
    return true;
}

static bool mux_produce(void *px, struct chain *out, size_t max, bool *failed)
{
    struct mock_mux *m = px;
    size_t before = out->len;
    bool any = false;
    *failed = false;
    if (m->draining && !m->told)
        CHECK(buf_append_str(&m->wire, "GOAWAY\n"));
    m->told = m->draining;
    if (buf_len(&m->wire) > 0) {
        CHECK(chain_copy(out, buf_data(&m->wire), buf_len(&m->wire)));
        buf_clear(&m->wire);
        any = true;
    }
    for (int i = 0; i < MUX_STREAMS && out->len - before < max; i++) {
        struct mock_stream *s = &m->streams[m->turn++ % MUX_STREAMS];
        if (s->up)
            any |= mux_produce_stream(m, s, out);
    }
    return any;
}

static enum proto_verdict mux_busy(void *px, struct exchange *x, enum proto_busy why)
{
    (void)why;
    struct mock_mux *m = px;
    struct mock_stream *s = mux_stream_of(m, x);
    mux_say(m, s, "B");
    *s = (struct mock_stream){.x = NULL};
    exchange_release(&x);
    return PROTO_WROTE;
}

static bool mux_idle(const void *px)
{
    const struct mock_mux *m = px;
    for (int i = 0; i < MUX_STREAMS; i++)
        if (m->streams[i].x)
            return false;
    return buf_len(&m->wire) == 0;
}

static enum proto_verdict mux_timeout(void *px, const char *setting)
{
    (void)setting;
    (void)px;
    return PROTO_CLOSE;
}

static void mux_drain(void *px)
{
    ((struct mock_mux *)px)->draining = true;
}

/* What is under way when the connection ends is cancelled and let go of. */
static void mux_close(void *px)
{
    struct mock_mux *m = px;
    for (int i = 0; i < MUX_STREAMS; i++)
        if (m->streams[i].x)
            mux_cancel(m, &m->streams[i]);
    buf_free(&m->wire);
    free(m);
}

static const struct proto_ops mock_mux = {
    .name = "mux",
    .multiplexed = true,
    .open = mux_open,
    .feed = mux_feed,
    .produce = mux_produce,
    .busy = mux_busy,
    .idle = mux_idle,
    .timeout = mux_timeout,
    .drain = mux_drain,
    .close = mux_close,
};

#endif
