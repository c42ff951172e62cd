/* SPDX-License-Identifier: Apache-2.0
 * What a webapp has besides its registrations: parameters, media types, welcome files, error pages; and what
 * rows say in one text. Called by deploy while it builds an app, and by registration.c. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_priv.h"

static bool no_memory(const struct app *a, struct err *err)
{
    return err_set(err, "out of memory for the webapp %s", a->context->queue_name);
}

void app_servlets_must_start(struct app *a, bool must)
{
    a->servlets_must_start = must;
}

static bool add_text(struct app *a, struct map *texts, const char *name, const char *value,
                     struct err *err)
{
    char *copy = arena_strdup(&a->arena, value);
    return map_get(texts, span_of(name)) || (copy && map_put(texts, span_of(name), copy, NULL)) ||
           no_memory(a, err);
}

bool app_add_context_param(struct app *a, const char *name, const char *value, struct err *err)
{
    return add_text(a, a->params, name, value, err);
}

bool app_add_env(struct app *a, const char *name, const char *value, struct err *err)
{
    return add_text(a, a->env, name, value, err);
}

bool app_set_temp_folder(struct app *a, const char *folder, struct err *err)
{
    a->temp_folder = arena_strdup(&a->arena, folder);
    return a->temp_folder || no_memory(a, err);
}

bool app_add_error_page(struct app *a, unsigned code, int cs_code, const char *location,
                        struct err *err)
{
    if (a->error_page_count == a->error_page_cap) {
        uint32_t more = a->error_page_cap ? a->error_page_cap * 2 : 16;
        struct error_page *bigger = realloc(a->error_pages, more * sizeof(*bigger));
        if (!bigger)
            return no_memory(a, err);
        a->error_pages = bigger;
        a->error_page_cap = more;
    }
    const char *copy = arena_strdup(&a->arena, location);
    if (!copy)
        return no_memory(a, err);
    a->error_pages[a->error_page_count++] =
        (struct error_page){.code = code, .cs_code = cs_code, .location = copy};
    return true;
}

bool app_set_encodings(struct app *a, const char *request, const char *response, struct err *err)
{
    a->request_encoding = request ? arena_strdup(&a->arena, request) : NULL;
    a->response_encoding = response ? arena_strdup(&a->arena, response) : NULL;
    if ((request && !a->request_encoding) || (response && !a->response_encoding))
        return no_memory(a, err);
    return true;
}

bool app_add_welcome_file(struct app *a, const char *name, struct err *err)
{
    return mapper_add_welcome(a->mapper, name) || no_memory(a, err);
}

bool app_add_mime(struct app *a, const char *extension, const char *type, struct err *err)
{
    char *key = arena_strdup(&a->arena, extension);
    char *copy = arena_strdup(&a->arena, type);
    if (!key || !copy)
        return no_memory(a, err);
    for (char *p = key; *p; p++)
        *p = ascii_lower(*p);
    return map_get(a->mimes, span_of(key)) || map_put(a->mimes, span_of(key), copy, NULL) ||
           no_memory(a, err);
}

struct multipart_config app_multipart(const cs_multipart *row)
{
    struct multipart_config m = {.set = row != NULL};
    if (!row)
        return m;
    m.location = row->location;
    m.max_file_size = row->max_file_size > 0 ? row->max_file_size : -1;
    m.max_request_size = row->max_request_size > 0 ? row->max_request_size : -1;
    m.file_size_threshold = row->file_size_threshold > 0 ? row->file_size_threshold : 0;
    return m;
}

bool app_split_words(struct arena *arena, const char *text, const char ***out, uint32_t *count)
{
    char *copy = arena_strdup(arena, text ? text : "");
    const char **rows = arena_alloc(arena, (strlen(text ? text : "") + 1) * sizeof(*rows));
    *count = 0;
    if (!copy || !rows)
        return false;
    *out = rows;
    if (text && !*text)
        rows[(*count)++] = copy;
    for (char *p = copy; *p;) {
        p += strspn(p, " \t\n");
        size_t n = strcspn(p, " \t\n");
        if (n > 0)
            rows[(*count)++] = p;
        p += n;
        if (*p)
            *p++ = '\0';
    }
    return true;
}
