/* SPDX-License-Identifier: Apache-2.0
 * All webapps of a server: see deploy.h. */
#include "deploy/deploy.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "deploy/webapp_priv.h"

static bool add_hosts(struct deployment *d, struct err *err)
{
    const struct engine_config *config = d->options.engine_config;
    if (!valves_add(d, config->valves, NULL, NULL, err))
        return false;
    for (const struct host_config *h = config->hosts; h; h = h->next) {
        struct engine_host *host = engine_add_host(d->options.engine, h->name, err);
        if (!host)
            return false;
        for (const struct alias_config *a = h->aliases; a; a = a->next) {
            if (!engine_add_alias(d->options.engine, host, a->name, err))
                return false;
        }
        if (strcmp(h->name, config->default_host) == 0)
            engine_set_default_host(d->options.engine, host);
        if (!valves_add(d, h->valves, host, NULL, err))
            return false;
        if (!plan_host(d, h, host, err))
            return false;
    }
    return true;
}

struct deployment *deploy_new(const struct deploy_options *options, struct err *err)
{
    struct deployment *d = calloc(1, sizeof(*d));
    if (!d) {
        err_set(err, "out of memory for the webapps");
        return NULL;
    }
    d->options = *options;
    d->end = &d->webapps;
    d->epoch_lock = -1;
    lock_init(&d->lock, "deployment");
    context_config_defaults(options->engine_config, &d->context_defaults);
    webxml_empty(&d->defaults);
    if (!plan_defaults(d, err) || !epoch_open(d, err) || !modules_load(d, err) ||
        !add_hosts(d, err)) {
        deploy_free(&d);
        return NULL;
    }
    default_servlet_check(d);
    return d;
}

void deploy_start(struct deployment *d)
{
    for (struct webapp *w = d->webapps; w; w = w->next) {
        if (w->context && w->state == WEBAPP_NEW)
            webapp_start(d, w);
    }
}

static bool stop_from(struct deployment *d, struct webapp *w)
{
    if (!w)
        return true;
    bool ended = stop_from(d, w->next);
    webapp_stop(d, w);
    return ended && !w->abandoned;
}

bool deploy_stop(struct deployment *d)
{
    return stop_from(d, d->webapps);
}

void deploy_free(struct deployment **dp)
{
    struct deployment *d = *dp;
    *dp = NULL;
    bool hang = d->modules_hang;
    while (d->webapps) {
        struct webapp *w = d->webapps;
        d->webapps = w->next;
        hang = hang || w->abandoned;
        if (!w->abandoned) {
            context_file_free(&w->context_file);
            free(w);
        }
    }
    if (!hang)
        modules_end(d);
    access_close(d);
    epoch_close(d);
    if (hang) /* regression 142: a thread that was given up may still read the defaults */
        return;
    webxml_free(&d->defaults);
    lock_destroy(&d->lock);
    free(d);
}

struct deploy_count deploy_count(struct deployment *d)
{
    struct deploy_count n = {0, 0};
    lock_acquire(&d->lock);
    for (struct webapp *w = d->webapps; w; w = w->next) {
        n.running += w->state == WEBAPP_RUNNING;
        n.refused += w->state == WEBAPP_REFUSED || w->state == WEBAPP_FAILED;
    }
    lock_release(&d->lock);
    return n;
}

static bool list_line(const struct webapp *w, struct buf *out)
{
    return buf_printf(out, "%s:%s:0:%s %s%s%s\n", *w->path ? w->path : "/",
                      webapp_state_name(w->state), w->doc_base,
                      *w->module_version ? w->module_version : "-", *w->note ? " " : "", w->note);
}

bool deploy_list(struct deployment *d, struct buf *out)
{
    bool ok = true;
    lock_acquire(&d->lock);
    for (struct webapp *w = d->webapps; ok && w; w = w->next)
        ok = list_line(w, out);
    lock_release(&d->lock);
    return ok;
}

static void list_object(const struct webapp *w, struct json *j)
{
    json_group(j, NULL, '{');
    json_string(j, "host", span_of(w->host_name));
    json_string(j, "path", span_of(w->path));
    json_string(j, "state", span_of(webapp_state_name(w->state)));
    json_int(j, "sessions", 0);
    json_string(j, "docBase", span_of(w->doc_base));
    json_string(j, "version", span_of(w->module_version));
    json_string(j, "note", span_of(w->note));
    json_group_end(j, '}');
}

void deploy_list_json(struct deployment *d, struct json *j)
{
    lock_acquire(&d->lock);
    for (struct webapp *w = d->webapps; w; w = w->next)
        list_object(w, j);
    lock_release(&d->lock);
}
