/* SPDX-License-Identifier: Apache-2.0
 * /examples/events: a stream of server-sent events, one each second. All streams are fed by one thread of the
 * webapp, which begins with the servlet and has ended before its code may go. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "examples.h"

struct stream {
    struct stream *next;
    cs_async *async;
};

struct events {
    pthread_mutex_t lock; /* of the two below */
    pthread_cond_t ends;
    bool ending;
    struct stream *fresh;   /* streams that the thread has not seen yet */
    struct stream *streams; /* the thread's own */
    pthread_t thread;
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

/* With the lock: takes what came meanwhile to the thread's own. */
static void take_fresh(struct events *e)
{
    while (e->fresh) {
        struct stream *s = e->fresh;
        e->fresh = s->next;
        s->next = e->streams;
        e->streams = s;
    }
}

static void *feed(void *arg)
{
    struct events *e = arg;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&e->lock);
    while (!e->ending) {
        take_fresh(e);
        pthread_mutex_unlock(
            &e->lock); /* a client that takes its time holds up the others' events only */
        send_all(e);
        pthread_mutex_lock(&e->lock);
        next.tv_sec++;
        while (!e->ending && pthread_cond_timedwait(&e->ends, &e->lock, &next) == 0)
            continue;
    }
    take_fresh(e);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

int events_init(cs_config *config, void **self)
{
    (void)config;
    struct events *e = calloc(1, sizeof(*e));
    pthread_condattr_t monotonic; /* whoever sets the clock changes no interval */
    if (!e)
        return CS_ENOMEM;
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->ends, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&e->thread, NULL, feed, e) != 0) {
        pthread_cond_destroy(&e->ends);
        pthread_mutex_destroy(&e->lock);
        free(e);
        return CS_ENOMEM;
    }
    *self = e;
    return CS_OK;
}

/* The requests are over by now; what is left are our references to them. */
void events_destroy(cs_ctx *ctx, void *self)
{
    struct events *e = self;
    (void)ctx;
    pthread_mutex_lock(&e->lock);
    e->ending = true;
    pthread_cond_signal(&e->ends);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    while (e->streams) {
        struct stream *s = e->streams;
        e->streams = s->next;
        drop(s);
    }
    pthread_cond_destroy(&e->ends);
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
