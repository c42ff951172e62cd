/* SPDX-License-Identifier: Apache-2.0
 * The line a start ends with, and the refusal of a second one. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "base/path.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/serving.h"
#include "supervisor/control.h"
#include "supervisor/pidfile.h"

enum { ASK_MS = 2000 };

/* The urls in one line. */
static bool append_urls(struct span urls, struct buf *out)
{
    struct span url;
    bool first = true, ok = true;
    while (ok && span_split(&urls, '\n', &url)) {
        if (url.n == 0)
            continue;
        ok = buf_append_str(out, first ? "" : ", ") && buf_append_span(out, url);
        first = false;
    }
    return ok && (!first || buf_append_str(out, "no port: server.xml has no Connector"));
}

bool serving_line(const struct server_status *s, struct span urls, const char *base, uint64_t ms,
                  struct buf *out)
{
    bool ok = buf_append_str(out, "cserv " CSERV_VERSION " serves ") && append_urls(urls, out) &&
              buf_printf(out, " (pid %ld, base %s, %" PRIu32 " webapp%s", (long)s->pid, base,
                         s->webapps, s->webapps == 1 ? "" : "s");
    if (s->refused > 0)
        ok =
            ok && buf_printf(out, ", %" PRIu32 " refused: see %s/logs/cserv.log", s->refused, base);
    return ok && buf_printf(out, ") in %" PRIu64 " ms\n", ms);
}

void serving_json(const struct server_status *s, struct span urls, struct json *j)
{
    struct span url;
    json_string(j, "state", span_of(status_state_name(s->state)));
    json_int(j, "pid", s->pid);
    json_int(j, "container", s->container);
    json_group(j, "urls", '[');
    while (span_split(&urls, '\n', &url))
        if (url.n > 0) /* without "on all addresses" */
            json_string(j, NULL, span_cut(url, 0, span_find(url, 0, ' ')));
    json_group_end(j, ']');
    json_int(j, "webapps", s->webapps);
    json_int(j, "refused", s->refused);
}

static int tell_json(const struct server_status *s, struct span urls, const char *base, uint64_t ms,
                     int fd)
{
    struct answer a;
    answer_begin(&a, base);
    serving_json(s, urls, &a.j);
    json_int(&a.j, "ms", (int64_t)ms);
    fflush(stdout);
    return answer_end_at(&a, fd);
}

static int tell_line(const struct server_status *s, struct span urls, const char *base, uint64_t ms)
{
    struct buf line = BUF_EMPTY;
    bool ok = serving_line(s, urls, base, ms, &line);
    if (ok)
        fwrite(buf_data(&line), 1, buf_len(&line), stdout);
    fflush(stdout);
    buf_free(&line);
    return ok ? EXIT_DONE : EXIT_REFUSED;
}

int serving_tell(const struct server_status *s, struct span urls, const char *base, uint64_t ms,
                 bool json)
{
    return json ? tell_json(s, urls, base, ms, STDOUT_FILENO) : tell_line(s, urls, base, ms);
}

void serving_print(const struct server_status *s, const struct listen_socket *sockets, size_t count,
                   const char *base, uint64_t ms, int json_fd)
{
    struct buf urls = BUF_EMPTY;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = listen_url(&sockets[i], &urls) && buf_append_str(&urls, "\n");
    if (ok && json_fd >= 0)
        (void)tell_json(s, buf_span(&urls), base, ms, json_fd);
    else if (ok)
        (void)tell_line(s, buf_span(&urls), base, ms);
    buf_free(&urls);
}

bool serving_absent(const char *base, struct err *err)
{
    pid_t pid;
    struct err ignored = ERR_INIT;
    if (!pidfile_holder(base, &pid, err))
        return false;
    if (pid == 0)
        return true;
    struct buf reply = BUF_EMPTY, urls = BUF_EMPTY;
    struct server_status s;
    int rc = 1;
    /* One that is stopping, or that does not answer because it is, is waited for by who takes the
     * pid file. */
    bool lives =
        control_request(base, "status", ASK_MS, &reply, &rc, &ignored) == CONTROL_ANSWERED &&
        rc == 0 && status_read(buf_span(&reply), &s, &urls) && s.state != STATE_STOPPING;
    buf_free(&reply);
    buf_free(&urls);
    if (!lives)
        return true;
    err_set(err, "the base %s is already served by process %ld", base, (long)pid);
    char word[400];
    return path_shell_word(base, word, sizeof word) &&
           err_hint(err, "To stop it, type: cserv stop -b %s", word);
}
