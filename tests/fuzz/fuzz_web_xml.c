/* SPDX-License-Identifier: Apache-2.0
 * web.xml to its model: what is read has names that exist, patterns that are well formed, and no servlet
 * twice; what is refused says where. What was read is merged with itself, as defaults of the server are. */
#include "fuzz.h"

#include "config/report.h"
#include "config/webxml.h"
#include "observe/log.h"

#define SMALL                                                                                    \
    "<web-app><servlet><servlet-name>s</servlet-name><servlet-class>c</servlet-class></servlet>" \
    "<mime-mapping><extension>own</extension><mime-type>a/b</mime-type></mime-mapping></web-app>"

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
    struct config_report report = CONFIG_REPORT_INIT;
    struct err err = ERR_INIT;
    unsigned unknown = 0;
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
        CHECK(m->filter_name && m->name_line > 0 && (m->url_patterns || m->servlet_names));
        unknown += !filter_named(w, m->filter_name);
        check_patterns(m->url_patterns);
    }
    for (const struct webxml_mapping *m = w->mappings; m; m = m->next) {
        CHECK(m->line > 0 && m->patterns && webxml_mapping_of(w, m->servlet_name) == m);
        check_patterns(m->patterns);
    }
    CHECK(webxml_names_check(w, NULL, &report) == (report.count == 0) && report.count >= unknown);
    config_report_end(&report, &err);
}

/* The same without stopping at the first mistake. */
static void read_all(const char *file, bool good, const struct err *first)
{
    struct webxml w;
    struct err err = ERR_INIT;
    struct config_report report = CONFIG_REPORT_INIT;
    CHECK(webxml_read_all(&w, file, &report) == good && (report.count == 0) == good);
    CHECK(good || strcmp(report.first.what, first->what) == 0);
    CHECK(config_report_end(&report, &err) == good);
    webxml_free(&w);
}

/* With itself as conf/web.xml, and as conf/web.xml of a webapp that has none, or a small one. */
static void merge(struct webxml *w, const char *file)
{
    static const struct span text = {SMALL, sizeof(SMALL) - 1};
    struct webxml defaults, empty, small;
    struct err err = ERR_INIT;
    CHECK(webxml_read(&defaults, file, &err));
    CHECK(webxml_read(&small, fuzz_file(text), &err));
    webxml_empty(&empty);
    CHECK(webxml_merge(&empty, &defaults, &err) && webxml_merge(w, &defaults, &err));
    CHECK(webxml_merge(&small, &defaults, &err));
    check_model(&empty);
    check_model(&small);
    check_model(w);
    webxml_free(&small);
    webxml_free(&empty);
    webxml_free(&defaults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webxml w;
    struct err err = ERR_INIT;
    const char *file = fuzz_file(span_make((const char *)data, size));
    bool good = webxml_read(&w, file, &err);
    read_all(file, good, &err);
    if (good) {
        check_model(&w);
        merge(&w, file);
        webxml_free(&w);
    } else {
        CHECK(err.what[0] != '\0' && err.file[0] != '\0' && err.line >= 0);
    }
    return 0;
}
