/* SPDX-License-Identifier: Apache-2.0
 * Attributes of a webapp: cs_ctx_attr and its kin, on any thread. Names keep their place for the webapp's
 * life, so that what cs_ctx_attr_at gave stays valid; a webapp's names are a fixed few. Values are freed
 * outside of the lock, because that is module code. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_priv.h"
#include "observe/log.h"

void ctx_attributes_init(struct ctx_attributes *t)
{
    lock_init(&t->lock, "context attributes");
}

static struct ctx_attributes *table_of(cs_ctx *ctx)
{
    return &CONTAINER_OF(ctx, struct app_module, pub)->app->attributes;
}

struct free_run {
    struct guarded guarded;
    struct ctx_attribute row;
};

static int free_body(void *guarded)
{
    struct free_run *r = guarded;
    r->row.free_fn(r->row.value);
    return CS_OK;
}

/* ROW is a copy: nobody else has its value any more. */
static void free_value(const struct ctx_attribute *row)
{
    struct free_run r = {.row = *row};
    if (!row->value || !row->free_fn)
        return;
    module_invoke(row->module, free_body, &r.guarded);
    if (r.guarded.failure[0])
        LOG(engine, LOG_ERROR, "%s: freeing the context attribute %s failed: %s",
            row->module->app->context->queue_name, row->name, r.guarded.failure);
}

static struct ctx_attribute *find_locked(struct ctx_attributes *t, struct span name)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (span_eq(span_of(t->rows[i].name), name))
            return &t->rows[i];
    return NULL;
}

/* NULL: out of memory. */
static struct ctx_attribute *add_locked(struct ctx_attributes *t, struct span name)
{
    char *copy = malloc(name.n + 1);
    if (!copy)
        return NULL;
    if (t->count == t->cap) {
        uint32_t more = t->cap ? t->cap * 2 : 16;
        struct ctx_attribute *bigger = realloc(t->rows, more * sizeof(*bigger));
        if (!bigger) {
            free(copy);
            return NULL;
        }
        t->rows = bigger;
        t->cap = more;
    }
    memcpy(copy, name.p, name.n);
    copy[name.n] = '\0';
    t->rows[t->count] = (struct ctx_attribute){.name = copy};
    return &t->rows[t->count++];
}

void *ctx_attr(cs_ctx *ctx, cs_str name)
{
    struct ctx_attributes *t = table_of(ctx);
    if (!name.ptr)
        return NULL;
    lock_acquire(&t->lock);
    struct ctx_attribute *row = find_locked(t, from_str(name));
    void *value = row ? row->value : NULL;
    lock_release(&t->lock);
    return value;
}

int ctx_attr_set(cs_ctx *ctx, cs_str name, void *value, void (*free_fn)(void *value))
{
    struct ctx_attributes *t = table_of(ctx);
    struct ctx_attribute old = {.value = NULL};
    const char *row_name = NULL; /* rows may move, names do not */
    int rc = CS_OK;
    if (!name.ptr || name.len == 0 || memchr(name.ptr, '\0', name.len))
        return CS_EINVAL;
    lock_acquire(&t->lock);
    struct ctx_attribute *row = find_locked(t, from_str(name));
    if (t->ending && value)
        rc = CS_ESTATE;
    else if (!row && value && !(row = add_locked(t, from_str(name))))
        rc = CS_ENOMEM;
    if (rc == CS_OK && row) {
        old = *row;
        row_name = row->name;
        row->value = value;
        row->free_fn = free_fn;
        row->module = CONTAINER_OF(ctx, struct app_module, pub);
        row->order = ++t->order;
    }
    lock_release(&t->lock);
    if (rc != CS_OK || (!old.value && !value))
        return rc;
    listeners_attribute(CONTAINER_OF(ctx, struct app_module, pub)->app, row_name, old.value, value);
    if (old.value != value)
        free_value(&old);
    return rc;
}

int ctx_attr_at(cs_ctx *ctx, uint32_t i, cs_str *name, void **value)
{
    struct ctx_attributes *t = table_of(ctx);
    int rc = CS_ENOENT;
    lock_acquire(&t->lock);
    for (uint32_t k = 0; k < t->count && rc != CS_OK; k++) {
        if (!t->rows[k].value || i-- > 0)
            continue;
        *name = to_str(span_of(t->rows[k].name));
        *value = t->rows[k].value;
        rc = CS_OK;
    }
    lock_release(&t->lock);
    return rc;
}

/* Takes the value that was set last out of the table. */
static bool take_last(struct ctx_attributes *t, struct ctx_attribute *out)
{
    struct ctx_attribute *last = NULL;
    lock_acquire(&t->lock);
    t->ending = true;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->rows[i].value && (!last || t->rows[i].order > last->order))
            last = &t->rows[i];
    if (last) {
        *out = *last;
        last->value = NULL;
    }
    lock_release(&t->lock);
    return last != NULL;
}

void ctx_attributes_end(struct ctx_attributes *t)
{
    struct ctx_attribute row;
    while (take_last(t, &row))
        free_value(&row);
}

void ctx_attributes_free(struct ctx_attributes *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        free(t->rows[i].name);
    free(t->rows);
    lock_destroy(&t->lock);
}
