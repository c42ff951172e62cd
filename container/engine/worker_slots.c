/* SPDX-License-Identifier: Apache-2.0
 * Values that a webapp has for each worker (cs_ctx_slot): by the engine's slot of the thread, so nobody else looks at
 * them while the worker lives and the app serves. */
#include <stdlib.h>

#include "engine/background.h"
#include "observe/log.h"

/* The engine that the calling thread is a worker of; NULL: none. */
static _Thread_local struct {
    struct engine *engine;
    uint32_t slot;
} here;

struct slot_run {
    struct guarded guarded;
    const struct worker_slot *slot;
    void *value;
};

static void tell_failure(const struct slot_run *r, const char *what)
{
    if (r->guarded.failure[0])
        LOG(engine, LOG_ERROR, "%s: %s of a worker's value failed: %s",
            r->slot->module->app->context->queue_name, what, r->guarded.failure);
}

static int make_body(void *guarded)
{
    struct slot_run *r = guarded;
    r->value = r->slot->make(r->slot->self);
    return CS_OK;
}

static int free_body(void *guarded)
{
    struct slot_run *r = guarded;
    r->slot->free_fn(r->value, r->slot->self);
    return CS_OK;
}

/* ---- slots ---- */

static int add_locked(struct background *b, const struct worker_slot *slot)
{
    if (b->slots_closed)
        return CS_ESTATE;
    if (b->slot_count == WORKER_SLOTS_MAX)
        return CS_ELIMIT;
    if (!b->values)
        b->values = calloc(ENGINE_SLOTS, sizeof(struct worker_values *));
    if (!b->values)
        return CS_ENOMEM;
    b->slots[b->slot_count] = *slot;
    return (int)b->slot_count++;
}

int ctx_slot(cs_ctx *ctx, void *(*make)(void *self), void (*free_fn)(void *value, void *self),
             void *self)
{
    const struct app_module *m = ctx_module(ctx);
    struct background *b = m->app->background;
    const struct worker_slot slot = {.module = m, .make = make, .free_fn = free_fn, .self = self};
    if (!make)
        return CS_EINVAL;
    lock_acquire(&b->lock);
    int number = add_locked(b, &slot);
    lock_release(&b->lock);
    return number;
}

void worker_slots_close(struct app *a)
{
    lock_acquire(&a->background->lock);
    a->background->slots_closed = true;
    lock_release(&a->background->lock);
}

/* ---- a value ---- */

static void *make_value(const struct worker_slot *slot, struct worker_values *v, uint32_t number)
{
    struct slot_run r = {.slot = slot};
    v->making[number] = true;
    module_invoke(slot->module, make_body, &r.guarded);
    v->making[number] = false;
    tell_failure(&r, "making");
    v->value[number] = r.value;
    return r.value;
}

/* A worker is inside of a callback of this app, so slots are closed and the app stays. */
void *ctx_slot_get(cs_ctx *ctx, int slot)
{
    struct app *a = ctx_module(ctx)->app;
    struct background *b = a->background;
    if (!here.engine || here.engine != a->context->engine || slot < 0 ||
        (uint32_t)slot >= b->slot_count)
        return NULL;
    struct worker_values *v = b->values[here.slot];
    if (!v)
        v = b->values[here.slot] = calloc(1, sizeof(*v));
    if (!v || v->making[slot])
        return NULL;
    return v->value[slot] ? v->value[slot] : make_value(&b->slots[slot], v, (uint32_t)slot);
}

/* ---- the end ---- */

/* The last slot first. */
static void free_values(struct background *b, uint32_t worker)
{
    struct worker_values *v = b->values[worker];
    if (!v)
        return;
    b->values[worker] = NULL;
    for (uint32_t i = b->slot_count; i-- > 0;) {
        struct slot_run r = {.slot = &b->slots[i], .value = v->value[i]};
        if (!r.value || !r.slot->free_fn)
            continue;
        module_invoke(r.slot->module, free_body, &r.guarded);
        tell_failure(&r, "freeing");
    }
    free(v);
}

void worker_slots_enter(struct engine *e, uint32_t slot)
{
    here.engine = e;
    here.slot = slot;
}

/* What an app that does not serve any more has for this worker goes with that app. */
void worker_slots_leave(struct engine *e, uint32_t slot)
{
    here.engine = NULL;
    for (uint32_t i = 0; i < e->context_count; i++) {
        struct app *a = hazard_take(&e->hazards[slot], &e->contexts[i]->current);
        if (!a)
            continue;
        if (a->background->values)
            free_values(a->background, slot);
        hazard_clear(&e->hazards[slot]);
    }
}

void worker_slots_end(struct app *a)
{
    struct background *b = a->background;
    for (uint32_t i = 0; b->values && i < ENGINE_SLOTS; i++)
        free_values(b, i);
}
