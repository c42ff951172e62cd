/* SPDX-License-Identifier: Apache-2.0
 * The access logs of engine, hosts and contexts: opened while these are made, closed when no connection
 * is left. */
#include <stdlib.h>

#include "config/valve_access.h"
#include "deploy/webapp_priv.h"

static bool keep(struct deployment *d, struct access_log *log)
{
    struct access_log **more =
        realloc(d->access, (d->access_count + 1) * sizeof(struct access_log *));
    if (!more)
        return false;
    d->access = more;
    d->access[d->access_count++] = log;
    return true;
}

static bool keep_list(struct deployment *d, struct access_logs *list)
{
    struct access_logs **more =
        realloc(d->access_lists, (d->access_list_count + 1) * sizeof(struct access_logs *));
    if (!more)
        return false;
    d->access_lists = more;
    d->access_lists[d->access_list_count++] = list;
    return true;
}

/* Opens V's log; d owns it. */
static bool open_one(struct deployment *d, const struct valve_config *v, struct err *err)
{
    struct access_log_options o = config_valve_access_options(v, d->options.base);
    struct access_log *log = access_log_open(&o, err);
    if (!log)
        return err_at(err, v->file, v->line);
    if (keep(d, log))
        return true;
    access_log_close(&log);
    return err_set(err, "out of memory for an access log");
}

bool access_open(struct deployment *d, const struct valve_config *list, struct engine_host *host,
                 struct context *context, struct err *err)
{
    size_t first = d->access_count;
    for (const struct valve_config *v = list; v; v = v->next) {
        if (config_valve_is_access(v) && !open_one(d, v, err))
            return false;
    }
    if (d->access_count == first)
        return true;
    struct engine *e = d->options.engine;
    const struct access_logs *outer = context ? context_logs(context)
                                      : host  ? engine_host_logs(host)
                                              : NULL;
    struct access_logs *joined = NULL;
    if (!access_logs_join(d->access + first, (uint32_t)(d->access_count - first), outer, &joined,
                          err))
        return false;
    if (!keep_list(d, joined)) {
        free(joined);
        return err_set(err, "out of memory for an access log");
    }
    if (context)
        context_set_logs(context, joined);
    else if (host)
        engine_host_set_logs(host, joined);
    else
        engine_set_logs(e, joined);
    return true;
}

void access_close(struct deployment *d)
{
    while (d->access_count > 0)
        access_log_close(&d->access[--d->access_count]);
    while (d->access_list_count > 0)
        free(d->access_lists[--d->access_list_count]);
    free(d->access);
    free(d->access_lists);
}
