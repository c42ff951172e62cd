/* SPDX-License-Identifier: Apache-2.0
 * Clients of the control socket as a small state machine each: reading a line, waiting for the
 * answer, writing it. Driven by the loops of supervisor.c and control.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "supervisor/control_address.h"
#include "supervisor/control_set.h"

enum { READ_MS = 5000, WAIT_MS = 600000, WRITE_MS = 10000 };

enum client_state { CLIENT_FREE, CLIENT_READING, CLIENT_WAITING, CLIENT_WRITING };

struct client {
    enum client_state state;
    int fd;
    uint32_t id;          /* of its request */
    uint64_t deadline_us; /* of its state */
    struct buf bytes;     /* the request while reading, the answer while writing */
};
struct control_set {
    int listener;
    char *base;
    control_request_fn *fn;
    void *arg;
    uint32_t last_id;
    struct client clients[CONTROL_CLIENTS_MAX];
    struct client *watched[CONTROL_CLIENTS_MAX]; /* of the last control_set_watch, in its order */
};

static void enter(struct client *c, enum client_state state, uint32_t limit_ms)
{
    c->state = state;
    c->deadline_us = clock_us() + MS_TO_US(limit_ms);
}

static void drop(struct client *c)
{
    close(c->fd);
    buf_free(&c->bytes);
    *c = (struct client){.state = CLIENT_FREE, .fd = -1};
}

struct control_set *control_set_open(const char *base, control_request_fn *fn, void *arg,
                                     struct err *err)
{
    struct control_set *s = calloc(1, sizeof *s);
    if (s)
        s->base = strdup(base);
    if (!s || !s->base) {
        free(s);
        err_set(err, "out of memory");
        return NULL;
    }
    s->fn = fn;
    s->arg = arg;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        s->clients[i].fd = -1;
    s->listener = control_address_listen(base, err);
    if (s->listener < 0) {
        free(s->base);
        free(s);
        return NULL;
    }
    return s;
}

void control_set_close(struct control_set **s)
{
    if (!*s)
        return;
    control_address_remove((*s)->base);
    close((*s)->listener);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if ((*s)->clients[i].state != CLIENT_FREE)
            drop(&(*s)->clients[i]);
    free((*s)->base);
    free(*s);
    *s = NULL;
}

size_t control_set_watch(struct control_set *s, struct pollfd *fds, uint64_t *wake_us)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){.fd = s->listener, .events = POLLIN};
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];
        if (c->state == CLIENT_FREE)
            continue;
        s->watched[n - 1] = c;
        /* A waiting client is asked for nothing, but poll still tells when it hangs up. */
        short events = c->state == CLIENT_READING   ? POLLIN
                       : c->state == CLIENT_WRITING ? POLLOUT
                                                    : 0;
        fds[n++] = (struct pollfd){.fd = c->fd, .events = events};
        if (c->deadline_us < *wake_us)
            *wake_us = c->deadline_us;
    }
    return n;
}

static void write_some(struct client *c)
{
    while (buf_len(&c->bytes) > 0) {
        ssize_t n = send(c->fd, buf_data(&c->bytes), buf_len(&c->bytes), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0)
            break;
        buf_consume(&c->bytes, (size_t)n);
    }
    drop(c);
}

static void answer(struct client *c, int rc, struct span text)
{
    buf_clear(&c->bytes);
    if (!buf_append_str(&c->bytes, rc == 0 ? "OK " : "FAIL ") ||
        !buf_append_span(&c->bytes, text)) {
        drop(c);
        return;
    }
    enter(c, CLIENT_WRITING, WRITE_MS);
    write_some(c);
}

void control_set_answer(struct control_set *s, uint32_t id, int rc, struct span text)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (s->clients[i].state == CLIENT_WAITING && s->clients[i].id == id)
            answer(&s->clients[i], rc, text);
}

void control_set_fail_waiting(struct control_set *s, struct span text)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (s->clients[i].state == CLIENT_WAITING)
            answer(&s->clients[i], 1, text);
}

static bool is_plain_text(struct span line)
{
    for (size_t i = 0; i < line.n; i++)
        if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
            return false;
    return true;
}

/* The first line of the client's bytes is a request: hand it up. */
static void request(struct control_set *s, struct client *c, size_t length)
{
    char words[CONTROL_REQUEST_MAX];
    struct span line = span_trim(span_cut(buf_span(&c->bytes), 0, length));
    enter(c, CLIENT_WAITING, WAIT_MS);
    c->id = ++s->last_id;
    if (line.n == 0 || !is_plain_text(line)) {
        answer(c, 1, SPAN_LIT("a request is one line of words, such as \"status\""));
        return;
    }
    CHECK(line.n < sizeof words);
    memcpy(words, line.p, line.n);
    words[line.n] = '\0';
    s->fn(s->arg, c->id, words);
}

static void read_some(struct control_set *s, struct client *c)
{
    size_t have = buf_len(&c->bytes);
    if (!buf_reserve(&c->bytes, CONTROL_REQUEST_MAX - have)) {
        drop(c);
        return;
    }
    ssize_t n = recv(c->fd, c->bytes.mem + c->bytes.tail, CONTROL_REQUEST_MAX - have, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0 || (n == 0 && have == 0)) {
        drop(c);
        return;
    }
    buf_produced(&c->bytes, (size_t)n);
    size_t end = span_find(buf_span(&c->bytes), 0, '\n');
    if (end < buf_len(&c->bytes) || n == 0) /* its end closes the last line, too */
        request(s, c, end);
    else if (buf_len(&c->bytes) == CONTROL_REQUEST_MAX)
        answer(c, 1, SPAN_LIT("the request is longer than 4096 bytes"));
}

/* A place for a new client: a free one, else that of the oldest client that still owes its request
 * or does not take its answer. NULL: all wait for an answer of ours. */
static struct client *find_place(struct control_set *s)
{
    struct client *oldest = NULL;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];
        if (c->state == CLIENT_FREE)
            return c;
        if (c->state != CLIENT_WAITING && (!oldest || c->deadline_us < oldest->deadline_us))
            oldest = c;
    }
    if (oldest)
        drop(oldest);
    return oldest;
}

static void accept_one(struct control_set *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct client *c = find_place(s);
    if (!c) {
        static const char busy[] = "FAIL too many control requests are waiting; try again";
        (void)send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL);
        close(fd);
        return;
    }
    *c = (struct client){.fd = fd};
    enter(c, CLIENT_READING, READ_MS);
}

static void client_turn(struct control_set *s, struct client *c, short events)
{
    if (c->state == CLIENT_READING && events != 0)
        read_some(s, c);
    else if (c->state == CLIENT_WRITING && events != 0)
        write_some(c);
    else if (c->state == CLIENT_WAITING && (events & (POLLHUP | POLLERR)))
        drop(c);
}

void control_set_turn(struct control_set *s, const struct pollfd *fds, size_t count)
{
    CHECK(count >= 1 && count <= CONTROL_POLL_MAX);
    for (size_t i = 1; i < count; i++)
        if (s->watched[i - 1]->fd == fds[i].fd) /* else an answer has ended it in this turn */
            client_turn(s, s->watched[i - 1], fds[i].revents);
    uint64_t now = clock_us();
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (s->clients[i].state != CLIENT_FREE && s->clients[i].deadline_us <= now)
            drop(&s->clients[i]);
    if (fds[0].revents != 0) /* last, so that no new client takes the number of a watched one */
        accept_one(s);
}
