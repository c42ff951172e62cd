/* SPDX-License-Identifier: Apache-2.0
 * `cserv probe FILE`: loads a module in this process and prints what it declares. The server and
 * `inspect` run it in a child, so that a crashing constructor harms nobody; by hand it is for gdb. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "loader/probe.h"

int cmd_probe(int argc, char **argv)
{
    const char *base, *file, *as = NULL;
    const struct option options[] = {
        {"--as", "NAME", "the name to use in messages instead of FILE", NULL, &as}};
    const struct usage usage = {
        "probe",
        "FILE",
        "Loads a module into this process, within limits of time and memory, "
        "and prints what it\ndeclares. `inspect` does more and risks less.",
        options,
        1,
        1};
    struct buf said = BUF_EMPTY;
    struct err err = ERR_INIT;
    int code = options_parse(&usage, argc, argv, &base, &file);
    if (code >= 0)
        return code;
    if (!probe_here(file, as ? as : file, &said, &err)) {
        tell_error(&err);
        _exit(EXIT_REFUSED); /* its destructors may be as broken as it is */
    }
    printf("%.*s", SPAN_ARG(buf_span(&said)));
    fflush(stdout);
    buf_free(&said);
    _exit(EXIT_DONE);
}
