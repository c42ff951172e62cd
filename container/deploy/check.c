/* SPDX-License-Identifier: Apache-2.0
 * What a start would find wrong with files, without a start: `cserv configtest`. Makes nothing, opens no
 * port, runs nobody's code. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "config/webxml.h"
#include "deploy/descriptor_files.h"
#include "deploy/webapp_priv.h"

struct checker {
    const struct server_config *config;
    const struct engine_config *engine;
    const struct host_config *host;
    struct config_report *report;
    const struct webxml *defaults; /* conf/web.xml; NULL: it could not be read */
    char app_base[PATH_MAX];
};

static void mistake(struct checker *k, const char *file, int line, struct err *err)
{
    err_at(err, file, line);
    config_mistake(k->report, err);
}

/* ---- folders ---- */

static void check_logs(struct checker *k)
{
    char path[PATH_MAX];
    struct err err = ERR_INIT;
    if (!path_join(path, sizeof(path), k->config->base, "logs"))
        return;
    bool there = path_exists(path);
    if (there && !path_is_dir(path)) {
        err_set(&err, "it is not a folder, so that no log can be written");
    } else if (access(there ? path : k->config->base, W_OK | X_OK) == 0) {
        return;
    } else {
        err_sys(&err, errno, "no log can be written there");
    }
    err_hint(&err, "make it a folder that the server's user may write");
    mistake(k, path, 0, &err);
}

static bool check_app_base(struct checker *k)
{
    struct err err = ERR_INIT;
    if (!path_join(k->app_base, sizeof(k->app_base), k->config->base, k->host->app_base)) {
        err_set(&err, "<Host> appBase=\"%.128s\" is too long", k->host->app_base);
    } else if (path_is_dir(k->app_base)) {
        return true;
    } else if (path_exists(k->app_base)) {
        err_set(&err, "<Host> appBase=\"%.128s\" is not a folder", k->host->app_base);
        err_why(&err, "expected one: %s", k->app_base);
    } else if (k->host->create_dirs) {
        return false; /* a start makes it, empty */
    } else {
        err_set(&err, "<Host> appBase=\"%.128s\" does not exist", k->host->app_base);
        err_why(&err, "expected the folder %s, since createDirs is false", k->app_base);
    }
    mistake(k, k->config->doc.file, k->host->line, &err);
    return false;
}

static void check_context(struct checker *k, const struct context_config *c)
{
    char doc_base[PATH_MAX];
    struct err err = ERR_INIT;
    if (!path_join(doc_base, sizeof(doc_base), k->app_base, c->doc_base)) {
        err_set(&err, "<Context> docBase=\"%.128s\" is too long", c->doc_base);
    } else if (!path_exists(doc_base)) {
        err_set(&err, "<Context> docBase=\"%.128s\" does not exist", c->doc_base);
        err_why(&err, "expected a folder or a .so file: %.300s", doc_base);
        err_hint(&err, "docBase is relative to the host's appBase");
    } else {
        return;
    }
    mistake(k, k->config->doc.file, c->line, &err);
}

/* ---- files of webapps ---- */

/* False: it is not there, or that it cannot be looked at was told. */
static bool find(struct config_report *report, const char *folder, const char *name, char *file,
                 size_t size)
{
    struct err err = ERR_INIT;
    return descriptor_find(folder, name, file, size, &err) ? *file != '\0'
                                                           : config_mistake(report, &err);
}

/* Whether FOLDER has modules, or may have: their tables are not read, since that would run their code. */
static bool may_have_modules(struct checker *k, const char *folder)
{
    char lib[PATH_MAX], **names;
    size_t count;
    struct err err = ERR_INIT;
    bool found = false;
    if (!find(k->report, folder, "WEB-INF/lib", lib, sizeof(lib)))
        return false;
    if (!path_list(lib, &names, &count, &err))
        return true;
    for (size_t i = 0; i < count && !found; i++)
        found = names[i][0] != '.' && span_ends(span_of(names[i]), SPAN_LIT(".so"));
    path_names_free(&names, &count);
    return found;
}

/* Names that a module may have are left to a start. */
static void check_names(struct checker *k, struct webxml *xml)
{
    const struct webxml_names names = {.where = WEBAPP_NAMES};
    struct err err = ERR_INIT;
    if (webxml_merge(xml, k->defaults, &err))
        webxml_names_check(xml, &names, k->report);
    else
        config_mistake(k->report, &err);
}

static void check_web_xml(struct checker *k, const char *folder)
{
    char file[PATH_MAX];
    struct webxml xml;
    struct err err = ERR_INIT;
    bool modules = may_have_modules(k, folder);
    if (find(k->report, folder, "WEB-INF/web.xml", file, sizeof(file)) &&
        webxml_read_all(&xml, file, k->report)) {
        if (k->defaults && !modules)
            check_names(k, &xml);
        webxml_free(&xml);
    }
    if (!descriptor_refuse_foreign(folder, &err))
        config_mistake(k->report, &err);
}

static void check_context_xml(struct checker *k, const char *folder)
{
    char file[PATH_MAX];
    struct context_file context;
    struct err err = ERR_INIT;
    if (!find(k->report, folder, "META-INF/context.xml", file, sizeof(file)))
        return;
    if (!k->host->deploy_xml) {
        err_set(&err, "the webapp will be refused, since its <Host> has deployXML=\"false\"");
        mistake(k, file, 0, &err);
    } else if (context_file_read(&context, file, k->engine, k->config->base, k->config->home,
                                 k->report)) {
        context_file_free(&context);
    }
}

static bool is_configured(const struct checker *k, const char *name)
{
    for (const struct context_config *c = k->host->contexts; c; c = c->next)
        if (strcmp(c->doc_base, name) == 0)
            return true;
    return false;
}

static void check_found(struct checker *k)
{
    char folder[PATH_MAX], **names;
    size_t count;
    struct err err = ERR_INIT;
    if (!path_list(k->app_base, &names, &count, &err)) {
        mistake(k, k->config->doc.file, k->host->line, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (names[i][0] == '.' || is_configured(k, names[i]) ||
            !path_join(folder, sizeof(folder), k->app_base, names[i]) || !path_is_dir(folder))
            continue;
        check_web_xml(k, folder);
        check_context_xml(k, folder);
    }
    path_names_free(&names, &count);
}

static void check_host(struct checker *k)
{
    char folder[PATH_MAX];
    bool there = check_app_base(k);
    for (const struct context_config *c = k->host->contexts; c; c = c->next) {
        check_context(k, c);
        if (path_join(folder, sizeof(folder), k->app_base, c->doc_base) && path_is_dir(folder))
            check_web_xml(k, folder);
    }
    if (there && k->host->deploy_on_startup)
        check_found(k);
}

void deploy_check(const struct server_config *config, const struct webxml *defaults,
                  struct config_report *report)
{
    struct checker k = {.config = config, .report = report, .defaults = defaults};
    check_logs(&k);
    for (const struct service_config *s = config->services; s; s = s->next) {
        k.engine = &s->engine;
        for (k.host = s->engine.hosts; k.host; k.host = k.host->next)
            check_host(&k);
    }
}

bool deploy_check_defaults(const char *base, const char *const *folders, struct webxml *defaults,
                           struct config_report *report)
{
    char file[PATH_MAX];
    unsigned mistakes = report->count;
    webxml_empty(defaults);
    if (!find(report, base, "conf/web.xml", file, sizeof(file)))
        return report->count == mistakes;
    if (!webxml_read_all(defaults, file, report))
        return false;
    default_servlet_check_files(defaults, folders);
    return webxml_names_check(defaults, NULL, report);
}
