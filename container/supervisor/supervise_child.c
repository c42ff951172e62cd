/* SPDX-License-Identifier: Apache-2.0
 * The supervisor's care for the container: start, datagrams, end, start again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "supervisor/spawn.h"
#include "supervisor/supervisor_priv.h"

/* So many containers may end without a word before the first is ready: with one more webapp found
 * guilty by the journal each time, that many starts can be worth it. */
enum { FAILURES_MAX = 8 };

void child_signal(struct supervisor *s, int sig)
{
    if (s->child.pid > 0)
        kill(s->child.pid, sig);
}

static void give_up(struct supervisor *s, const char *why)
{
    s->done = true;
    err_set(&s->err, "the server could not start");
    err_why(&s->err, "%s", why);
    supervisor_say(s, LOG_ERROR, "the server could not start: %s", why);
}

/* PID was killed and will be reaped some time later. */
static void remember(struct supervisor *s, pid_t pid)
{
    for (size_t i = 0; pid > 0 && i < FORMER_MAX; i++) {
        if (s->former[i] == 0) {
            s->former[i] = pid;
            return;
        }
    }
}

static bool forget(struct supervisor *s, pid_t pid)
{
    for (size_t i = 0; i < FORMER_MAX; i++) {
        if (s->former[i] == pid) {
            s->former[i] = 0;
            return true;
        }
    }
    return false;
}

/* No container lives: decides when the next one is due. */
static void child_ended(struct supervisor *s, const char *how)
{
    struct child was = s->child;
    if (was.fd >= 0)
        close(was.fd);
    if (!was.reaped)
        remember(s, was.pid);
    s->child = (struct child){.fd = -1};
    s->status.container = 0;
    control_set_fail_waiting(s->control, SPAN_LIT("the container ended before it answered"));
    if (s->status.state == STATE_STOPPING) {
        s->done = true;
        return;
    }
    s->status.state = STATE_STARTING;
    s->status.restarts++;
    snprintf(s->status.last_end, sizeof s->status.last_end, "%s", s->failed[0] ? s->failed : how);
    if (!s->served && (s->failed[0] != '\0' || ++s->failures >= FAILURES_MAX)) {
        give_up(s, s->status.last_end);
        return;
    }
    uint64_t served_us = was.ready ? clock_us() - was.ready_us : 0;
    uint32_t wait_ms = backoff_after(&s->backoff, was.ready, served_us);
    s->start_at_us = clock_us() + MS_TO_US(wait_ms);
    supervisor_say(s, LOG_ERROR, "%s; the next container is started in %u ms", s->status.last_end,
                   (unsigned)wait_ms);
    tell_status(s, s->status.last_end);
}

void child_start(struct supervisor *s)
{
    struct spawn_options o = {.base = s->o->base,
                              .home = s->o->home,
                              .sockets = s->sockets,
                              .count = s->count,
                              .log_to_stdout = s->o->log_to_stdout,
                              .after_crash = s->after_crash};
    struct err err = ERR_INIT;
    s->start_at_us = DEADLINE_NONE;
    s->failed[0] = '\0';
    s->child = (struct child){.fd = -1};
    if (!spawn_container(&o, &s->child.pid, &s->child.fd, &err)) {
        char text[512];
        child_ended(s, err_text(&err, text, sizeof text));
        return;
    }
    s->status.container = s->child.pid;
}

/* "<webapps serving> <refused>" */
static void became_ready(struct supervisor *s, struct span numbers)
{
    struct span piece;
    uint64_t webapps = 0, refused = 0;
    if (s->child.ready || !span_split(&numbers, ' ', &piece) ||
        !span_to_u64(piece, UINT32_MAX, &webapps) || !span_to_u64(numbers, UINT32_MAX, &refused)) {
        supervisor_say(s, LOG_WARN, "container %ld sent \"ready\" twice or wrongly; ignored",
                       (long)s->child.pid);
        return;
    }
    s->child.ready = true;
    s->child.ready_us = clock_us();
    s->status.webapps = (uint32_t)webapps;
    s->status.refused = (uint32_t)refused;
    if (s->status.state == STATE_STARTING)
        s->status.state = STATE_RUNNING;
    bool first = !s->served;
    s->served = true;
    if (s->status.state == STATE_RUNNING)
        tell_ready(s);
    if (first && s->o->ready && s->status.state == STATE_RUNNING) {
        s->status.uptime_ms = (clock_us() - s->started_us) / 1000;
        s->o->ready(s->o->arg, &s->status, s->sockets, s->count);
    } else if (!first) {
        supervisor_say(s, LOG_INFO, "container %ld serves in its place", (long)s->child.pid);
    }
}

static void reopened(struct supervisor *s)
{
    if (s->reloading && s->status.state == STATE_RUNNING)
        tell_ready(s);
}

/* Keeps the reason, made fit to be printed. */
static void said_failed(struct supervisor *s, struct span text)
{
    struct span fits = span_cut(text, 0, sizeof s->failed - 1);
    for (size_t i = 0; i < fits.n; i++) {
        unsigned char c = (unsigned char)fits.p[i];
        s->failed[i] = (char)(c < ' ' || c == 0x7f ? ' ' : c);
    }
    s->failed[fits.n] = '\0';
}

static void datagram(struct supervisor *s, struct span d)
{
    if (span_starts(d, SPAN_LIT("ready ")))
        became_ready(s, span_from(d, 6));
    else if (span_starts(d, SPAN_LIT("failed ")))
        said_failed(s, span_from(d, 7));
    else if (span_starts(d, SPAN_LIT("reply ")))
        control_replied(s, span_from(d, 6));
    else if (span_eq(d, SPAN_LIT("reopened")))
        reopened(s);
    else
        supervisor_say(s, LOG_WARN, "container %ld sent a message nobody knows; ignored",
                       (long)s->child.pid);
}

/* Reads one datagram of any size. 1: done, 0: none is there now, -1: EOF. */
static int read_one(struct supervisor *s)
{
    char first;
    ssize_t n = recv(s->child.fd, &first, 1, MSG_PEEK | MSG_TRUNC);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (n == 0)
        return -1;
    struct buf in = BUF_EMPTY;
    if (!buf_reserve(&in, (size_t)n)) {
        (void)recv(s->child.fd, &first, 1, 0); /* lost: its client will give up waiting */
        return 1;
    }
    n = recv(s->child.fd, in.mem, (size_t)n, 0);
    if (n > 0)
        datagram(s, span_make(in.mem, (size_t)n));
    buf_free(&in);
    return n > 0 ? 1 : -1;
}

void child_readable(struct supervisor *s)
{
    int got;
    while (s->child.fd >= 0 && (got = read_one(s)) != 0) {
        if (got > 0)
            continue;
        close(s->child.fd);
        s->child.fd = -1;
        if (s->status.state == STATE_STOPPING)
            return; /* its process ends next */
        /* It is crashing, or has lost the way to us: its port must not wait for the process to be
         * gone. One that never was ready still owes us how it ended: child_reap takes it. */
        child_signal(s, SIGKILL);
        if (s->child.ready) {
            char how[64];
            snprintf(how, sizeof how, "container %ld ended", (long)s->child.pid);
            s->after_crash = true; /* what served is not "trying"; what hung in a hook still is */
            child_ended(s, how);
        }
    }
}

static void describe_end(pid_t pid, int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "container %ld was ended by signal %d (%s)", (long)pid,
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "container %ld ended unasked with exit code %d", (long)pid,
                 WEXITSTATUS(status));
}

/* Besides containers, as process 1 of a (Linux) container: what webapps' processes have left behind. */
void child_reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        char how[128];
        describe_end(pid, status, how, sizeof how);
        if (pid == s->child.pid)
            child_readable(s); /* its last words, and EOF */
        if (pid == s->child.pid) {
            /* SIGKILL came from outside: it says nothing about what the container was doing. */
            s->after_crash = !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            s->child.reaped = true;
            child_ended(s, how);
        } else if (forget(s, pid) && s->status.state != STATE_STOPPING) {
            supervisor_say(s, LOG_ERROR, "%s", how);
            snprintf(s->status.last_end, sizeof s->status.last_end, "%s", how);
        }
    }
}
