/* SPDX-License-Identifier: Apache-2.0
 * `cserv status`: exit code 0 when a server runs, 1 when none does. */
#include <inttypes.h>
#include <stdio.h>
#include "cli/commands.h"
#include "base/json.h"
#include "cli/options.h"
#include "cli/place.h"
#include "supervisor/control.h"
#include "supervisor/status.h"

enum { ASK_MS = 5000 };

static bool print_json(const char *base, const struct server_status *s, struct span urls)
{
    struct buf out = BUF_EMPTY;
    struct json j = json_begin(&out);
    struct span url;
    json_group(&j, NULL, '{');
    json_string(&j, "base", span_of(base));
    json_string(&j, "state", span_of(s ? status_state_name(s->state) : "stopped"));
    if (s) {
        json_int(&j, "pid", s->pid);
        json_int(&j, "container", s->container);
        json_group(&j, "urls", '[');
        while (span_split(&urls, '\n', &url))
            if (url.n > 0) /* without "on all addresses" */
                json_string(&j, NULL, span_cut(url, 0, span_find(url, 0, ' ')));
        json_group_end(&j, ']');
        json_int(&j, "webapps", s->webapps);
        json_int(&j, "refused", s->refused);
        json_int(&j, "restarts", s->restarts);
        json_int(&j, "uptimeMs", (int64_t)s->uptime_ms);
        json_string(&j, "lastEnd", span_of(s->last_end));
    }
    json_group_end(&j, '}');
    if (j.ok)
        printf("%.*s\n", SPAN_ARG(buf_span(&out)));
    buf_free(&out);
    return j.ok;
}

static void print_text(const char *base, const struct server_status *s, struct span urls)
{
    struct span url;
    printf("cserv " CSERV_VERSION " is %s (pid %ld, container %ld)\n", status_state_name(s->state),
           (long)s->pid, (long)s->container);
    while (span_split(&urls, '\n', &url))
        if (url.n > 0)
            printf("%.*s\n", SPAN_ARG(url));
    printf("webapps: %" PRIu32 ", refused: %" PRIu32, s->webapps, s->refused);
    if (s->refused > 0)
        printf(" (see %s/logs/cserv.log)", base);
    printf("\nup: %" PRIu64 " s, restarts: %" PRIu32 "\n", s->uptime_ms / 1000, s->restarts);
    if (s->last_end[0] != '\0')
        printf("last restart: %s\n", s->last_end);
}

static int tell_answer(const char *base, bool json, struct span answer)
{
    struct buf urls = BUF_EMPTY;
    struct server_status s;
    int code = EXIT_REFUSED;
    if (!status_read(answer, &s, &urls)) {
        fprintf(stderr, "cserv: the server's answer cannot be read: is it another version?\n");
    } else if (json) {
        code = print_json(base, &s, buf_span(&urls)) ? EXIT_DONE : EXIT_REFUSED;
    } else {
        print_text(base, &s, buf_span(&urls));
        code = EXIT_DONE;
    }
    buf_free(&urls);
    return code;
}

static int status(const char *base, bool json, struct err *err)
{
    struct buf reply = BUF_EMPTY;
    int rc = 1, code = EXIT_REFUSED;
    enum control_result r = control_request(base, "status", ASK_MS, &reply, &rc, err);
    if (r == CONTROL_ANSWERED && rc == 0)
        code = tell_answer(base, json, buf_span(&reply));
    else if (r == CONTROL_ANSWERED)
        fprintf(stderr, "cserv: %.*s\n", SPAN_ARG(buf_span(&reply)));
    else if (r == CONTROL_ERROR)
        (void)tell_error(err);
    else if (json)
        (void)print_json(base, NULL, SPAN_NONE);
    else
        printf("cserv is not running\n");
    buf_free(&reply);
    return code;
}

int cmd_status(int argc, char **argv)
{
    bool json = false;
    const char *base_option;
    struct place place;
    struct err err = ERR_INIT;
    const struct option options[] = {{"--json", NULL, "as one JSON object", &json, NULL}};
    const struct usage usage = {"status",
                                "",
                                "Prints whether a server runs for the base, where it serves and "
                                "how it has fared. Exit code\n"
                                "0: one runs, 1: none does.",
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
    return status(place.base, json, &err);
}
