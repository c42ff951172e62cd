/* SPDX-License-Identifier: Apache-2.0
 * Servlets that read their bodies while they come, behind a real connector: what each does with its request
 * depends on the path. Used by tests/unit/connector. */
#ifndef SUPPORT_STREAM_RIG_H
#define SUPPORT_STREAM_RIG_H
#include "body_rig.h"

#include <semaphore.h>

static sem_t begun, go_on;
static _Atomic int64_t last_result;

static inline bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

static inline void text_answer(struct exchange *x, const char *text)
{
    x->res.length = (int64_t)strlen(text);
    response_write(x, span_of(text));
}

/* As the engine ends it. */
static inline void failed(struct exchange *x, int64_t n)
{
    atomic_store(&last_result, n);
    if (x->body_failed && !x->res.committed) {
        x->res.status = x->body_failed;
        x->res.length = 0;
    } else {
        response_abort(x);
    }
}

static inline int64_t drain(struct exchange *x, uint64_t *size, uint64_t *sum, bool echo)
{
    char piece[10007];
    size_t want = 1;
    int64_t n;
    *size = *sum = 0;
    while ((n = x->channel->read(x, piece, want)) > 0) {
        for (int64_t i = 0; i < n; i++)
            *sum = *sum * 31 + (unsigned char)piece[i];
        *size += (uint64_t)n;
        if (echo && response_write(x, span_make(piece, (size_t)n)) != RESPONSE_OK)
            return CHANNEL_GONE;
        want = want * 7 % sizeof(piece) + 1;
    }
    return n;
}

static inline void stream(struct engine *e, struct exchange *x)
{
    uint64_t size, sum;
    char text[64];
    if (!x->req.has_body || x->route.mode != ROUTE_STREAM) {
        serve(e, x);
        return;
    }
    if (path_is(x, "/never")) {
        text_answer(x, "no");
        return;
    }
    if (path_is(x, "/wait")) {
        sem_post(&begun);
        sem_wait(&go_on);
    } else if (path_is(x, "/early")) {
        response_write(x, SPAN_LIT("early"));
        response_flush(x);
    }
    bool echo = path_is(x, "/echo");
    int64_t n = drain(x, &size, &sum, echo);
    if (n < 0) {
        failed(x, n);
        assert_int_equal(x->channel->read(x, text, 1), n); /* and it stays so */
        return;
    }
    if (echo)
        return;
    assert_int_equal(x->channel->read(x, text, 1), 0);
    int k = snprintf(text, sizeof(text), "%llu %llx", (unsigned long long)size,
                     (unsigned long long)sum);
    if (!x->res.committed)
        x->res.length = k;
    response_write(x, span_make(text, (size_t)k));
}

static inline void to_stream(struct engine *e, const struct exchange *x, struct route *out)
{
    (void)e;
    if (x->req.has_body && !path_is(x, "/x"))
        out->mode = ROUTE_STREAM;
    out->stream_queue = 1;
}

static inline void start(void)
{
    begin();
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    rig.engine.serve = stream;
    rig.engine.route = to_stream;
    rig.engine.queues = 2;
    rig.engine.stream_from = 1;
    atomic_store(&last_result, 0);
}

static inline void stop(void)
{
    end();
    sem_destroy(&begun);
    sem_destroy(&go_on);
}

static inline void whole(int fd, const char *path, const char *framing, const char *body)
{
    char text[256];
    snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n%s", path, framing,
             body);
    client_send(fd, text);
}

static inline void head(int fd, const char *path, const char *framing)
{
    whole(fd, path, framing, "");
}

#define CHUNKED "Transfer-Encoding: chunked"

static inline void alive(int fd)
{
    client_send(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(client_answer(fd, expected("", 0)), 200);
    close(fd);
}

#endif
