/* SPDX-License-Identifier: Apache-2.0
 * The control socket from the outside: the client of the commands, and the server on a thread of
 * its own that `run --single` uses. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/path.h"
#include "base/thread.h"
#include "supervisor/control.h"
#include "supervisor/control_address.h"
#include "supervisor/control_set.h"
#include "supervisor/deadline.h"

struct control_server {
    struct control_set *set;
    struct thread thread;
    int wake; /* eventfd: written once, to end the thread */
    control_handler_fn *handler;
    void *arg;
};

static void serve_request(void *arg, uint32_t id, const char *words)
{
    struct control_server *s = arg;
    if (strcmp(words, "stop") == 0 || strncmp(words, "stop ", 5) == 0) {
        control_set_answer(s->set, id, 0, SPAN_LIT("stopping"));
        kill(getpid(), SIGTERM);
        return;
    }
    struct buf reply = BUF_EMPTY;
    int rc = s->handler(s->arg, words, &reply);
    control_set_answer(s->set, id, rc, buf_span(&reply));
    buf_free(&reply);
}

static void *serve(void *arg)
{
    struct control_server *s = arg;
    struct pollfd fds[1 + CONTROL_POLL_MAX];
    for (;;) {
        uint64_t wake_us = DEADLINE_NONE;
        fds[0] = (struct pollfd){.fd = s->wake, .events = POLLIN};
        size_t n = control_set_watch(s->set, fds + 1, &wake_us);
        if (poll(fds, (nfds_t)(n + 1), deadline_poll_ms(wake_us)) < 0)
            continue;
        if (fds[0].revents != 0)
            return NULL;
        control_set_turn(s->set, fds + 1, n);
    }
}

struct control_server *control_server_start(const char *base, control_handler_fn *handler,
                                            void *arg, struct err *err)
{
    struct control_server *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, "out of memory");
        return NULL;
    }
    s->handler = handler;
    s->arg = arg;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake < 0)
        err_sys(err, errno, "cannot make an event descriptor for the control socket");
    else
        s->set = control_set_open(base, serve_request, s, err);
    if (s->set && thread_start(&s->thread, "control", serve, s))
        return s;
    if (s->set)
        err_sys(err, errno, "cannot start the thread of the control socket");
    control_server_stop(&s);
    return NULL;
}

void control_server_stop(struct control_server **s)
{
    if (!*s)
        return;
    uint64_t one = 1;
    if ((*s)->wake >= 0 && write((*s)->wake, &one, sizeof one) == (ssize_t)sizeof one)
        thread_join(&(*s)->thread);
    control_set_close(&(*s)->set);
    if ((*s)->wake >= 0)
        close((*s)->wake);
    free(*s);
    *s = NULL;
}

/* Waits until FD is ready for EVENTS; false when the time is up. */
static bool wait_for(int fd, short events, uint64_t deadline_us)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, deadline_poll_ms(deadline_us));
        if (n > 0)
            return true;
        if (n == 0 && clock_us() >= deadline_us)
            return false;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

/* 0, or the errno of what failed. */
static int send_all(int fd, struct span out, uint64_t deadline_us)
{
    while (out.n > 0) {
        ssize_t n = send(fd, out.p, out.n, MSG_NOSIGNAL);
        if (n >= 0)
            out = span_from(out, (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
            return errno;
        else if (!wait_for(fd, POLLOUT, deadline_us))
            return ETIMEDOUT;
    }
    return 0;
}

static int receive_all(int fd, struct buf *in, uint64_t deadline_us)
{
    for (;;) {
        if (!buf_reserve(in, 4096))
            return ENOMEM;
        ssize_t n = recv(fd, in->mem + in->tail, buf_room(in), 0);
        if (n == 0)
            return 0;
        if (n > 0)
            buf_produced(in, (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
            return errno;
        else if (!wait_for(fd, POLLIN, deadline_us))
            return ETIMEDOUT;
    }
}

/* Takes "OK " or "FAIL " off ANSWER. */
static bool read_verdict(struct span *answer, int *rc)
{
    bool ok = span_starts(*answer, SPAN_LIT("OK "));
    if (!ok && !span_starts(*answer, SPAN_LIT("FAIL ")))
        return false;
    *rc = ok ? 0 : 1;
    *answer = span_from(*answer, ok ? 3 : 5);
    return true;
}

static enum control_result failed(int why, const char *base, struct err *err)
{
    err_sys(err, why, "the server of %s did not answer on its control socket", base);
    if (why == EACCES)
        err_hint(err,
                 "It answers the user who started it (and root): run the command as that user");
    else if (why == ETIMEDOUT)
        err_hint(err, "logs/cserv.log there tells what it is doing");
    else if (why == EPROTO)
        err_hint(err, "It may be another version of cserv: use the command it was started with");
    return CONTROL_ERROR;
}

enum control_result control_request(const char *base, const char *words, uint32_t timeout_ms,
                                    struct buf *reply, int *rc, struct err *err)
{
    uint64_t deadline_us = clock_us() + MS_TO_US(timeout_ms);
    int fd;
    /* EAGAIN: the socket's queue is full for a moment. */
    while ((fd = control_address_connect(base)) < 0 && errno == EAGAIN && clock_us() < deadline_us)
        poll(NULL, 0, 10);
    if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)) {
        err_set(err, "no server is running for the base %s", base);
        char word[400];
        if (path_shell_word(base, word, sizeof word))
            err_hint(err, "To start one, type: cserv start -b %s", word);
        return CONTROL_ABSENT;
    }
    if (fd < 0)
        return failed(errno, base, err);
    struct buf in = BUF_EMPTY;
    int why = send_all(fd, span_of(words), deadline_us);
    if (why == 0)
        why = send_all(fd, SPAN_LIT("\n"), deadline_us);
    if (why == 0)
        why = receive_all(fd, &in, deadline_us);
    close(fd);
    struct span answer = buf_span(&in);
    if (why == 0 && !read_verdict(&answer, rc))
        why = EPROTO;
    if (why == 0 && !buf_append_span(reply, answer))
        why = ENOMEM;
    buf_free(&in);
    return why == 0 ? CONTROL_ANSWERED : failed(why, base, err);
}
