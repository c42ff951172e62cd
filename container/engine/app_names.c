/* SPDX-License-Identifier: Apache-2.0
 * Servlets that filter-mappings name, once all are registered. Called by app_life.c. */
#include "base/nearest.h"
#include "engine/engine_priv.h"

static bool unknown(const struct filter_mapping *m, const char *nearest, struct err *err)
{
    err_set(err, "filter %s is mapped to the servlet '%.*s', which does not exist",
            m->filter->reg.name, SPAN_ARG(m->servlet_name));
    err_why(err, "expected one of web.xml, of conf/web.xml, of a module's table, or one that init "
                 "registers");
    if (nearest)
        err_hint(err, "did you mean '%s'?", nearest);
    else
        err_hint(err, "Mend the name, or declare the servlet");
    return *m->file ? err_at(err, m->file, m->line) : false;
}

bool app_check_names(const struct app *a, struct err *err)
{
    for (uint32_t i = 0; i < a->mapping_count; i++) {
        const struct filter_mapping *m = a->mappings[i];
        bool found = !m->servlet_name.p || span_eq(m->servlet_name, SPAN_LIT("*"));
        const char *best = NULL;
        struct nearest nearest;
        nearest_begin(&nearest, m->servlet_name);
        for (uint32_t k = 0; !found && k < a->servlet_count; k++) {
            const char *name = a->servlets[k]->reg.name;
            found = span_eq(span_of(name), m->servlet_name);
            best = nearest_try(&nearest, span_of(name)) ? name : best;
        }
        if (!found)
            return unknown(m, best, err);
    }
    return true;
}
