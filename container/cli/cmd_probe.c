/* SPDX-License-Identifier: Apache-2.0
 * `cserv probe FILE`: loads a module in this process and prints what it declares. The server and
 * `inspect` run it in a child, so that a crashing constructor harms nobody; by hand it is for gdb. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "loader/probe.h"

static int print_json(const char *base, const char *file, struct span tables)
{
    struct answer a;
    struct span line;
    answer_begin(&a, base);
    json_string(&a.j, "file", span_of(file));
    json_group(&a.j, "tables", '[');
    while (span_split(&tables, '\n', &line))
        if (line.n > 0 && !span_ends(line, SPAN_LIT(" of the tables"))) /* for the server */
            json_string(&a.j, NULL, line);
    json_group_end(&a.j, ']');
    return answer_end(&a);
}

int cmd_probe(int argc, char **argv)
{
    const char *base_option, *file, *as = NULL;
    bool json = false;
    struct place place;
    const struct option options[] = {
        {"--as", "NAME", "the name to use in messages instead of FILE", NULL, &as},
        {"--json", NULL, JSON_DOC, &json, NULL}};
    const struct usage usage = {
        "probe",
        "FILE",
        "Loads a module into this process, within limits of time and memory, "
        "and prints what it\ndeclares. `inspect` does more and risks less.",
        options,
        ARRAY_COUNT(options),
        1};
    struct buf said = BUF_EMPTY;
    struct err err = ERR_INIT;
    int code = options_parse(&usage, argc, argv, &base_option, &file);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (!json && !as) /* with a name it is the server who reads this */
        tell_base(place.base);
    int kept = -1;
    /* What a module prints while it is loaded must not get among the object. */
    if (json && !answer_aside(&kept))
        return answer_failed(place.base, false, SPAN_LIT("stdout cannot be set aside"));
    bool good = probe_here(file, as ? as : file, &said, &err);
    if (json && !answer_back(kept))
        _exit(EXIT_REFUSED);
    if (!good) {
        (void)answer_error(place.base, json, &err);
        _exit(EXIT_REFUSED); /* its destructors may be as broken as it is */
    }
    code = EXIT_DONE;
    if (json)
        code = print_json(place.base, as ? as : file, buf_span(&said));
    else
        printf("%.*s", SPAN_ARG(buf_span(&said)));
    fflush(stdout);
    buf_free(&said);
    _exit(code);
}
