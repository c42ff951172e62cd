/* SPDX-License-Identifier: Apache-2.0
 * `cserv run`: the server in the foreground, with its supervisor, or without one (--single) for
 * debuggers. */
#include <stdio.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/options.h"
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
};

static void ready(void *arg, const struct server_status *status,
                  const struct listen_socket *sockets, size_t count)
{
    const struct run *run = arg;
    uint64_t ms = (clock_us() - run->started_us) / 1000;
    serving_print(status, sockets, count, run->place->base, ms);
}

static int run_supervised(struct run *run, const struct server_config *config, struct err *err)
{
    const struct supervisor_options o = {.config = config,
                                         .base = run->place->base,
                                         .home = run->place->home,
                                         .log_to_stdout = true,
                                         .ready = ready,
                                         .arg = run};
    return supervisor_run(&o, err) ? EXIT_DONE : tell_error(err);
}

static int run_single(const struct place *place, const struct server_config *config,
                      struct err *err)
{
    struct listen_socket *sockets;
    size_t count;
    umask(0027);
    struct pidfile *pidfile = pidfile_take(place->base, SUPERVISOR_WAIT_MS, err);
    if (!pidfile)
        return tell_error(err);
    int code;
    if (listen_open(config, SUPERVISOR_WAIT_MS, &sockets, &count, err)) {
        const struct run_options o = {.config = config,
                                      .base = place->base,
                                      .home = place->home,
                                      .sockets = sockets,
                                      .count = count,
                                      .supervisor_fd = -1,
                                      .log_to_stdout = true};
        code = run_container(&o);
        listen_close(&sockets, &count);
    } else {
        code = tell_error(err);
    }
    pidfile_drop(&pidfile);
    return code;
}

int cmd_run(int argc, char **argv)
{
    bool single = false;
    const char *base_option;
    struct place place;
    struct server_config config;
    struct err err = ERR_INIT;
    struct run run = {.place = &place, .started_us = clock_us()};
    const struct option options[] = {
        {"--single", NULL, "one process, no supervisor: for gdb", &single, NULL}};
    const struct usage usage = {"run",
                                "",
                                "Serves in the foreground, with the log on stdout too. Ctrl-C or "
                                "SIGTERM ends it in order, a\n"
                                "second one hurries. SIGHUP opens the log files anew.",
                                options,
                                1,
                                0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_open(&place, base_option, &err) || !serving_absent(place.base, &err))
        return tell_error(&err);
    if (!single) /* the container reads the file again and tells its warnings in the log */
        log_set_level(LOG_ROOM_config, LOG_ERROR);
    if (!read_config(&config, place.base, place.home, &err))
        return tell_error(&err);
    code = single ? run_single(&place, &config, &err) : run_supervised(&run, &config, &err);
    server_config_free(&config);
    return code;
}
