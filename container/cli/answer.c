/* SPDX-License-Identifier: Apache-2.0
 * JSON answers and failures of commands: see answer.h. */
#include "cli/answer.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"

void answer_begin(struct answer *a, const char *base)
{
    a->out = BUF_EMPTY;
    a->j = json_begin(&a->out);
    json_group(&a->j, NULL, '{');
    json_string(&a->j, "base", span_of(base));
}

int answer_end_at(struct answer *a, int fd)
{
    json_group_end(&a->j, '}');
    bool ok = a->j.ok;
    if (!ok)
        fprintf(stderr, "cserv: out of memory\n");
    else
        ok = dprintf(fd, "%.*s\n", SPAN_ARG(buf_span(&a->out))) > 0;
    buf_free(&a->out);
    return ok ? EXIT_DONE : EXIT_REFUSED;
}

int answer_end(struct answer *a)
{
    fflush(stdout);
    return answer_end_at(a, STDOUT_FILENO);
}

bool answer_aside(int *kept)
{
    fflush(stdout);
    *kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return *kept >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

bool answer_back(int kept)
{
    fflush(stdout);
    return dup2(kept, STDOUT_FILENO) >= 0;
}

static void member(struct json *j, const char *name, const char *value)
{
    if (value[0] != '\0')
        json_string(j, name, span_of(value));
}

static void put_error(struct json *j, const char *name, struct span text, const struct err *parts)
{
    json_group(j, name, '{');
    json_string(j, "text", text);
    if (parts) {
        member(j, "file", parts->file);
        if (parts->line > 0)
            json_int(j, "line", parts->line);
        member(j, "what", parts->what);
        member(j, "why", parts->why);
        member(j, "hint", parts->hint);
    }
    json_group_end(j, '}');
}

void answer_put_error(struct answer *a, const char *name, const struct err *err)
{
    char text[2304];
    put_error(&a->j, name, span_of(err_text(err, text, sizeof text)), err);
}

/* PARTS may be NULL. */
static int tell(const char *base, bool json, struct span text, const struct err *parts)
{
    struct answer a;
    fflush(stdout);
    fprintf(stderr, "cserv: %.*s\n", SPAN_ARG(text));
    if (!json)
        return EXIT_REFUSED;
    answer_begin(&a, base);
    put_error(&a.j, "error", text, parts);
    (void)answer_end(&a);
    return EXIT_REFUSED;
}

int answer_error(const char *base, bool json, const struct err *err)
{
    char text[2304];
    return tell(base, json, span_of(err_text(err, text, sizeof text)), err);
}

int answer_failed(const char *base, bool json, struct span text)
{
    return tell(base, json, text, NULL);
}
