/* SPDX-License-Identifier: Apache-2.0
 * Hosts, contexts and threads' slots: see engine.h and service.h. Built before anything is served; from
 * then on only the contexts' current apps change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/timers.h"
#include "engine/wrap_priv.h"

struct engine *engine_new(const struct engine_options *options, struct err *err)
{
    struct engine *e = calloc(1, sizeof(*e));
    if (e) {
        e->options = *options;
        lock_init(&e->lock, "engine slots");
        lock_init(&e->resting.lock, "handles that rest");
        arena_init(&e->arena);
        e->timers = timers_new();
        e->hosts = map_new();
        e->wildcards = map_new();
        e->hazards = calloc(ENGINE_SLOTS, sizeof(*e->hazards));
        e->slots = calloc(ENGINE_SLOTS, sizeof(*e->slots));
        e->slot_used = calloc(ENGINE_SLOTS, sizeof(*e->slot_used));
    }
    if (!e || !e->hosts || !e->wildcards || !e->timers || !e->hazards || !e->slots ||
        !e->slot_used) {
        err_set(err, "out of memory for the engine");
        if (e)
            engine_destroy(&e);
    }
    return e;
}

static void free_context(struct context *c)
{
    CHECK(atomic_load(&c->current) == NULL && list_empty(&c->asyncs));
    lock_destroy(&c->async_lock);
    cond_destroy(&c->async_less);
    free(c->path);
    free(c->queue_name);
    free(c->stream_name);
    free(c);
}

static void free_calls(struct slot *s)
{
    for (uint32_t i = 0; i < CALLS_PER_SLOT; i++)
        free(s->calls[i]);
}

void engine_destroy(struct engine **ep)
{
    struct engine *e = *ep;
    *ep = NULL;
    if (e->timers)
        timers_free(&e->timers);
    for (uint32_t i = 0; i < e->context_count; i++)
        free_context(e->contexts[i]);
    free(e->contexts);
    for (uint32_t i = 0; i < e->host_count; i++) {
        map_free(&e->all_hosts[i]->contexts);
        free(e->all_hosts[i]->name);
        free(e->all_hosts[i]);
    }
    free(e->all_hosts);
    if (e->hosts)
        map_free(&e->hosts);
    if (e->wildcards)
        map_free(&e->wildcards);
    for (uint32_t i = 0; e->slots && i < e->slot_high; i++)
        free_calls(&e->slots[i]);
    for (uint32_t i = 0; i < CALLS_KEPT; i++)
        free(e->old_calls[i]);
    free(e->slots);
    wraps_free(e);
    free(e->hazards);
    free(e->slot_used);
    arena_destroy(&e->arena);
    lock_destroy(&e->resting.lock);
    lock_destroy(&e->lock);
    free(e);
}

/* ---- hosts and contexts ---- */

bool engine_add_alias(struct engine *e, struct engine_host *h, const char *name, struct err *err)
{
    struct span key = span_of(name);
    struct map *map = e->hosts;
    if (span_starts(key, SPAN_LIT("*."))) {
        key = span_from(key, 2);
        map = e->wildcards;
    }
    if (map_get(map, key))
        return err_set(err, "two hosts are named %s", name);
    return map_put(map, key, h, NULL) || err_set(err, "out of memory for the host %s", name);
}

struct engine_host *engine_add_host(struct engine *e, const char *name, struct err *err)
{
    struct engine_host **more = realloc(e->all_hosts, (e->host_count + 1) * sizeof(*more));
    struct engine_host *h = more ? calloc(1, sizeof(*h)) : NULL;
    if (more)
        e->all_hosts = more;
    if (h) {
        h->name = strdup(name);
        h->contexts = map_new();
    }
    if (!h || !h->name || !h->contexts) {
        if (h && h->contexts)
            map_free(&h->contexts);
        if (h)
            free(h->name);
        free(h);
        err_set(err, "out of memory for the host %s", name);
        return NULL;
    }
    h->logs = e->logs;
    e->all_hosts[e->host_count++] = h;
    return engine_add_alias(e, h, name, err) ? h : NULL;
}

void engine_set_default_host(struct engine *e, struct engine_host *h)
{
    e->fallback = h;
}

const char *engine_host_name(const struct engine_host *h)
{
    return h->name;
}

static const struct engine_share no_share = {
    .max_body_size = -1, .body_min_rate = -1, .send_min_rate = -1};

struct context *engine_add_context(struct engine *e, struct engine_host *h, const char *path,
                                   const struct engine_share *share, struct err *err)
{
    if (map_get(h->contexts, span_of(path))) {
        err_set(err, "the host %s has two webapps with the path '%s'", h->name, path);
        return NULL;
    }
    struct context **more = realloc(e->contexts, (e->context_count + 1) * sizeof(*more));
    struct context *c = more ? calloc(1, sizeof(*c)) : NULL;
    if (more)
        e->contexts = more;
    if (c) {
        lock_init(&c->async_lock, "asynchronous requests");
        cond_init(&c->async_less);
        list_init(&c->asyncs);
        c->path = strdup(path);
        size_t size = strlen(h->name) + strlen(path) + 2;
        c->queue_name = malloc(size);
        if (c->queue_name)
            snprintf(c->queue_name, size, "%s%s", h->name, *path ? path : "/");
        size += sizeof(" streaming") - 1;
        c->stream_name = c->queue_name ? malloc(size) : NULL;
        if (c->stream_name)
            snprintf(c->stream_name, size, "%s streaming", c->queue_name);
    }
    if (!c || !c->path || !c->stream_name || !map_put(h->contexts, span_of(path), c, NULL)) {
        if (c)
            free_context(c);
        err_set(err, "out of memory for the webapp '%s'", path);
        return NULL;
    }
    c->engine = e;
    c->host = h;
    c->logs = h->logs;
    c->share = share ? *share : no_share;
    e->contexts[e->context_count++] = c;
    c->queue = e->context_count; /* queue 0 is for what belongs to no context */
    return c;
}

void engine_set_logs(struct engine *e, const struct access_logs *logs)
{
    e->logs = logs;
}

void engine_host_set_logs(struct engine_host *h, const struct access_logs *logs)
{
    h->logs = logs;
}

const struct access_logs *engine_host_logs(const struct engine_host *h)
{
    return h->logs;
}

const struct access_logs *context_logs(const struct context *c)
{
    return c->logs;
}

void context_set_logs(struct context *c, const struct access_logs *logs)
{
    c->logs = logs;
}

const char *context_path(const struct context *c)
{
    return c->path;
}

const char *context_host(const struct context *c)
{
    return c->host->name;
}

struct app *context_switch(struct context *c, struct app *app)
{
    if (app)
        worker_slots_close(app);
    struct app *former = atomic_exchange(&c->current, app);
    if (former)
        timers_pause(former);
    if (app)
        timers_begin(app);
    return former;
}

bool engine_quiet(struct engine *e, const struct app *app)
{
    lock_acquire(&e->lock);
    uint32_t high = e->slot_high;
    lock_release(&e->lock);
    return !hazard_held(e->hazards, high, (void *)(uintptr_t)app);
}

/* ---- queues ---- */

/* Two for each context: the ordinary ones, then those of requests that are served at the end of their
 * head. 0 and its second one are for what belongs to no context. */
static uint32_t ordinary_count(const struct engine *e)
{
    return e->context_count + 1;
}

uint32_t engine_queue_count(const struct engine *e)
{
    return 2 * ordinary_count(e);
}

uint32_t engine_stream_queue(const struct engine *e, uint32_t queue)
{
    return ordinary_count(e) + queue;
}

bool engine_queue_streams(const struct engine *e, uint32_t queue)
{
    return queue >= ordinary_count(e);
}

uint32_t engine_queue_whole(const struct engine *e, uint32_t queue)
{
    return queue % ordinary_count(e);
}

const struct engine_share *engine_queue_share(const struct engine *e, uint32_t queue)
{
    uint32_t number = queue % ordinary_count(e);
    return number == 0 ? &no_share : &e->contexts[number - 1]->share;
}

const char *engine_queue_name(const struct engine *e, uint32_t queue)
{
    if (queue == 0)
        return "(no webapp)";
    if (queue == ordinary_count(e))
        return "(no webapp) streaming";
    return queue < ordinary_count(e) ? e->contexts[queue - 1]->queue_name
                                     : e->contexts[queue - ordinary_count(e) - 1]->stream_name;
}

/* ---- slots ---- */

/* Those that it has stay: handles of ended requests lead to them. */
static bool make_calls(struct slot *s)
{
    bool ok = true;
    for (uint32_t i = 0; i < CALLS_PER_SLOT; i++) {
        if (!s->calls[i])
            s->calls[i] = calloc(1, sizeof(struct call));
        ok = ok && s->calls[i];
    }
    if (!ok) {
        free_calls(s);
        *s = (struct slot){.next = 0};
    }
    return ok;
}

uint32_t engine_slot_take(struct engine *e)
{
    uint32_t slot = UINT32_MAX;
    lock_acquire(&e->lock);
    for (uint32_t i = 0; i < ENGINE_SLOTS && slot == UINT32_MAX; i++) {
        if (!e->slot_used[i])
            slot = i;
    }
    if (slot != UINT32_MAX && !make_calls(&e->slots[slot]))
        slot = UINT32_MAX;
    if (slot != UINT32_MAX) {
        e->slot_used[slot] = true;
        if (slot >= e->slot_high)
            e->slot_high = slot + 1;
    }
    lock_release(&e->lock);
    if (slot != UINT32_MAX)
        worker_slots_enter(e, slot);
    return slot;
}

bool call_keep(struct engine *e, uint32_t slot, struct call *c)
{
    struct slot *s = &e->slots[slot];
    struct call *fresh = calloc(1, sizeof(*fresh));
    uint32_t i = 0;
    if (!fresh)
        return false;
    while (s->calls[i] != c)
        CHECK(++i < CALLS_PER_SLOT);
    s->calls[i] = fresh;
    return true;
}

void call_retire(struct engine *e, struct call *c)
{
    lock_acquire(&e->lock);
    struct call *oldest = e->old_calls[e->next_old];
    e->old_calls[e->next_old] = c;
    e->next_old = (e->next_old + 1) % CALLS_KEPT;
    lock_release(&e->lock);
    free(oldest);
}

void engine_slot_give(struct engine *e, uint32_t slot)
{
    CHECK(slot < ENGINE_SLOTS && atomic_load(&e->hazards[slot].held) == NULL);
    worker_slots_leave(e, slot);
    lock_acquire(&e->lock);
    e->slot_used[slot] = false;
    lock_release(&e->lock);
}
