/* SPDX-License-Identifier: Apache-2.0
 * web.xml to its model: what is read has names that exist, patterns that are well formed, and no servlet
 * twice; what is refused says where. */
#include "fuzz.h"

#include "config/webxml.h"
#include "observe/log.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    log_set_level(LOG_ROOM_config, LOG_OFF);
    return 0;
}

static void check_params(const struct webxml_param *p)
{
    for (; p; p = p->next)
        CHECK(p->name && p->name[0] && p->value);
}

static void check_patterns(const struct webxml_pattern *p)
{
    for (; p; p = p->next) {
        CHECK(p->line > 0 && p->text);
        CHECK(p->text[0] == '\0' || p->text[0] == '/' || strncmp(p->text, "*.", 2) == 0);
    }
}

static const struct webxml_filter *filter_named(const struct webxml *w, const char *name)
{
    const struct webxml_filter *f = w->filters;
    while (f && strcmp(f->name, name) != 0)
        f = f->next;
    return f;
}

static void check_model(const struct webxml *w)
{
    CHECK(w->display_name);
    for (const struct webxml_servlet *s = w->servlets; s; s = s->next) {
        CHECK(s->line > 0 && s->name[0] && s->servlet_class && s->load_on_startup >= -1);
        check_params(s->params);
        check_patterns(s->patterns);
        for (const struct webxml_servlet *other = s->next; other; other = other->next)
            CHECK(strcmp(s->name, other->name) != 0);
    }
    for (const struct webxml_filter *f = w->filters; f; f = f->next) {
        CHECK(f->line > 0 && f->name[0] && f->filter_class);
        check_params(f->params);
    }
    for (const struct webxml_filter_mapping *m = w->filter_mappings; m; m = m->next) {
        CHECK(filter_named(w, m->filter_name) && (m->url_patterns || m->servlet_names));
        check_patterns(m->url_patterns);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webxml w;
    struct err err = ERR_INIT;
    if (webxml_read(&w, fuzz_file(span_make((const char *)data, size)), &err)) {
        check_model(&w);
        webxml_free(&w);
    } else {
        CHECK(err.what[0] != '\0' && err.file[0] != '\0' && err.line >= 0);
    }
    return 0;
}
