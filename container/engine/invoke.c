/* SPDX-License-Identifier: Apache-2.0
 * Every call into module code goes through here: a module written in C++ brings a catch-all, because an
 * exception must not cross the container's frames. */
#include <stdio.h>

#include "engine/engine_priv.h"

static void failed(void *arg, const char *text)
{
    struct guarded *g = arg;
    snprintf(g->failure, sizeof(g->failure), "%s", text && *text ? text : "an exception without text");
}

int module_invoke(const struct app_module *m, int (*body)(void *guarded), struct guarded *g)
{
    g->failure[0] = '\0';
    if (!m->module->descriptor.invoke)
        return body(g);
    return m->module->descriptor.invoke(body, g, failed);
}
