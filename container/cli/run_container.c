/* SPDX-License-Identifier: Apache-2.0
 * Hands bound sockets to the container. Called by cmd_container.c and cmd_run.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/container.h"
#include "cli/run_container.h"

int run_container(const struct run_options *o)
{
    struct container_listener *listeners = calloc(o->count + 1, sizeof *listeners);
    if (!listeners) {
        fprintf(stderr, "cserv: out of memory\n");
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < o->count; i++) {
        struct listen_socket *from = &o->sockets[i];
        struct container_listener *to = &listeners[i];
        *to = (struct container_listener){
            .fd = from->fd, .connector = from->connector, .port = from->port};
        _Static_assert(sizeof to->address == sizeof from->address, "one address, two structs");
        memcpy(to->address, from->address, sizeof to->address);
        from->fd = -1;
    }
    const struct container_options options = {.config = o->config,
                                              .base = o->base,
                                              .home = o->home,
                                              .listeners = listeners,
                                              .listener_count = o->count,
                                              .supervisor_fd = o->supervisor_fd,
                                              .log_to_stdout = o->log_to_stdout,
                                              .json_fd = o->json_fd,
                                              .after_crash = o->after_crash};
    int code = container_run(&options);
    free(listeners);
    return code;
}
