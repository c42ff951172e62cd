/* SPDX-License-Identifier: Apache-2.0
 * Attributes of a request: what filters and servlets hand to each other. The values are theirs; the
 * destructors run in the order of the cleanups, on the thread that runs the request. */
#include <string.h>

#include "engine/call.h"

static uint32_t position_of(const struct attributes *a, struct span name)
{
    uint32_t i = 0;
    while (i < a->n && !span_eq(a->v[i]->name, name))
        i++;
    return i;
}

void *request_attr(cs_request *req, cs_str name)
{
    const struct attributes *a = &request_call(req)->attributes;
    uint32_t i = position_of(a, from_str(name));
    return i < a->n ? a->v[i]->value : NULL;
}

int request_attr_at(cs_request *req, uint32_t i, cs_str *name, void **value)
{
    const struct attributes *a = &request_call(req)->attributes;
    if (i >= a->n)
        return CS_ENOENT;
    *name = to_str(a->v[i]->name);
    *value = a->v[i]->value;
    return CS_OK;
}

/* ---- changing ---- */

/* AT has been taken out of the list, or replaced there: its destructor sees what is valid then. */
static void let_go(struct attribute *at)
{
    void (*free_fn)(void *value) = at->free_fn;
    at->free_fn = NULL;
    if (free_fn)
        module_free(at->module, "the destructor of an attribute", free_fn, at->value);
}

static void take_out(struct attributes *a, uint32_t i)
{
    a->n--;
    memmove(&a->v[i], &a->v[i + 1], (a->n - i) * sizeof(struct attribute *));
}

/* At the end of the request. */
static void at_end(void *arg)
{
    struct attribute *at = arg;
    struct attributes *a = &at->call->attributes;
    if (!at->free_fn)
        return; /* replaced or removed before */
    uint32_t i = position_of(a, at->name);
    if (i < a->n)
        take_out(a, i);
    let_go(at);
}

static bool room(struct attributes *a, struct arena *arena)
{
    if (a->n < a->cap)
        return true;
    void *v = arena_grow(arena, a->v, &a->cap, sizeof(struct attribute *), 8);
    if (v)
        a->v = v;
    return v != NULL;
}

/* A new one at I of the list, where i == n puts it at the end. */
static int put(struct call *c, uint32_t i, struct attribute filled)
{
    struct attributes *a = &c->attributes;
    struct arena *arena = &c->x->arena;
    struct attribute *at = arena_alloc(arena, sizeof(*at));
    if (!at || (i == a->n && !room(a, arena)))
        return CS_ENOMEM;
    struct attribute *old = i < a->n ? a->v[i] : NULL;
    *at = filled;
    at->name = old ? old->name : arena_copy(arena, filled.name);
    if (!at->name.p || (at->free_fn && !arena_on_cleanup(arena, at_end, at)))
        return CS_ENOMEM;
    a->v[i] = at;
    if (old)
        let_go(old);
    else
        a->n++;
    return CS_OK;
}

int request_attr_set(cs_request *req, cs_str name, void *value, void (*free_fn)(void *value))
{
    struct call *c = request_call(req);
    if (!name.ptr || name.len == 0)
        return CS_EINVAL;
    uint32_t i = position_of(&c->attributes, from_str(name));
    if (value)
        return put(c, i,
                   (struct attribute){.name = from_str(name),
                                      .value = value,
                                      .free_fn = free_fn,
                                      .module = c->module,
                                      .call = c});
    if (i < c->attributes.n) {
        struct attribute *old = c->attributes.v[i];
        take_out(&c->attributes, i);
        let_go(old);
    }
    return CS_OK;
}
