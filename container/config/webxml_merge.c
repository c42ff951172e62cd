/* SPDX-License-Identifier: Apache-2.0
 * conf/web.xml below a webapp's web.xml. Called by deploy for each webapp. Copies are made in the
 * webapp's arena; texts stay where they are. */
#include <string.h>

#include "base/map.h"
#include "config/webxml.h"

#define LAST(list)                     \
    do {                               \
        while (*(list))                \
            (list) = &(*(list))->next; \
    } while (0)

static bool no_memory(struct err *err)
{
    return err_set(err, "out of memory for conf/web.xml");
}

static void *copy(struct arena *arena, const void *from, size_t size)
{
    void *p = arena_alloc(arena, size);
    if (p)
        memcpy(p, from, size);
    return p;
}

/* Those of FROM whose names *LIST does not have. */
static bool merge_params(struct arena *arena, struct webxml_param **list,
                         const struct webxml_param *from, struct err *err)
{
    for (; from; from = from->next) {
        struct webxml_param **at = list;
        while (*at && strcmp((*at)->name, from->name) != 0)
            at = &(*at)->next;
        if (*at)
            continue;
        if (!(*at = copy(arena, from, sizeof(**at))))
            return no_memory(err);
        (*at)->next = NULL;
    }
    return true;
}

static struct webxml_servlet *find_servlet(struct webxml *app, const char *name)
{
    struct webxml_servlet *s = app->servlets;
    while (s && strcmp(s->name, name) != 0)
        s = s->next;
    return s;
}

/* What it is to run must not be sent as a file. That of files sends nothing else. */
static bool is_never_unmapped(const struct webxml_servlet *s)
{
    return webxml_is_jvm_class(s->servlet_class) && !strstr(s->servlet_class, ".DefaultServlet");
}

static bool merge_servlets(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    struct arena *arena = &app->doc.arena;
    struct webxml_servlet **tail = &app->servlets;
    LAST(tail);
    for (const struct webxml_servlet *d = defaults->servlets; d; d = d->next) {
        struct webxml_servlet *own = find_servlet(app, d->name);
        const struct webxml_mapping *mapped = webxml_mapping_of(app, d->name);
        if (!own) {
            if (!(own = copy(arena, d, sizeof(*own))))
                return no_memory(err);
            own->of_defaults = true;
            own->patterns = mapped ? mapped->patterns : NULL;
            own->default_patterns = !mapped || is_never_unmapped(d) ? d->patterns : NULL;
            own->next = NULL;
            *tail = own;
            tail = &own->next;
            continue;
        }
        if (!merge_params(arena, &own->params, d->params, err))
            return false;
        if (own->async_supported < 0)
            own->async_supported = d->async_supported;
        if (own->enabled < 0)
            own->enabled = d->enabled;
        if (!own->multipart.set)
            own->multipart = d->multipart;
        if (!own->patterns || is_never_unmapped(own))
            own->default_patterns = d->patterns;
    }
    return true;
}

static struct webxml_filter *find_filter(struct webxml *app, const char *name)
{
    struct webxml_filter *f = app->filters;
    while (f && strcmp(f->name, name) != 0)
        f = f->next;
    return f;
}

static bool merge_filters(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    struct arena *arena = &app->doc.arena;
    struct webxml_filter **tail = &app->filters;
    LAST(tail);
    for (const struct webxml_filter *d = defaults->filters; d; d = d->next) {
        struct webxml_filter *own = find_filter(app, d->name);
        if (own) {
            if (own->async_supported < 0)
                own->async_supported = d->async_supported;
            if (!merge_params(arena, &own->params, d->params, err))
                return false;
            continue;
        }
        if (!(own = copy(arena, d, sizeof(*own))))
            return no_memory(err);
        own->of_defaults = true;
        own->next = NULL;
        *tail = own;
        tail = &own->next;
    }
    return true;
}

/* A filter that the webapp maps itself keeps these mappings alone. */
static bool merge_filter_mappings(struct webxml *app, const struct webxml *defaults,
                                  struct err *err)
{
    struct webxml_filter_mapping **tail = &app->filter_mappings, **own_end;
    LAST(tail);
    own_end = tail;
    for (const struct webxml_filter_mapping *d = defaults->filter_mappings; d; d = d->next) {
        bool mapped = false;
        for (struct webxml_filter_mapping **m = &app->filter_mappings; m != own_end;
             m = &(*m)->next)
            mapped = mapped || strcmp((*m)->filter_name, d->filter_name) == 0;
        if (mapped)
            continue;
        if (!(*tail = copy(&app->doc.arena, d, sizeof(*d))))
            return no_memory(err);
        (*tail)->of_defaults = true;
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    return true;
}

/* Maps, because there are 1,000 of them in each file. */
static bool merge_mimes(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    struct webxml_mime **tail = &app->mimes;
    struct map *own = app->mimes ? map_new() : NULL;
    bool ok = !app->mimes || own;
    if (!app->mimes) {
        app->mimes = defaults->mimes;
        return true;
    }
    for (struct webxml_mime *m = app->mimes; ok && m; m = m->next) {
        ok = map_put(own, span_of(m->extension), m, NULL);
        tail = &m->next;
    }
    for (const struct webxml_mime *d = defaults->mimes; ok && d; d = d->next) {
        if (map_get(own, span_of(d->extension)))
            continue;
        ok = (*tail = copy(&app->doc.arena, d, sizeof(*d))) != NULL;
        if (ok) {
            (*tail)->next = NULL;
            tail = &(*tail)->next;
        }
    }
    if (own)
        map_free(&own);
    return ok || no_memory(err);
}

static bool merge_error_pages(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    for (const struct webxml_error_page *d = defaults->error_pages; d; d = d->next) {
        struct webxml_error_page **at = &app->error_pages;
        while (*at && ((*at)->code != d->code || (*at)->cs_code != d->cs_code))
            at = &(*at)->next;
        if (*at)
            continue;
        if (!(*at = copy(&app->doc.arena, d, sizeof(*d))))
            return no_memory(err);
        (*at)->next = NULL;
    }
    return true;
}

static bool merge_env(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    for (const struct webxml_env *d = defaults->env_entries; d; d = d->next) {
        struct webxml_env **at = &app->env_entries;
        while (*at && strcmp((*at)->name, d->name) != 0)
            at = &(*at)->next;
        if (*at)
            continue;
        if (!(*at = copy(&app->doc.arena, d, sizeof(*d))))
            return no_memory(err);
        (*at)->next = NULL;
    }
    return true;
}

/* Behind the webapp's own. */
static bool merge_listeners(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    struct webxml_listener **tail = &app->listeners;
    LAST(tail);
    for (const struct webxml_listener *d = defaults->listeners; d; d = d->next) {
        if (!(*tail = copy(&app->doc.arena, d, sizeof(*d))))
            return no_memory(err);
        (*tail)->next = NULL;
        tail = &(*tail)->next;
    }
    return true;
}

bool webxml_merge(struct webxml *app, const struct webxml *defaults, struct err *err)
{
    if (!app->welcome_files)
        app->welcome_files = defaults->welcome_files;
    if (!app->request_encoding)
        app->request_encoding = defaults->request_encoding;
    if (!app->response_encoding)
        app->response_encoding = defaults->response_encoding;
    return merge_params(&app->doc.arena, &app->context_params, defaults->context_params, err) &&
           merge_servlets(app, defaults, err) && merge_filters(app, defaults, err) &&
           merge_filter_mappings(app, defaults, err) && merge_mimes(app, defaults, err) &&
           merge_error_pages(app, defaults, err) && merge_env(app, defaults, err) &&
           merge_listeners(app, defaults, err);
}
