/* SPDX-License-Identifier: Apache-2.0
 * The hidden command with which the supervisor starts a container: reads the configuration, takes
 * up the inherited sockets, serves. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "cli/commands.h"
#include "cli/container.h"
#include "cli/options.h"
#include "cli/read_config.h"
#include "cli/run_container.h"
#include "observe/log.h"
#include "supervisor/spawn.h"

/* The reason goes to the supervisor, which tells it to whoever waits for the start. */
static int failed(int supervisor_fd, const struct err *err)
{
    char text[2304], message[2320];
    err_text(err, text, sizeof text);
    int n = snprintf(message, sizeof message, "failed %s", text);
    (void)send(supervisor_fd, message, (size_t)n, MSG_NOSIGNAL);
    return EXIT_REFUSED;
}

static int serve(struct spawned *s, struct server_config *config, struct err *err)
{
    struct listen_socket *sockets;
    size_t count;
    if (!spawn_match(s, config, &sockets, &count, err))
        return failed(s->supervisor_fd, err);
    const struct run_options o = {.config = config,
                                  .base = s->base,
                                  .home = s->home,
                                  .sockets = sockets,
                                  .count = count,
                                  .supervisor_fd = s->supervisor_fd,
                                  .json_fd = -1,
                                  .log_to_stdout = s->log_to_stdout,
                                  .after_crash = s->after_crash};
    int code = run_container(&o);
    listen_close(&sockets, &count);
    return code;
}

int cmd_container(int argc, char **argv)
{
    struct spawned s;
    struct server_config config;
    struct err err = ERR_INIT;
    if (!spawn_parse(argc, argv, &s, &err)) {
        (void)tell_error(&err);
        return EXIT_USAGE;
    }
    int code;
    if (!container_start_log(s.base, s.log_to_stdout, &err) ||
        !read_config(&config, s.base, s.home, &err)) {
        code = failed(s.supervisor_fd, &err);
    } else {
        code = serve(&s, &config, &err);
        server_config_free(&config);
    }
    log_stop();
    close(s.supervisor_fd);
    spawned_free(&s);
    return code;
}
