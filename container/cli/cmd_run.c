/* SPDX-License-Identifier: Apache-2.0
 * `cserv run`: the server in the foreground, with its supervisor, or without one (--single) for
 * debuggers. */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/permissions.h"
#include "cli/place.h"
#include "cli/read_config.h"
#include "cli/run_container.h"
#include "cli/serving.h"
#include "observe/log.h"
#include "supervisor/pidfile.h"
#include "supervisor/supervisor.h"

struct run {
    const struct place *place;
    uint64_t started_us;
    bool json;
    int json_fd; /* the real stdout, for the object alone; -1 without --json */
};

static int failed(const struct run *run, const struct err *err)
{
    if (run->json_fd >= 0)
        (void)answer_back(run->json_fd);
    return answer_error(run->place->base, run->json, err);
}

static void ready(void *arg, const struct server_status *status,
                  const struct listen_socket *sockets, size_t count)
{
    const struct run *run = arg;
    uint64_t ms = (clock_us() - run->started_us) / 1000;
    serving_print(status, sockets, count, run->place->base, ms, run->json_fd);
}

static int run_supervised(struct run *run, const struct server_config *config, struct err *err)
{
    const struct supervisor_options o = {.config = config,
                                         .base = run->place->base,
                                         .home = run->place->home,
                                         .log_to_stdout = true,
                                         .ready = ready,
                                         .arg = run};
    return supervisor_run(&o, err) ? EXIT_DONE : failed(run, err);
}

static int run_single(const struct run *run, const struct server_config *config, struct err *err)
{
    const struct place *place = run->place;
    struct listen_socket *sockets;
    size_t count;
    umask(0027);
    struct pidfile *pidfile = pidfile_take(place->base, SUPERVISOR_WAIT_MS, err);
    if (!pidfile)
        return failed(run, err);
    int code;
    if (listen_open(config, SUPERVISOR_WAIT_MS, &sockets, &count, err)) {
        const struct run_options o = {.config = config,
                                      .base = place->base,
                                      .home = place->home,
                                      .sockets = sockets,
                                      .count = count,
                                      .supervisor_fd = -1,
                                      .log_to_stdout = true,
                                      .json_fd = run->json_fd};
        code = run_container(&o);
        listen_close(&sockets, &count);
    } else {
        code = failed(run, err);
    }
    pidfile_drop(&pidfile);
    return code;
}

/* As process 1 a signal that nobody has asked for yet would be lost; blocked, it waits for whoever takes
 * signals over. Otherwise it ends us, as it should. */
static void keep_stop_signals(void)
{
    sigset_t stop;
    if (getpid() != 1)
        return;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
}

static int serve(struct run *run, bool single, bool insecure)
{
    struct server_config config;
    struct err err = ERR_INIT;
    const struct place *place = run->place;
    if (run->json && !answer_aside(&run->json_fd))
        return answer_failed(place->base, false, SPAN_LIT("stdout cannot be set aside"));
    if (!place_open(place, &err) || !serving_absent(place->base, &err))
        return failed(run, &err);
    if (!single) /* the container reads the file again and tells its warnings in the log */
        log_set_level(LOG_ROOM_config, LOG_ERROR);
    if (!read_config(&config, place->base, place->home, &err))
        return failed(run, &err);
    int code;
    if (!insecure && !permissions_check(place, &config, &err))
        code = failed(run, &err);
    else
        code = single ? run_single(run, &config, &err) : run_supervised(run, &config, &err);
    server_config_free(&config);
    return code;
}

int cmd_run(int argc, char **argv)
{
    bool single = false, insecure = false;
    const char *base_option;
    struct place place;
    struct err err = ERR_INIT;
    struct run run = {.place = &place, .started_us = clock_us(), .json_fd = -1};
    const struct option options[] = {
        {"--single", NULL, "one process, no supervisor: for gdb", &single, NULL},
        {"--json", NULL, "tell the start as one JSON object; the log goes to stderr", &run.json,
         NULL},
        {PERMISSIONS_OPTION, NULL, PERMISSIONS_DOC, &insecure, NULL}};
    const struct usage usage = {"run",
                                "",
                                "Serves in the foreground, with the log on stdout too. Ctrl-C or "
                                "SIGTERM ends it in order, a\n"
                                "second one hurries. SIGHUP opens the log files anew.",
                                options,
                                ARRAY_COUNT(options),
                                0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    keep_stop_signals();
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (!run.json)
        tell_base(place.base);
    return serve(&run, single, insecure);
}
