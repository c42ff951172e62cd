/* SPDX-License-Identifier: Apache-2.0
 * The table of fields: http1 fills it for requests, the servlet side for answers. A search is a walk
 * over a few dozen rows at most (maxHeaderCount), by number where the name is one of fields.def. */
#include "http/headers.h"
#include "base/check.h"

enum { FIRST_ROWS = 4 };

static bool grow(struct headers *h, struct arena *a)
{
    void *v = arena_grow(a, h->v, &h->cap, sizeof(*h->v), FIRST_ROWS);
    if (v)
        h->v = v;
    return v != NULL;
}

bool headers_expect(struct headers *h, struct arena *a, uint32_t n)
{
    CHECK(h->cap == 0);
    void *v = n > 0 ? arena_grow(a, NULL, &h->cap, sizeof(*h->v), n) : NULL;
    if (v)
        h->v = v;
    return v || n == 0;
}

bool headers_add(struct headers *h, struct arena *a, struct span name, struct span value)
{
    if (h->n == h->cap && !grow(h, a))
        return false;
    h->v[h->n++] = (struct header){name, value, field_find(name)};
    return true;
}

static bool copy_both(struct arena *a, struct span *name, struct span *value)
{
    *name = arena_copy(a, *name);
    *value = arena_copy(a, *value);
    return name->p && value->p;
}

bool headers_add_copy(struct headers *h, struct arena *a, struct span name, struct span value)
{
    return copy_both(a, &name, &value) && headers_add(h, a, name, value);
}

static inline bool is_named(const struct header *h, enum http_field f, struct span name)
{
    return h->field == f && (f != FIELD_OTHER || span_ieq(h->name, name));
}

/* Drops the fields of that name at FROM and behind. */
static void remove_from(struct headers *h, uint32_t from, enum http_field f, struct span name)
{
    uint32_t kept = from;
    for (uint32_t i = from; i < h->n; i++)
        if (!is_named(&h->v[i], f, name))
            h->v[kept++] = h->v[i];
    h->n = kept;
}

bool headers_set_copy(struct headers *h, struct arena *a, struct span name, struct span value)
{
    enum http_field f = field_find(name);
    uint32_t at = 0;
    while (at < h->n && !is_named(&h->v[at], f, name))
        at++;
    if (at == h->n)
        return headers_add_copy(h, a, name, value);
    if (!copy_both(a, &name, &value))
        return false;
    h->v[at] = (struct header){name, value, f};
    remove_from(h, at + 1, f, name);
    return true;
}

void headers_remove(struct headers *h, struct span name)
{
    remove_from(h, 0, field_find(name), name);
}

static struct span nth_value(const struct headers *h, enum http_field f, struct span name,
                             uint32_t nth)
{
    for (uint32_t i = 0; i < h->n; i++)
        if (is_named(&h->v[i], f, name) && nth-- == 0)
            return h->v[i].value;
    return SPAN_NONE;
}

/* FIELD_OTHER is no field: by number it names nothing. */
struct span headers_get(const struct headers *h, enum http_field f, uint32_t nth)
{
    CHECK(f > FIELD_OTHER && f < FIELD_COUNT);
    return nth_value(h, f, SPAN_NONE, nth);
}

struct span headers_find(const struct headers *h, struct span name, uint32_t nth)
{
    return nth_value(h, field_find(name), name, nth);
}

uint32_t headers_count(const struct headers *h, enum http_field f)
{
    CHECK(f > FIELD_OTHER && f < FIELD_COUNT);
    uint32_t count = 0;
    for (uint32_t i = 0; i < h->n; i++)
        count += h->v[i].field == f;
    return count;
}

bool headers_list_has(const struct headers *h, enum http_field f, struct span token)
{
    CHECK(f > FIELD_OTHER && f < FIELD_COUNT);
    if (token.n == 0)
        return false;
    for (uint32_t i = 0; i < h->n; i++) {
        if (h->v[i].field != f)
            continue;
        struct span rest = h->v[i].value, piece;
        while (span_split(&rest, ',', &piece))
            if (span_ieq(span_trim(piece), token))
                return true;
    }
    return false;
}
