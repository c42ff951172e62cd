/* SPDX-License-Identifier: Apache-2.0
 * `cserv stop`: asks for the end and waits until the process is gone. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "supervisor/control.h"
#include "supervisor/deadline.h"
#include "supervisor/pidfile.h"

enum {
    ASK_MS = 5000,
    MARGIN_MS = 5000, /* beyond --timeout: the server hurries and kills by itself */
    TIMEOUT_MAX_S = 86400
};

/* The process that serves BASE and a descriptor of it; *pid 0: none does. The second look makes
 * sure that the number was not given to another process in between. */
static bool find_server(const char *base, pid_t *pid, int *process, struct err *err)
{
    pid_t again;
    if (!pidfile_holder(base, pid, err) || *pid == 0)
        return *pid == 0 && err->what[0] == '\0';
    *process = pidfd_open(*pid, 0);
    int why = errno;
    if (!pidfile_holder(base, &again, err))
        return false;
    if (again != *pid)
        *pid = 0;
    else if (*process < 0)
        return err_sys(err, why, "cannot watch process %ld", (long)*pid);
    return true;
}

static void ask(const char *base, pid_t pid, int64_t limit_ms)
{
    char words[64] = "stop";
    struct buf reply = BUF_EMPTY;
    struct err err = ERR_INIT;
    int rc = 1;
    if (limit_ms >= 0)
        snprintf(words, sizeof words, "stop %" PRId64, limit_ms);
    enum control_result r = control_request(base, words, ASK_MS, &reply, &rc, &err);
    if (r != CONTROL_ANSWERED || rc != 0)
        kill(pid, SIGTERM); /* the signal means the same */
    buf_free(&reply);
}

static bool wait_for_end(int process, pid_t pid, const char *base, uint64_t deadline_us,
                         struct err *err)
{
    struct pollfd p = {.fd = process, .events = POLLIN};
    for (;;) {
        int n = poll(&p, 1, deadline_poll_ms(deadline_us));
        if (n > 0)
            return true;
        if (n == 0 && clock_us() >= deadline_us) {
            err_set(err, "process %ld was told to stop and still runs", (long)pid);
            return err_hint(err,
                            "%s/logs/cserv.log tells what it waits for; \"kill -9 %ld\" ends it",
                            base, (long)pid);
        }
    }
}

static int tell_stopped(const char *base, bool json, pid_t pid, uint64_t ms)
{
    struct answer a;
    if (!json && pid == 0) {
        printf("cserv is not running (base %s)\n", base);
        return EXIT_DONE;
    }
    if (!json) {
        printf("cserv stopped (pid %ld, base %s) in %" PRIu64 " ms\n", (long)pid, base, ms);
        return EXIT_DONE;
    }
    answer_begin(&a, base);
    json_string(&a.j, "state", SPAN_LIT("stopped"));
    json_raw(&a.j, "wasRunning", pid == 0 ? SPAN_LIT("false") : SPAN_LIT("true"));
    if (pid != 0) {
        json_int(&a.j, "pid", pid);
        json_int(&a.j, "ms", (int64_t)ms);
    }
    return answer_end(&a);
}

static int stop(const char *base, int64_t limit_ms, bool json, struct err *err)
{
    uint64_t started_us = clock_us(), deadline_us = DEADLINE_NONE;
    pid_t pid = 0;
    int process = -1;
    if (!find_server(base, &pid, &process, err))
        return answer_error(base, json, err);
    if (pid == 0) {
        if (process >= 0)
            close(process);
        return tell_stopped(base, json, 0, 0);
    }
    ask(base, pid, limit_ms);
    if (limit_ms >= 0)
        deadline_us = started_us + MS_TO_US(limit_ms + MARGIN_MS);
    bool ended = wait_for_end(process, pid, base, deadline_us, err);
    close(process);
    if (!ended)
        return answer_error(base, json, err);
    return tell_stopped(base, json, pid, (clock_us() - started_us) / 1000);
}

int cmd_stop(int argc, char **argv)
{
    const char *base_option, *timeout = NULL;
    int64_t seconds = -1;
    bool json = false;
    struct place place;
    struct err err = ERR_INIT;
    const struct option options[] = {
        {"--timeout", "SECONDS", "end requests that run longer than this", NULL, &timeout},
        {"--json", NULL, JSON_DOC, &json, NULL}};
    const struct usage usage = {
        "stop",
        "",
        "Ends the server in order: requests in flight are finished, within stopTimeout of "
        "server.xml\n"
        "or --timeout. Returns when the process is gone. A server that does not run is fine.",
        options,
        ARRAY_COUNT(options),
        0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (timeout && !option_number("--timeout", timeout, 0, TIMEOUT_MAX_S, &seconds, &err)) {
        (void)tell_error(&err);
        return EXIT_USAGE;
    }
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (!json)
        tell_base(place.base);
    place_note_missing(&place);
    return stop(place.base, seconds < 0 ? -1 : seconds * 1000, json, &err);
}
