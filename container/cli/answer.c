/* SPDX-License-Identifier: Apache-2.0
 * JSON answers and failures of commands: see answer.h. */
#include "cli/answer.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"

void answer_begin(struct answer *a, const char *base)
{
    a->out = BUF_EMPTY;
    a->j = json_begin(&a->out);
    json_group(&a->j, NULL, '{');
    json_string(&a->j, "base", span_of(base));
}

int answer_end(struct answer *a)
{
    json_group_end(&a->j, '}');
    bool ok = a->j.ok;
    if (ok)
        printf("%.*s\n", SPAN_ARG(buf_span(&a->out)));
    else
        fprintf(stderr, "cserv: out of memory\n");
    fflush(stdout);
    buf_free(&a->out);
    return ok ? EXIT_DONE : EXIT_REFUSED;
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
