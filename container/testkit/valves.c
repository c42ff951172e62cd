/* SPDX-License-Identifier: Apache-2.0
 * Valves of the tested server modules: the text of <Valve> elements read as that of a context.xml, their
 * attributes checked by the modules' own tables. On the life-cycle thread of the server modules. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/path.h"
#include "config/server.h"
#include "config/valve.h"
#include "engine/server_modules.h"
#include "loader/generation.h"
#include "testkit/testkit_priv.h"

/* The table of classes is one for the process. */
static pthread_mutex_t tables = PTHREAD_MUTEX_INITIALIZER;

static bool add_class(const struct module *m, const cs_valve *v, struct err *err)
{
    struct buf text = BUF_EMPTY;
    bool ok = buf_printf(&text, "valve\t%s\t%s\n%s", v->name, v->aliases ? v->aliases : "",
                         v->attributes ? v->attributes : "") ||
              err_set(err, "out of memory for the valve %s", v->name);
    ok = ok && config_valves_add(m->file, buf_span(&text), err);
    buf_free(&text);
    return ok;
}

static bool add_classes(struct cs_test_app *a, struct err *err)
{
    for (uint32_t i = 0; i < generation_module_count(a->server); i++) {
        const struct module *m = generation_module(a->server, i);
        for (uint32_t k = 0; k < m->valve_count; k++) {
            if (!add_class(m, &m->valves[k], err))
                return false;
        }
    }
    return true;
}

static bool add_valve(struct cs_test_app *a, const struct valve_config *v, struct err *err)
{
    uint32_t n = 0;
    for (const struct valve_param *p = v->params; p; p = p->next)
        n++;
    struct app_param *params = calloc(n + 1, sizeof(*params));
    if (!params)
        return err_set(err, "out of memory for the valve %s", v->class_name);
    n = 0;
    for (const struct valve_param *p = v->params; p; p = p->next)
        params[n++] = (struct app_param){.name = p->name, .value = p->value};
    struct valve_spec spec = {.class_name = v->class_name, .params = params, .param_count = n};
    bool ok = engine_add_valve(a->engine, NULL, a->context, &spec, err);
    free(params);
    return ok;
}

static bool read_and_add(struct cs_test_app *a, const char *path, struct err *err)
{
    struct config_report report = CONFIG_REPORT_INIT;
    struct context_file file;
    bool ok = context_file_read(&file, path, NULL, a->work, a->work, &report);
    if (!ok)
        return config_report_end(&report, err);
    for (const struct valve_config *v = file.context.valves; v && ok; v = v->next)
        ok = add_valve(a, v, err) || err_at(err, v->file, v->line);
    context_file_free(&file);
    return config_report_end(&report, &(struct err){.line = 0}) && ok;
}

bool valves_begin(struct cs_test_app *a, struct err *err)
{
    struct buf text = BUF_EMPTY;
    char path[600];
    if (!a->valves)
        return true;
    snprintf(path, sizeof(path), "%s/context.xml", a->work);
    /* With override no defaults of a server.xml are asked for: there is none. */
    bool ok = buf_printf(&text, "<Context override=\"true\">%s</Context>\n", a->valves) ||
              err_set(err, "out of memory for the valves");
    ok = ok && path_write_file(path, buf_span(&text), PATH_MODE_FILE, err);
    buf_free(&text);
    if (!ok)
        return false;
    CHECK(pthread_mutex_lock(&tables) == 0);
    ok = add_classes(a, err) && read_and_add(a, path, err);
    config_valves_clear();
    CHECK(pthread_mutex_unlock(&tables) == 0);
    return ok;
}
