/* SPDX-License-Identifier: Apache-2.0
 * From <Valve> elements to what works: those of server modules are initialised on the modules' thread,
 * the built-in ones are settings of the engine. Called while hosts and contexts are made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "config/valve_access.h"
#include "deploy/webapp_priv.h"
#include "engine/error_report.h"
#include "engine/server_modules.h"

#define HOOK_LIMIT_US 30000000u

/* ---- of server modules ---- */

struct valve_run {
    struct engine *engine;
    struct engine_host *host;
    struct context *context;
    struct valve_spec spec;
    bool ok;
    struct err err;
};

static void add_body(void *arg)
{
    struct valve_run *r = arg;
    r->ok = engine_add_valve(r->engine, r->host, r->context, &r->spec, &r->err);
}

static uint32_t count_params(const struct valve_config *v)
{
    uint32_t n = 0;
    for (const struct valve_param *p = v->params; p; p = p->next)
        n++;
    return n;
}

static bool add_module_valve(struct deployment *d, const struct valve_config *v,
                             struct engine_host *host, struct context *context, struct err *err)
{
    uint32_t n = 0;
    /* Malloced, since an init that does not return keeps using them. */
    struct valve_run *r = calloc(1, sizeof(*r));
    struct app_param *params = calloc(count_params(v) + 1, sizeof(*params));
    bool ok = r && params;
    if (!ok) {
        free(r);
        free(params);
        return err_set(err, "out of memory for a valve");
    }
    for (const struct valve_param *p = v->params; p; p = p->next)
        params[n++] = (struct app_param){.name = p->name, .value = p->value};
    *r = (struct valve_run){.engine = d->options.engine, .host = host, .context = context};
    r->spec = (struct valve_spec){.class_name = v->class_name, .params = params, .param_count = n};
    if (generation_call(d->modules, add_body, r, HOOK_LIMIT_US) == GENERATION_TIMEOUT) {
        d->modules_hang = true;
        return err_set(err, "the init of the valve %s did not return", v->class_name);
    }
    ok = r->ok;
    if (!ok)
        *err = r->err;
    free(r);
    free(params);
    return ok;
}

/* ---- error pages ---- */

static bool is_true(const struct valve_config *v, const char *attribute)
{
    return span_ieq(span_of(valve_value(v, attribute)), SPAN_LIT("true"));
}

static bool take_error_files(struct deployment *d, const struct valve_config *v,
                             struct error_file *files, char (*paths)[512], uint32_t *count,
                             struct err *err)
{
    static const char prefix[] = "errorCode.";
    for (const struct valve_param *p = v->params; p; p = p->next) {
        if (strncmp(p->name, prefix, sizeof(prefix) - 1) != 0)
            continue;
        char *path = paths[*count];
        if (!path_join(path, sizeof(*paths), d->options.base, p->value))
            return err_set(err, "the path %s is too long", p->value);
        files[*count] = (struct error_file){
            .code = (unsigned)strtoul(p->name + sizeof(prefix) - 1, NULL, 10), .path = path};
        (*count)++;
    }
    return true;
}

static bool set_error_report(struct deployment *d, const struct valve_config *v,
                             struct engine_host *host, struct err *err)
{
    uint32_t n = count_params(v);
    struct error_file *files = calloc(n + 1, sizeof(*files));
    char(*paths)[512] = calloc(n + 1, sizeof(*paths));
    struct error_report report = {.hide_report = !is_true(v, "showReport"),
                                  .show_server_info = is_true(v, "showServerInfo"),
                                  .json = strstr(v->class_name, "Json") != NULL,
                                  .files = files};
    bool ok = files && paths;
    if (!ok)
        err_set(err, "out of memory for a valve");
    ok = ok && take_error_files(d, v, files, paths, &report.file_count, err) &&
         engine_set_error_report(d->options.engine, host, &report, err);
    free(files);
    free(paths);
    return ok;
}

/* ---- all ---- */

static bool add_valve(struct deployment *d, const struct valve_config *v, struct engine_host *host,
                      struct context *context, struct err *err)
{
    if (config_valve_is_access(v))
        return true; /* access.c opens the logs */
    if (strcmp(v->name, "errorreport") != 0)
        return add_module_valve(d, v, host, context, err);
    if (!context)
        return set_error_report(d, v, host, err);
    err_set(err, "<Valve className=\"%.128s\"> in a <Context> is not served yet", v->class_name);
    return err_hint(err, "Put it into the <Host>, or remove it");
}

bool valves_add(struct deployment *d, const struct valve_config *list, struct engine_host *host,
                struct context *context, struct err *err)
{
    for (const struct valve_config *v = list; v; v = v->next)
        if (!add_valve(d, v, host, context, err))
            return err_at(err, v->file, v->line);
    return access_open(d, list, host, context, err);
}
