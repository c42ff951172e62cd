/* SPDX-License-Identifier: Apache-2.0
 * `cserv list`: the running server's webapps, as the container tells them. For --json its answer
 * is an array, which becomes a member of the object printed here. */
#include <stdio.h>
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "supervisor/control.h"

enum { ASK_MS = 10000 };

static int print_json(const char *base, struct span webapps)
{
    struct answer a;
    answer_begin(&a, base);
    json_raw(&a.j, "webapps", webapps);
    return answer_end(&a);
}

static int list(const char *base, bool json, struct err *err)
{
    struct buf reply = BUF_EMPTY;
    int rc = 1, code = EXIT_REFUSED;
    const char *words = json ? "list --json" : "list";
    if (control_request(base, words, ASK_MS, &reply, &rc, err) != CONTROL_ANSWERED)
        (void)answer_error(base, json, err);
    else if (rc != 0)
        (void)answer_failed(base, json, buf_span(&reply));
    else if (json)
        code = print_json(base, buf_span(&reply));
    else if (buf_len(&reply) == 0 || fwrite(buf_data(&reply), 1, buf_len(&reply), stdout) > 0)
        code = EXIT_DONE;
    buf_free(&reply);
    return code;
}

int cmd_list(int argc, char **argv)
{
    bool json = false;
    const char *base_option;
    struct place place;
    struct err err = ERR_INIT;
    const struct option options[] = {{"--json", NULL, JSON_DOC, &json, NULL}};
    const struct usage usage = {
        "list",
        "",
        "Prints one line per webapp of the running server, refused ones too:\n"
        "path:state:sessions:docBase version note",
        options,
        1,
        0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (!json)
        tell_base(place.base);
    place_note_missing(&place);
    return list(place.base, json, &err);
}
