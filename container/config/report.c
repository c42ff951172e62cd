/* SPDX-License-Identifier: Apache-2.0
 * See report.h. Called by the readers of server.xml, web.xml and context.xml. */
#include "config/report.h"

#include <string.h>

#include "observe/log.h"

bool config_mistake(struct config_report *r, const struct err *e)
{
    if (r->count++ == 0)
        r->first = *e;
    if (r->tell)
        r->tell(r->arg, e);
    return false;
}

void config_unknown_element(struct config_report *r, const char *parent, const char *name,
                            const char *nearest, const char *file, int line)
{
    struct err err = ERR_INIT;
    if (!r->strict) {
        LOG(config, LOG_WARN, "%s:%d: <%s> has no element <%s>, it is ignored%s%s%s", file, line,
            parent, name, nearest ? "; did you mean <" : "", nearest ? nearest : "",
            nearest ? ">?" : "");
        return;
    }
    err_set(&err, "<%s> has no element <%.64s>", parent, name);
    if (nearest)
        err_hint(&err, "did you mean <%s>?", nearest);
    err_at(&err, file, line);
    config_mistake(r, &err);
}

/* WORD stands between two commas of the list. */
static bool is_kept(struct span list, struct span word)
{
    for (struct span piece; span_split(&list, ',', &piece);)
        if (span_eq(span_trim(piece), word))
            return true;
    return false;
}

void config_known(struct config_report *r, const char *element, const char *name)
{
    struct buf word = BUF_EMPTY;
    bool ok =
        name ? buf_printf(&word, "<%s> %s", element, name) : buf_printf(&word, "<%s>", element);
    /* Short of memory: the line is for people only. */
    if (ok && !is_kept(buf_span(&r->known), buf_span(&word)))
        (void)(buf_append_str(&r->known, buf_len(&r->known) ? ", " : "") &&
               buf_append_span(&r->known, buf_span(&word)));
    buf_free(&word);
}

void config_known_tell(struct config_report *r, const char *file)
{
    struct span names = buf_span(&r->known);
    if (names.n > 0)
        LOG(config, LOG_INFO, "%s: of Tomcat, without a meaning in cserv and passed over: %.*s",
            file, SPAN_ARG(names));
    buf_free(&r->known);
}

bool config_report_end(struct config_report *r, struct err *err)
{
    bool good = r->count == 0;
    if (!good) {
        *err = r->first;
        if (r->count > 1 && !err->hint[0])
            err_hint(err, "there are %u more mistakes: cserv configtest tells them all",
                     r->count - 1);
    }
    buf_free(&r->known);
    r->count = 0;
    return good;
}
