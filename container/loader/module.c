/* SPDX-License-Identifier: Apache-2.0
 * Opening a module and reading its descriptor: see module.h. The descriptor comes from foreign code: it
 * is checked field by field, and what this server does not know is refused by name. */
#include "loader/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* ---- fields this server does not know ---- */

static const char *const webapp_fields[] = {"flags",   "init",     "start",   "health",    "stop",
                                            "destroy", "servlets", "filters", "listeners", NULL};
static const char *const server_fields[] = {"flags",   "init",   "destroy", "servlets",
                                            "filters", "valves", NULL};

static bool is_known(const char *const *known, const char *name, size_t n)
{
    for (; *known; known++) {
        if (strlen(*known) == n && memcmp(*known, name, n) == 0)
            return true;
    }
    return false;
}

/* Finds the first ".name =" at the top level of FIELDS (the initialisers as written) that is unknown. */
static bool unknown_field(const char *const *known, const char *fields, char *out, size_t size)
{
    int depth = 0;
    for (const char *p = fields; p && *p; p++) {
        if (strchr("([{", *p))
            depth++;
        else if (strchr(")]}", *p))
            depth--;
        bool starts = *p == '.' && depth == 0 && (p == fields || strchr(" ,\t\n", p[-1]));
        if (!starts)
            continue;
        size_t n = strcspn(p + 1, " =.[\t\n");
        if (!is_known(known, p + 1, n)) {
            snprintf(out, size, ".%.*s", (int)n, p + 1);
            return true;
        }
        p += n;
    }
    return false;
}

static bool all_zero(const void *p, size_t n)
{
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++) {
        if (b[i])
            return false;
    }
    return true;
}

#define NEWER_HINT "Update the server, or leave it out"

static bool newer(const struct module *m, const char *what, struct err *err)
{
    err_set(err, "%s declares %s, which this server does not serve", m->file, what);
    return err_hint(err, NEWER_HINT);
}

/* Both kinds begin alike, up to and with `flags`. */
_Static_assert(offsetof(cs_module, flags) == offsetof(cs_server_module, flags), "one beginning");

/* The descriptor D into OUT, of which this server knows SIZE bytes and FIELDS. */
static bool copy_descriptor(struct module *m, const cs_module *d, void *out, size_t size,
                            const char *const *fields, struct err *err)
{
    char name[80] = "something at the end of its descriptor";
    if (d->size < offsetof(cs_module, init)) {
        err_set(err, "%s has a descriptor of %u bytes, which is too short", m->file, d->size);
        return err_hint(err, "Use CS_WEBAPP or CS_MODULE");
    }
    size_t known = d->size < size ? d->size : size;
    memset(out, 0, size);
    memcpy(out, d, known);
    if (unknown_field(fields, d->fields, name, sizeof(name)) ||
        !all_zero((const char *)d + known, d->size - known))
        return newer(m, name, err);
    if (d->flags)
        return newer(m, "flags", err);
    return true;
}

static bool take_descriptor(struct module *m, const cs_module *d, struct err *err)
{
    m->server = d->kind == CS_FLAG_SERVER;
    if (d->kind != 0 && !m->server)
        return newer(m, "another kind of module", err);
    if (!m->server)
        return copy_descriptor(m, d, &m->descriptor, sizeof(m->descriptor), webapp_fields, err);
    if (!copy_descriptor(m, d, &m->host, sizeof(m->host), server_fields, err))
        return false;
    m->descriptor = (cs_module){.size = sizeof(m->descriptor), .invoke = m->host.invoke};
    m->descriptor.servlets = m->host.servlets;
    m->descriptor.filters = m->host.filters;
    return true;
}

/* ---- rows ---- */

struct table {
    const void *rows;
    uint32_t count, row_size;
    const char *name;
    size_t known_size, least_size;
};

static void *copy_rows(struct module *m, const struct table *t, struct err *err)
{
    if (t->count == 0)
        return m; /* anything but NULL */
    if (!t->rows || t->row_size < t->least_size || t->count > 100000) {
        err_set(err, "%s has a malformed table of %s", m->file, t->name);
        err_hint(err, "Use CS_ROWS");
        return NULL;
    }
    char *copy = arena_zalloc(&m->arena, t->count * t->known_size);
    if (!copy) {
        err_set(err, "out of memory for the %s of %s", t->name, m->file);
        return NULL;
    }
    size_t known = t->row_size < t->known_size ? t->row_size : t->known_size;
    for (uint32_t i = 0; i < t->count; i++) {
        const char *row = (const char *)t->rows + (size_t)i * t->row_size;
        memcpy(copy + (size_t)i * t->known_size, row, known);
        if (!all_zero(row + known, t->row_size - known)) {
            char what[96];
            snprintf(what, sizeof(what), "newer fields in its %s", t->name);
            newer(m, what, err);
            return NULL;
        }
    }
    return copy;
}

static bool copy_tables(struct module *m, struct err *err)
{
    const cs_module *d = &m->descriptor;
    struct table servlets = {d->servlets.rows,     d->servlets.count,
                             d->servlets.row_size, "servlets",
                             sizeof(cs_servlet),   offsetof(cs_servlet, last_modified)};
    struct table filters = {d->filters.rows, d->filters.count,  d->filters.row_size,
                            "filters",       sizeof(cs_filter), offsetof(cs_filter, params)};
    struct table listeners = {d->listeners.rows,     d->listeners.count,
                              d->listeners.row_size, "listeners",
                              sizeof(cs_listener),   offsetof(cs_listener, request_initialized)};
    const struct cs_valves *v = &m->host.valves;
    struct table valves = {v->rows,  v->count,         v->row_size,
                           "valves", sizeof(cs_valve), offsetof(cs_valve, records)};
    m->servlet_count = servlets.count;
    m->filter_count = filters.count;
    m->listener_count = listeners.count;
    m->valve_count = valves.count;
    return (m->servlets = copy_rows(m, &servlets, err)) != NULL &&
           (m->filters = copy_rows(m, &filters, err)) != NULL &&
           (m->listeners = copy_rows(m, &listeners, err)) != NULL &&
           (m->valves = copy_rows(m, &valves, err)) != NULL;
}

static bool bad_row(const struct module *m, const char *kind, const char *name, const char *why,
                    const char *hint, struct err *err)
{
    err_set(err, "%s: %s %s %s", m->file, kind, name && *name ? name : "without a name", why);
    return err_hint(err, "%s", hint);
}

static bool check_params(const struct module *m, const char *kind, const char *name,
                         const struct cs_params *p, struct err *err)
{
    bool ok = p->count == 0 || (p->rows && p->row_size >= sizeof(cs_param) && p->count <= 100000);
    for (uint32_t i = 0; ok && i < p->count; i++) {
        const char *row = (const char *)p->rows + (size_t)i * p->row_size;
        cs_param param;
        memcpy(&param, row, sizeof(param));
        ok =
            param.name && param.value && all_zero(row + sizeof(param), p->row_size - sizeof(param));
    }
    return ok || bad_row(m, kind, name, "has a malformed table of init parameters",
                         "Use CS_ROWS, and give each parameter a name and a value", err);
}

/* Copied, in this server's size. */
static bool take_multipart(struct module *m, cs_servlet *s, struct err *err)
{
    const cs_multipart *from = s->multipart;
    if (!from)
        return true;
    if (from->size < sizeof(*from) || from->size > 4096 || from->reserved ||
        !all_zero((const char *)from + sizeof(*from), from->size - sizeof(*from)))
        return bad_row(m, "servlet", s->name, "has multipart limits that this server does not know",
                       "Set .size to sizeof(cs_multipart)", err);
    cs_multipart *copy = arena_alloc(&m->arena, sizeof(*copy));
    if (!copy)
        return err_set(err, "out of memory for the servlets of %s", m->file);
    *copy = *from;
    s->multipart = copy;
    return true;
}

static bool check_servlets(struct module *m, struct err *err)
{
    for (uint32_t i = 0; i < m->servlet_count; i++) {
        const cs_servlet *s = &m->servlets[i];
        if (!s->name || !*s->name)
            return bad_row(m, "servlet", NULL, "is declared", "Set .name in each row", err);
        if (s->flags & ~(CS_STREAMING | CS_ASYNC))
            return bad_row(m, "servlet", s->name, "has flags that this server does not know",
                           NEWER_HINT, err);
        if (!s->service && !s->get && !s->head && !s->post && !s->put && !s->del && !s->patch &&
            !s->options)
            return bad_row(m, "servlet", s->name, "serves no method",
                           "Set .service, .get or another method", err);
        if (!take_multipart(m, &m->servlets[i], err) ||
            !check_params(m, "servlet", s->name, &s->params, err))
            return false;
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(m->servlets[k].name, s->name) == 0)
                return bad_row(m, "servlet", s->name, "is declared twice",
                               "Give each row a name of its own", err);
        }
    }
    return true;
}

#define DISPATCHERS                                                                        \
    (CS_DISPATCH_REQUEST | CS_DISPATCH_FORWARD | CS_DISPATCH_INCLUDE | CS_DISPATCH_ERROR | \
     CS_DISPATCH_ASYNC)

static bool check_others(const struct module *m, struct err *err)
{
    for (uint32_t i = 0; i < m->filter_count; i++) {
        const cs_filter *f = &m->filters[i];
        if (!f->name || !*f->name || !f->filter)
            return bad_row(m, "filter", f->name, "has no name or no function",
                           "Set .name and .filter in each row", err);
        if ((f->flags & ~CS_ASYNC) || (f->dispatchers & ~DISPATCHERS))
            return bad_row(m, "filter", f->name, "has flags that this server does not know",
                           NEWER_HINT, err);
        if (!check_params(m, "filter", f->name, &f->params, err))
            return false;
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(m->filters[k].name, f->name) == 0)
                return bad_row(m, "filter", f->name, "is declared twice",
                               "Give each row a name of its own", err);
        }
    }
    for (uint32_t i = 0; i < m->listener_count; i++) {
        const cs_listener *l = &m->listeners[i];
        if (l->flags || l->reserved)
            return bad_row(m, "listener", l->name, "has flags that this server does not know",
                           NEWER_HINT, err);
    }
    return true;
}

static bool check_valves(const struct module *m, struct err *err)
{
    for (uint32_t i = 0; i < m->valve_count; i++) {
        const cs_valve *v = &m->valves[i];
        if (!v->name || !*v->name || (!v->invoke && !v->records))
            return bad_row(m, "valve", v->name, "has no name, or neither invoke nor records",
                           "Set .name, and .invoke or .records in each row", err);
        if (v->flags || v->reserved)
            return bad_row(m, "valve", v->name, "has flags that this server does not know",
                           NEWER_HINT, err);
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(m->valves[k].name, v->name) == 0)
                return bad_row(m, "valve", v->name, "is declared twice",
                               "Give each row a name of its own", err);
        }
    }
    return true;
}

/* ---- opening ---- */

static bool open_error(struct module *m, struct err *err)
{
    const char *text = dlerror();
    const char *symbol = text ? strstr(text, "undefined symbol: ") : NULL;
    if (symbol) {
        err_set(err, "%s needs the symbol %s, which nothing defines", m->file,
                symbol + strlen("undefined symbol: "));
        return err_hint(err, "Link what defines it; -Wl,-z,defs finds this when linking");
    }
    err_set(err, "%s cannot be loaded", m->file);
    err_why(err, "%s", text ? text : "no reason given");
    return err_hint(err, "Link it on this machine with the flags of pkg-config --libs cserv");
}

/* What D describes; M is closed when it is refused. */
static bool take(struct module *m, const cs_module *d, struct err *err)
{
    bool ok = d != NULL;
    if (!ok) {
        err_set(err, "%s: cs_module_describe gave no descriptor", m->file);
        err_hint(err, "Use CS_WEBAPP");
    }
    ok = ok && take_descriptor(m, d, err) && copy_tables(m, err) && check_servlets(m, err) &&
         check_others(m, err) && check_valves(m, err);
    if (!ok)
        module_close(m);
    return ok;
}

bool module_open(struct module *m, const char *mapped, const char *file, struct err *err)
{
    *m = (struct module){.handle = NULL};
    snprintf(m->file, sizeof(m->file), "%s", file);
    arena_init(&m->arena);
    /* A loaded object of this name would be returned as it is: the copy's name must be new. */
    void *already = dlopen(mapped, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (already) {
        dlclose(already);
        return err_set(err, "%s is loaded already", mapped);
    }
    m->handle = dlopen(mapped, RTLD_NOW | RTLD_LOCAL);
    if (!m->handle)
        return open_error(m, err);
    const cs_module *(*describe)(void);
    *(void **)&describe = dlsym(m->handle, "cs_module_describe");
    return take(m, describe ? describe() : NULL, err);
}

bool module_adopt(struct module *m, const cs_module *d, const char *name, struct err *err)
{
    *m = (struct module){.handle = NULL};
    snprintf(m->file, sizeof(m->file), "%s", name);
    arena_init(&m->arena);
    return take(m, d, err);
}

void module_close(struct module *m)
{
    arena_destroy(&m->arena);
#if !CS_FLAGS_BUILD_
    if (m->handle)
        dlclose(m->handle);
#endif
    m->handle = NULL;
}
