/* SPDX-License-Identifier: Apache-2.0
 * The servlet of static files is a server module like any other, and may be missing: then everything else
 * is served, and the operator is told which file is not there and what to do. Called at start and by
 * `cserv configtest`. */
#include <string.h>

#include "base/check.h"
#include "deploy/webapp_priv.h"
#include "engine/server_modules.h"
#include "observe/log.h"

#define MODULE "default"

bool default_servlet_class(const char *class)
{
    static const char *const names[] = {MODULE, MODULE ".so:" MODULE,
                                        "org.apache.catalina.servlets.DefaultServlet"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(class, names[i]) == 0)
            return true;
    return false;
}

/* The one of conf/web.xml; NULL: it wants none. */
static const struct webxml_servlet *wanted(const struct webxml *defaults)
{
    for (const struct webxml_servlet *s = defaults->servlets; s; s = s->next)
        if (s->enabled != 0 && default_servlet_class(s->servlet_class))
            return s;
    return NULL;
}

static void warn(const struct webxml_servlet *s, const char *const *folders)
{
    struct err err = ERR_INIT;
    const char *own = folders && folders[0] ? folders[0] : "modules";
    err_set(&err,
            "files of webapps are answered 404: the servlet %.128s needs the server module %s.so",
            s->name, MODULE);
    if (folders && folders[0] && folders[1])
        err_why(&err, "it is neither in %.200s nor in %.200s", own, folders[1]);
    else
        err_why(&err, "it is not in %.400s", own);
    err_hint(&err,
             "Put the %s.so that comes with cserv (share/cserv/modules) into %.200s and restart "
             "the server; without static files, set <enabled>false</enabled> for this servlet",
             MODULE, own);
    err_at(&err, s->file, s->line);
    log_err(LOG_ROOM_deploy, LOG_WARN, &err);
}

static bool has_row(const struct generation *g)
{
    for (uint32_t i = 0; i < generation_module_count(g); i++) {
        const struct module *m = generation_module(g, i);
        for (uint32_t k = 0; k < m->servlet_count; k++)
            if (strcmp(m->servlets[k].name, MODULE) == 0)
                return true;
    }
    return false;
}

void default_servlet_check(const struct deployment *d)
{
    const struct webxml_servlet *s = wanted(&d->defaults);
    if (s && !has_row(d->modules))
        warn(s, d->options.module_folders);
}

void default_servlet_check_files(const struct webxml *defaults, const char *const *folders)
{
    const struct webxml_servlet *s = wanted(defaults);
    if (s && !modules_have(folders, MODULE))
        warn(s, folders);
}
