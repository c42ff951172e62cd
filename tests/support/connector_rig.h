/* SPDX-License-Identifier: Apache-2.0
 * A real connector on a loopback port with the engine of fake_engine.h behind it, and the little that a
 * client of it needs. A client that hears nothing for RIG_SILENCE seconds fails the test. Used by
 * tests/unit/connector. */
#ifndef SUPPORT_CONNECTOR_RIG_H
#define SUPPORT_CONNECTOR_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "connector/connector.h"
#include "connector/status.h"
#include "fake_engine.h"
#include "observe/counters.h"
#include "spool/spool.h"

#define RIG_SILENCE 3 /* seconds */

struct rig {
    struct engine engine;
    struct spool_options spool; /* what is 0 gets a value that no test reaches by accident */
    char folder[32];            /* of the spool */
    struct connector_options options;
    struct connector *connector;
    int listen_fd;
    uint16_t port;
};

static inline void rig_init(struct rig *r, void (*serve)(struct engine *e, struct exchange *x))
{
    *r = (struct rig){.engine = {.serve = serve}};
    r->options = (struct connector_options){
        .name = "test",
        .groups = 1,
        .max_connections = 100,
        .max_threads = 4,
        .min_spare_threads = 2,
        .max_queue_size = 100,
        .threads_max_idle_time = 60000,
        .connection_timeout = 20000,
        .keep_alive_timeout = 20000,
        .body_timeout = 20000,
        .send_timeout = 20000,
        .max_keep_alive_requests = -1,
        .max_uri_size = 8192,
        .max_header_size = 8192,
        .max_header_count = 100,
        .max_cookie_count = 200,
        .max_trailer_size = 8192,
        .max_extension_size = 8192,
        .max_swallow_size = 1 << 20,
        .body_memory = 65536,
        .max_body_size = 64 << 20,
        .output_memory = 65536,
        .encoded_solidus = URI_SOLIDUS_REJECT,
        .reject_suspicious_uris = true,
        .relaxed_path_chars = "",
        .relaxed_query_chars = "",
    };
}

static inline int rig_listen(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int at_once = 1; /* accepted sockets inherit it */
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static inline void rig_spool(struct rig *r, struct err *err)
{
    struct spool_options *o = &r->spool;
    snprintf(r->folder, sizeof(r->folder), "rig-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    o->folder = r->folder;
    o->max_memory = o->max_memory ? o->max_memory : UINT64_MAX / 4;
    o->max_bytes = o->max_bytes ? o->max_bytes : UINT64_MAX / 4;
    o->max_files = o->max_files ? o->max_files : 10000;
    r->options.spool = spool_new(o, err);
    if (!r->options.spool)
        fail_msg("%s", err->what);
}

static inline void rig_start(struct rig *r)
{
    struct err err = {.what = ""};
    rig_spool(r, &err);
    r->listen_fd = rig_listen(&r->port);
    r->options.engine = &r->engine;
    r->options.listen_fds = &r->listen_fd;
    r->options.listen_count = 1;
    r->connector = connector_new(&r->options, &err);
    if (!r->connector || !connector_start(r->connector, &err))
        fail_msg("%s", err.what);
}

/* All clients have gone, or are about to be told to. */
static inline void rig_stop(struct rig *r)
{
    connector_drain(r->connector);
    if (!connector_wait_empty(r->connector, RIG_SILENCE * 1000000u)) {
        struct connector_status s;
        connector_status(r->connector, &s);
        for (size_t i = 0; s.states[i].name; i++)
            if (s.states[i].value > 0)
                print_error("%llu connections in %s\n", (unsigned long long)s.states[i].value,
                            s.states[i].name);
        fail_msg("connections are left");
    }
    connector_stop(r->connector);
    connector_destroy(&r->connector);
    spool_destroy(&r->options.spool); /* checks that nothing is left */
    assert_int_equal(rmdir(r->folder), 0);
    assert_int_equal(r->engine.slots_taken, r->engine.slots_given);
}

static inline uint64_t rig_row(const struct connector_status_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows->value;
    fail_msg("no row %s", name);
    return 0;
}
/* Connections in STATE at the moment; those that ended for REASON so far. */
static inline uint64_t rig_in_state(struct rig *r, const char *state)
{
    struct connector_status s;
    connector_status(r->connector, &s);
    return rig_row(s.states, state);
}
static inline uint64_t rig_closed(struct rig *r, const char *reason)
{
    struct connector_status s;
    connector_status(r->connector, &s);
    return rig_row(s.closed, reason);
}

/* For what happens on other threads and tells nobody: looks every millisecond. */
#define rig_await(condition)                                      \
    do {                                                          \
        uint64_t rig_limit = clock_us() + RIG_SILENCE * 1000000u; \
        while (!(condition)) {                                    \
            if (clock_us() > rig_limit)                           \
                fail_msg("never came true: %s", #condition);      \
            poll(NULL, 0, 1);                                     \
        }                                                         \
    } while (0)

/* ---- clients ---- */

/* WINDOW: size of its receive buffer, so that few bytes fill it; 0: the usual. */
static inline int client_connect(const struct rig *r, int window)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(r->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval silence = {.tv_sec = RIG_SILENCE};
    int at_once = 1;
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence)), 0);
    if (window > 0) { /* with small segments: a window below one segment crawls by timers */
        int segment = 536;
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window)), 0);
        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)), 0);
    }
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static inline void client_send(int fd, const char *text)
{
    size_t n = strlen(text);
    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
}

/* The next bytes, at least 1; 0: end of stream; -1: reset. Silence fails. */
static inline ssize_t client_read(int fd, char *p, size_t n)
{
    ssize_t got = recv(fd, p, n, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        fail_msg("no byte came for %d s", RIG_SILENCE);
    return got;
}

static inline void client_expect(int fd, const char *text)
{
    size_t n = strlen(text), have = 0;
    char *got = calloc(1, n + 1);
    assert_non_null(got);
    while (have < n) {
        ssize_t more = client_read(fd, got + have, n - have);
        if (more <= 0)
            break;
        have += (size_t)more;
    }
    assert_string_equal(got, text);
    free(got);
}

static inline void client_expect_end(int fd)
{
    char c;
    assert_int_equal(client_read(fd, &c, 1), 0);
    close(fd);
}

/* Reads up to the empty line; keeps the head in HEAD. */
static inline void client_head(int fd, char *head, size_t size)
{
    size_t n = 0;
    do {
        assert_true(n + 1 < size);
        if (client_read(fd, head + n, 1) <= 0)
            fail_msg("the stream ended in the head: %.*s", (int)n, head);
        head[++n] = '\0';
    } while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
}

/* The length of the next chunk, whose bytes come next. */
static inline size_t client_chunk(int fd)
{
    char line[20];
    size_t n = 0;
    do {
        assert_true(n + 1 < sizeof(line) && client_read(fd, line + n, 1) == 1);
    } while (line[n++] != '\n');
    return strtoul(line, NULL, 16);
}

/* A whole answer with a Content-Length; gives the status. The body must be BODY. */
static inline unsigned client_answer(int fd, const char *body)
{
    char head[2048];
    client_head(fd, head, sizeof(head));
    const char *length = strstr(head, "Content-Length: ");
    assert_non_null(length);
    if (body)
        assert_int_equal(strtoul(length + 16, NULL, 10), strlen(body));
    if (body)
        client_expect(fd, body);
    return (unsigned)strtoul(head + 9, NULL, 10);
}

#endif
