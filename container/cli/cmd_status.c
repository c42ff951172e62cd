/* SPDX-License-Identifier: Apache-2.0
 * `cserv status`: exit code 0 when a server runs, 1 when none does. The supervisor tells about itself
 * even while no container lives; what the container counts is asked for afterwards. */
#include <inttypes.h>
#include <stdio.h>
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/serving.h"
#include "supervisor/control.h"
#include "supervisor/status.h"

enum { ASK_MS = 5000, METRICS_MS = 2000 };

/* What the container tells, or nothing: it may be starting, or not answer. */
static void ask_metrics(const char *base, const struct server_status *s, bool json,
                        struct buf *metrics)
{
    struct err err = ERR_INIT;
    int rc = 1;
    if (s->container == 0 || s->state == STATE_STARTING)
        return;
    const char *words = json ? "metrics --json" : "metrics";
    if (control_request(base, words, METRICS_MS, metrics, &rc, &err) != CONTROL_ANSWERED || rc != 0)
        buf_clear(metrics);
}

/* METRICS is an object, or empty; its members become members here. */
static int print_json(const char *base, const struct server_status *s, struct span urls,
                      struct span metrics)
{
    struct answer a;
    answer_begin(&a, base);
    if (s) {
        serving_json(s, urls, &a.j);
        json_int(&a.j, "restarts", s->restarts);
        json_int(&a.j, "uptimeMs", (int64_t)s->uptime_ms);
        json_string(&a.j, "lastEnd", span_of(s->last_end));
        if (metrics.n > 2)
            json_raw(&a.j, NULL, span_cut(metrics, 1, metrics.n - 2));
    } else {
        json_string(&a.j, "state", SPAN_LIT("stopped"));
    }
    return answer_end(&a);
}

static void print_text(const char *base, const struct server_status *s, struct span urls,
                       struct span metrics)
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
    printf("%.*s", SPAN_ARG(metrics));
}

static int tell_answer(const char *base, bool json, struct span answer)
{
    struct buf urls = BUF_EMPTY, metrics = BUF_EMPTY;
    struct server_status s;
    int code = EXIT_REFUSED;
    if (!status_read(answer, &s, &urls)) {
        struct err err = ERR_INIT;
        err_set(&err, "the answer of the server of %s cannot be read", base);
        err_why(&err, "it may be another version of cserv than this command (" CSERV_VERSION ")");
        err_hint(&err, "Use the command it was started with, or stop and start it");
        (void)answer_error(base, json, &err);
    } else {
        code = EXIT_DONE;
        ask_metrics(base, &s, json, &metrics);
        if (json)
            code = print_json(base, &s, buf_span(&urls), buf_span(&metrics));
        else
            print_text(base, &s, buf_span(&urls), buf_span(&metrics));
    }
    buf_free(&urls);
    buf_free(&metrics);
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
        (void)answer_failed(base, json, buf_span(&reply));
    else if (r == CONTROL_ERROR)
        (void)answer_error(base, json, err);
    else if (json)
        (void)print_json(base, NULL, SPAN_NONE, SPAN_NONE);
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
    const struct option options[] = {{"--json", NULL, JSON_DOC, &json, NULL}};
    const struct usage usage = {"status",
                                "",
                                "Prints whether a server runs for the base, where it serves, how "
                                "it has fared and what its\n"
                                "connections and threads do now. Exit code 0: one runs, 1: none "
                                "does.",
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
    return status(place.base, json, &err);
}
