/* SPDX-License-Identifier: Apache-2.0
 * The libmicrohttpd peer of tests/bench/run.sh: epoll, a pool of two threads, one constant answer made
 * once. Usage: microhttpd PORT; ends on SIGTERM. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    static int seen;
    (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (!*state) { /* called first with the head only */
        *state = &seen;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, cls);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: microhttpd PORT\n");
        return 2;
    }
    static char text[] = "Hello, World!";
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Response *hello =
        MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
    if (!hello || MHD_add_response_header(hello, "Content-Type", "text/plain") == MHD_NO)
        return 1;
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL, answer,
                         hello, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_THREAD_POOL_SIZE, 2u,
                         MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "microhttpd: cannot listen on port %s\n", argv[1]);
        return 1;
    }
    for (;;)
        pause();
}
