/* SPDX-License-Identifier: Apache-2.0
 * A webapp without a host's folder: see alone.h. */
#include "deploy/alone.h"

#include <stdio.h>
#include <stdlib.h>

#include "deploy/webapp_priv.h"

struct app *app_alone(const struct alone *a, struct err *err)
{
    struct webapp *w = calloc(1, sizeof(*w)); /* some KiB: life-cycle threads have small stacks */
    struct app *app = NULL;
    if (!w) {
        err_set(err, "out of memory for the webapp");
        return NULL;
    }
    w->context = a->context;
    w->kind = *a->folder ? WEBAPP_FOLDER : WEBAPP_FILE;
    snprintf(w->doc_base, sizeof(w->doc_base), "%s", a->folder);
    snprintf(w->path, sizeof(w->path), "%s", context_path(a->context));
    bool ok = true;
    if (*a->web_xml)
        ok = webxml_read(&w->xml, a->web_xml, err);
    else
        webxml_empty(&w->xml);
    if (ok) {
        app = build_app(w, a->generation, &w->xml, a->server_name, err);
        webxml_free(&w->xml);
    }
    free(w);
    return app;
}
