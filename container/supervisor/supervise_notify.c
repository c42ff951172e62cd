/* SPDX-License-Identifier: Apache-2.0
 * The supervisor's words for its service manager (notify.h), called at the turns of a server's life:
 * supervisor.c and supervise_child.c. */
#include <inttypes.h>
#include <stdio.h>
#include "supervisor/supervisor_priv.h"

/* Beyond stopTimeout: webapps stop after the connections, and a container may have to be killed. */
enum { STOP_MARGIN_MS = 15000 };

/* "http://127.0.0.1:8080/, http://...", as far as it fits. */
static void list_urls(const struct supervisor *s, char *out, size_t size)
{
    struct buf urls = BUF_EMPTY;
    bool ok = true;
    for (size_t i = 0; ok && i < s->count; i++)
        ok = (i == 0 || buf_append_str(&urls, ", ")) && listen_url(&s->sockets[i], &urls);
    struct span text = ok ? buf_span(&urls) : SPAN_LIT("");
    snprintf(out, size, "%.*s", SPAN_ARG(text));
    buf_free(&urls);
}

void tell_ready(struct supervisor *s)
{
    char urls[512];
    list_urls(s, urls, sizeof urls);
    s->reloading = false;
    notify_say(&s->notify,
               "READY=1\nMAINPID=%ld\nSTATUS=serves %s: %" PRIu32 " webapps, %" PRIu32
               " refused, %" PRIu32 " restarts",
               (long)s->status.pid, urls, s->status.webapps, s->status.refused, s->status.restarts);
}

void tell_reloading(struct supervisor *s)
{
    notify_say(&s->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=opens its logs anew",
               clock_us());
    s->reloading = true;
    if (s->child.pid == 0 ||
        !s->child.ready) /* nobody will answer; the next one opens them anyway */
        tell_ready(s);
}

/* A stop may be allowed to last longer than the unit's TimeoutStopSec. */
void tell_stopping(struct supervisor *s)
{
    char extend[64] = "";
    int64_t limit_ms = s->o->config->stop_timeout;
    if (limit_ms >= 0)
        snprintf(extend, sizeof extend, "\nEXTEND_TIMEOUT_USEC=%" PRIu64,
                 MS_TO_US(limit_ms + STOP_MARGIN_MS));
    notify_say(&s->notify, "STOPPING=1\nSTATUS=stopping: requests under way are finished%s",
               extend);
}

void tell_status(struct supervisor *s, const char *text)
{
    notify_say(&s->notify, "STATUS=%s", text);
}
