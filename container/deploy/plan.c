/* SPDX-License-Identifier: Apache-2.0
 * What is to be started: contexts of server.xml, then what lies in the host's appBase, by name. A name
 * says the path: ROOT, shop, a#b for /a/b, shop##2 for version 2 of /shop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "deploy/descriptor_files.h"
#include "deploy/webapp_priv.h"
#include "observe/log.h"

static bool copy(char *out, size_t size, struct span s)
{
    if (s.n >= size)
        return false;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

/* "a#b##2" to "/a/b" and "2". */
static bool path_of(struct webapp *w)
{
    struct span name = span_of(w->name), version = SPAN_NONE;
    const char *mark = strstr(w->name, "##");
    if (mark) {
        version = span_of(mark + 2);
        name = span_cut(name, 0, (size_t)(mark - w->name));
    }
    if (version.p && !copy(w->version, sizeof(w->version), version))
        return false;
    if (span_eq(name, SPAN_LIT("ROOT")))
        name = SPAN_LIT("");
    if (name.n + 2 > sizeof(w->path))
        return false;
    size_t at = 0;
    if (name.n > 0)
        w->path[at++] = '/';
    for (size_t i = 0; i < name.n; i++)
        w->path[at++] = name.p[i] == '#' ? '/' : name.p[i];
    w->path[at] = '\0';
    return true;
}

void webapp_refuse(struct deployment *d, struct webapp *w, enum webapp_state state,
                   const struct err *why)
{
    char text[1024];
    err_text(why, text, sizeof(text));
    lock_acquire(&d->lock);
    w->state = state;
    snprintf(w->note, sizeof(w->note), "%s", text);
    lock_release(&d->lock);
    LOG(deploy, LOG_ERROR, "the webapp %s (%s) is %s: %s", *w->path ? w->path : "/", w->doc_base,
        webapp_state_name(state), text);
}

static void take_limits(struct webapp *w, const struct context_config *limits)
{
    w->config = limits;
    w->hook_us = (uint64_t)limits->hook_timeout * 1000u;
    w->stop_us = (uint64_t)limits->stop_timeout * 1000u;
    w->share = (struct engine_share){
        .max_threads = (uint32_t)limits->max_threads_share,
        .max_streaming = (uint32_t)limits->max_streaming,
        .max_queue_size = (uint32_t)limits->max_queue_size,
        .max_queue_time = (uint64_t)limits->max_queue_time,
        .max_body_size = limits->max_body_size,
        .body_min_rate = limits->body_min_rate,
        .send_min_rate = limits->send_min_rate,
        .reserved = limits->reserved,
    };
}

static struct webapp *add(struct deployment *d, const struct host_config *config,
                          struct engine_host *host, const struct context_config *limits,
                          const char *doc_base)
{
    struct webapp *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->host = host;
    w->host_config = config;
    w->host_name = engine_host_name(host);
    take_limits(w, limits);
    snprintf(w->doc_base, sizeof(w->doc_base), "%s", doc_base);
    *d->end = w;
    d->end = &w->next;
    return w;
}

/* File or folder, by looking. */
static bool take_kind(struct webapp *w, struct err *err)
{
    struct stat st;
    if (stat(w->doc_base, &st) != 0) {
        err_sys(err, errno, "cannot find %s", w->doc_base);
        return err_hint(err, "docBase is relative to the host's appBase");
    }
    w->kind = S_ISDIR(st.st_mode) ? WEBAPP_FOLDER : WEBAPP_FILE;
    return true;
}

static void give_context(struct deployment *d, struct webapp *w)
{
    struct err err = ERR_INIT;
    w->context = engine_add_context(d->options.engine, w->host, w->path, &w->share, &err);
    if (!w->context) {
        err_hint(&err, "Remove or rename one of them");
        webapp_refuse(d, w, WEBAPP_REFUSED, &err);
    } else if (!valves_add(d, w->config->valves, NULL, w->context, &err)) {
        webapp_refuse(d, w, WEBAPP_REFUSED,
                      &err); /* no request gets past the context without them */
    }
}

static bool plan_configured(struct deployment *d, const struct host_config *config,
                            struct engine_host *host, const char *app_base, struct err *err)
{
    for (struct context_config *c = config->contexts; c; c = c->next) {
        char doc_base[512];
        struct err why = ERR_INIT;
        if (!path_join(doc_base, sizeof(doc_base), app_base, c->doc_base))
            return err_set(err, "the docBase %s is too long", c->doc_base);
        struct webapp *w = add(d, config, host, c, doc_base);
        if (!w)
            return err_set(err, "out of memory for the webapp %s", c->path);
        snprintf(w->path, sizeof(w->path), "%s", c->path);
        snprintf(w->name, sizeof(w->name), "%s", *c->path ? c->path + 1 : "ROOT");
        for (char *p = w->name; *p; p++)
            *p = *p == '/' ? '#' : *p;
        give_context(d, w);
        if (w->context && !take_kind(w, &why))
            webapp_refuse(d, w, WEBAPP_REFUSED, &why);
    }
    return true;
}

/* The same path again with a higher version string: only the newest serves. */
static bool is_older(struct deployment *d, const struct webapp *w)
{
    for (struct webapp *o = d->webapps; o; o = o->next) {
        if (o != w && o->host == w->host && strcmp(o->path, w->path) == 0 &&
            strcmp(o->version, w->version) > 0)
            return true;
    }
    return false;
}

static bool is_configured(const struct deployment *d, const struct engine_host *host,
                          const char *doc_base)
{
    for (const struct webapp *o = d->webapps; o; o = o->next) {
        if (o->host == host && strcmp(o->doc_base, doc_base) == 0)
            return true;
    }
    return false;
}

/* META-INF/context.xml of a folder: its settings, or why the webapp is refused. */
static bool read_context_file(struct deployment *d, const struct host_config *config,
                              struct webapp *w, struct err *err)
{
    const struct deploy_options *o = &d->options;
    struct config_report report = CONFIG_REPORT_INIT;
    char file[600];
    if (w->kind != WEBAPP_FOLDER)
        return true;
    if (!descriptor_find(w->doc_base, "META-INF/context.xml", file, sizeof(file), err))
        return false;
    if (!file[0])
        return true;
    if (!config->deploy_xml) {
        err_set(err, "%s is not read: its <Host> has deployXML=\"false\"", file);
        err_why(err, "without its settings the webapp may be open to more than it should be");
        return err_hint(err, "Remove the file, or give the webapp a <Context> in server.xml");
    }
    context_file_read(&w->context_file, file, o->engine_config, o->base, o->home ? o->home : "",
                      &report);
    if (!config_report_end(&report, err))
        return false;
    take_limits(w, &w->context_file.context);
    return true;
}

static bool plan_found(struct deployment *d, const struct host_config *config,
                       struct engine_host *host, const char *app_base, const char *name,
                       struct err *err)
{
    char doc_base[512];
    struct span s = span_of(name);
    struct err why = ERR_INIT;
    if (name[0] == '.')
        return true;
    if (!path_join(doc_base, sizeof(doc_base), app_base, name)) {
        LOG(deploy, LOG_WARN, "%s in %s is not served: its path is too long. Rename it", name,
            app_base);
        return true;
    }
    bool folder = path_is_dir(doc_base), file = span_ends(s, SPAN_LIT(".so"));
    if ((!folder && !file) || is_configured(d, host, doc_base))
        return true;
    struct webapp *w = add(d, config, host, &d->context_defaults, doc_base);
    if (!w)
        return err_set(err, "out of memory for the webapp %s", name);
    w->kind = folder ? WEBAPP_FOLDER : WEBAPP_FILE;
    if (!copy(w->name, sizeof(w->name), folder ? s : span_cut(s, 0, s.n - 3)) || !path_of(w)) {
        err_set(&why, "the name %s is too long for a webapp", name);
        err_hint(&why, "Rename it");
        webapp_refuse(d, w, WEBAPP_REFUSED, &why);
    } else if (!read_context_file(d, config, w, &why)) {
        webapp_refuse(d, w, WEBAPP_REFUSED, &why);
    }
    return true;
}

bool plan_defaults(struct deployment *d, struct err *err)
{
    char file[512];
    if (!descriptor_find(d->options.base, "conf/web.xml", file, sizeof(file), err))
        return false;
    struct config_report report = CONFIG_REPORT_INIT;
    if (!file[0])
        return true;
    if (!webxml_read(&d->defaults, file, err))
        return false;
    webxml_names_check(&d->defaults, NULL, &report);
    return config_report_end(&report, err);
}

bool plan_host(struct deployment *d, const struct host_config *config, struct engine_host *host,
               struct err *err)
{
    char app_base[512], **names = NULL;
    size_t count = 0;
    struct webapp **first = d->end;
    if (!path_join(app_base, sizeof(app_base), d->options.base, config->app_base))
        return err_set(err, "the appBase %s is too long", config->app_base);
    if (config->create_dirs && !path_make_dirs(app_base, PATH_MODE_DIR, err))
        return false;
    if (!plan_configured(d, config, host, app_base, err))
        return false;
    if (!config->deploy_on_startup || !path_is_dir(app_base))
        return true;
    if (!path_list(app_base, &names, &count, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = plan_found(d, config, host, app_base, names[i], err);
    path_names_free(&names, &count);
    for (struct webapp *w = *first; ok && w; w = w->next) {
        struct err why = ERR_INIT;
        if (w->context || w->state != WEBAPP_NEW)
            continue;
        if (is_older(d, w)) {
            err_set(&why, "a newer version of %s is there; only the newest serves",
                    *w->path ? w->path : "/");
            err_hint(&why, "Remove the one that is not wanted");
            webapp_refuse(d, w, WEBAPP_REFUSED, &why);
        } else {
            give_context(d, w);
        }
    }
    return ok;
}
