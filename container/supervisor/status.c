/* SPDX-License-Identifier: Apache-2.0
 * The lines of `status`. Written by the server, read by the command. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include "base/check.h"
#include "supervisor/status.h"

static const char *const state_names[] = {
    [STATE_STARTING] = "starting", [STATE_RUNNING] = "running", [STATE_STOPPING] = "stopping"};

const char *status_state_name(enum server_state state)
{
    return state_names[state];
}

bool status_write(const struct server_status *s, const struct listen_socket *sockets, size_t count,
                  struct buf *out)
{
    bool ok = buf_printf(out,
                         "state %s\npid %ld\ncontainer %ld\nwebapps %" PRIu32 "\nrefused %" PRIu32
                         "\nrestarts %" PRIu32 "\nuptime_ms %" PRIu64 "\n",
                         state_names[s->state], (long)s->pid, (long)s->container, s->webapps,
                         s->refused, s->restarts, s->uptime_ms);
    if (s->last_end[0] != '\0')
        ok = ok && buf_printf(out, "last_end %s\n", s->last_end);
    for (size_t i = 0; i < count; i++)
        ok = ok && buf_append_str(out, "url ") && listen_url(&sockets[i], out) &&
             buf_append_str(out, "\n");
    return ok;
}

static bool read_state(struct span value, enum server_state *state)
{
    for (size_t i = 0; i < ARRAY_COUNT(state_names); i++) {
        if (span_eq(value, span_of(state_names[i]))) {
            *state = (enum server_state)i;
            return true;
        }
    }
    return false;
}

static bool read_line(struct span name, struct span value, struct server_status *s,
                      struct buf *urls)
{
    uint64_t n = 0;
    if (span_eq(name, SPAN_LIT("state")))
        return read_state(value, &s->state);
    if (span_eq(name, SPAN_LIT("url")))
        return buf_append_span(urls, value) && buf_append_str(urls, "\n");
    if (span_eq(name, SPAN_LIT("last_end"))) {
        struct span fits = span_cut(value, 0, sizeof s->last_end - 1);
        memcpy(s->last_end, fits.p, fits.n);
        s->last_end[fits.n] = '\0';
        return true;
    }
    if (span_eq(name, SPAN_LIT("uptime_ms")))
        return span_to_u64(value, UINT64_MAX, &s->uptime_ms);
    if (!span_to_u64(value, INT_MAX, &n))
        return true; /* the value of a name we do not know */
    if (span_eq(name, SPAN_LIT("pid")))
        s->pid = (pid_t)n;
    else if (span_eq(name, SPAN_LIT("container")))
        s->container = (pid_t)n;
    else if (span_eq(name, SPAN_LIT("webapps")))
        s->webapps = (uint32_t)n;
    else if (span_eq(name, SPAN_LIT("refused")))
        s->refused = (uint32_t)n;
    else if (span_eq(name, SPAN_LIT("restarts")))
        s->restarts = (uint32_t)n;
    return true;
}

bool status_read(struct span text, struct server_status *s, struct buf *urls)
{
    struct span line;
    *s = (struct server_status){.state = STATE_STARTING};
    while (span_split(&text, '\n', &line)) {
        size_t blank = span_find(line, 0, ' ');
        if (blank == line.n)
            continue;
        if (!read_line(span_cut(line, 0, blank), span_from(line, blank + 1), s, urls))
            return false;
    }
    return s->pid > 0;
}
