/* SPDX-License-Identifier: Apache-2.0
 * /examples/events: a stream of server-sent events, one each second. All streams are fed by one thread of the
 * webapp, which begins with the servlet; the server has ended it before the servlet is destroyed. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "examples.h"

struct stream {
    struct stream *next;
    cs_async *async;
};

struct events {
    pthread_mutex_t lock;   /* of `fresh` */
    struct stream *fresh;   /* streams that the thread has not seen yet */
    struct stream *streams; /* the thread's own */
    uint64_t number;
};

/* False: it is over, the client has left. */
static bool send_event(struct stream *s, uint64_t number)
{
    cs_request *req;
    cs_response *res;
    if (cs_async_enter(s->async, &req, &res) != CS_OK)
        return false;
    int rc = cs_res_printf(res, "id: %llu\ndata: %lld\n\n", (unsigned long long)number,
                           (long long)time(NULL));
    if (rc == CS_OK)
        rc = cs_res_flush(res);
    (void)cs_async_leave(s->async);
    if (rc != CS_OK)
        (void)cs_async_complete(s->async);
    return rc == CS_OK;
}

static void drop(struct stream *s)
{
    (void)cs_async_release(s->async);
    free(s);
}

static void send_all(struct events *e)
{
    struct stream **at = &e->streams;
    e->number++;
    while (*at) {
        struct stream *s = *at;
        if (send_event(s, e->number)) {
            at = &s->next;
        } else {
            *at = s->next;
            drop(s);
        }
    }
}

/* What came meanwhile becomes the thread's own. */
static void take_fresh(struct events *e)
{
    pthread_mutex_lock(&e->lock);
    while (e->fresh) {
        struct stream *s = e->fresh;
        e->fresh = s->next;
        s->next = e->streams;
        e->streams = s;
    }
    pthread_mutex_unlock(&e->lock);
}

static int64_t now_ms(void)
{
    struct timespec now; /* whoever sets the clock changes no interval */
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A client that takes its time holds up the others' events only: this is no thread that serves requests. */
static void feed(cs_thread *thread, void *self)
{
    struct events *e = self;
    int64_t next = now_ms(), left = 0;
    while (!cs_thread_wait(thread, left)) {
        take_fresh(e);
        send_all(e);
        next += 1000;
        left = next > now_ms() ? next - now_ms() : 0;
    }
}

int events_init(cs_config *config, void **self)
{
    struct events *e = calloc(1, sizeof(*e));
    if (!e)
        return CS_ENOMEM;
    pthread_mutex_init(&e->lock, NULL);
    if (!cs_ctx_thread(cs_config_ctx(config), "events", feed, e)) {
        pthread_mutex_destroy(&e->lock);
        free(e);
        return CS_EFAIL; /* the log says why */
    }
    *self = e;
    return CS_OK;
}

/* The requests are over by now, and so is the thread; what is left are our references to them. */
void events_destroy(cs_ctx *ctx, void *self)
{
    struct events *e = self;
    (void)ctx;
    take_fresh(e);
    while (e->streams) {
        struct stream *s = e->streams;
        e->streams = s->next;
        drop(s);
    }
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* The server stops: streams have no end of their own. */
static void stop(cs_async *async, void *self)
{
    (void)self;
    (void)cs_async_complete(async);
}

static const cs_async_listener listener = {.size = sizeof(listener), .on_stop = stop};

int events_get(cs_request *req, cs_response *res)
{
    struct events *e = cs_req_self(req);
    struct stream *s = malloc(sizeof(*s));
    if (!s)
        return CS_ENOMEM;
    int rc = cs_res_content_type(res, "text/event-stream");
    if (rc == CS_OK)
        rc = cs_res_header(res, "Cache-Control", "no-store");
    s->async = rc == CS_OK ? cs_req_async_start(req, res, -1) : NULL;
    if (!s->async) {
        free(s);
        return rc == CS_OK ? CS_ESTATE : rc;
    }
    rc = cs_async_listen(s->async, &listener, NULL);
    if (rc == CS_OK)
        rc = cs_res_flush(res); /* the head at once */
    pthread_mutex_lock(&e->lock);
    s->next = e->fresh;
    e->fresh = s;
    pthread_mutex_unlock(&e->lock);
    return rc;
}
