/* SPDX-License-Identifier: Apache-2.0
 * The supervisor's loop: signals, container, control socket, deadlines. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/check.h"
#include "base/path.h"
#include "supervisor/output.h"
#include "supervisor/supervisor_priv.h"

/* From a hurried container's second SIGTERM to its SIGKILL. */
enum { HURRY_MS = 2000 };

void supervisor_say(struct supervisor *s, enum log_level level, const char *fmt, ...)
{
    char message[1024], folder[PATH_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    int copy = s->o->log_to_stdout ? STDOUT_FILENO : -1;
    bool logged = path_join(folder, sizeof folder, s->o->base, "logs") &&
                  log_alone(folder, copy, LOG_ROOM_supervisor, level, message);
    if (!logged && copy < 0)
        fprintf(stderr, "cserv: %s\n", message);
}

/* Logs are opened line by line; what is printed is not. */
static void reopen_output(struct supervisor *s)
{
    struct err err = ERR_INIT;
    if (!s->o->log_to_stdout && !output_take(s->o->base, &err))
        supervisor_say(s, LOG_WARN, "%s: %s", err.what, err.why);
}

void supervisor_stop(struct supervisor *s, uint64_t limit_ms)
{
    uint64_t now = clock_us();
    if (s->status.state != STATE_STOPPING) {
        int64_t ours = s->o->config->stop_timeout;
        s->status.state = STATE_STOPPING;
        s->start_at_us = DEADLINE_NONE;
        tell_stopping(s);
        if (ours >= 0)
            s->hurry_at_us = now + MS_TO_US(ours);
        child_signal(s, SIGTERM);
        if (s->child.pid == 0)
            s->done = true;
    }
    if (limit_ms <= UINT32_MAX && now + MS_TO_US(limit_ms) < s->hurry_at_us)
        s->hurry_at_us = now + MS_TO_US(limit_ms);
}

/* SIGTERM or SIGINT: the first stops, the second hurries, the third ends it. */
static void stop_by_signal(struct supervisor *s)
{
    if (s->status.state != STATE_STOPPING)
        supervisor_stop(s, UINT64_MAX);
    else if (s->kill_at_us == DEADLINE_NONE)
        supervisor_stop(s, 0);
    else
        s->kill_at_us = clock_us();
}

static void reload(struct supervisor *s)
{
    if (s->status.state == STATE_STOPPING)
        return;
    tell_reloading(s);
    child_signal(s, SIGHUP);
}

static void take_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        int sig = (int)info.ssi_signo;
        if (sig == SIGHUP)
            reopen_output(s);
        if (sig == SIGCHLD)
            child_reap(s);
        else if (sig == SIGHUP)
            reload(s);
        else if (sig == SIGQUIT)
            child_signal(s, sig);
        else
            stop_by_signal(s);
    }
}

static void check_deadlines(struct supervisor *s)
{
    uint64_t now = clock_us();
    if (now >= s->start_at_us && !s->done)
        child_start(s);
    if (now >= s->hurry_at_us) {
        s->hurry_at_us = DEADLINE_NONE;
        s->kill_at_us = now + MS_TO_US(HURRY_MS);
        supervisor_say(s, LOG_WARN, "the container is told to end at once: its time is over");
        child_signal(s, SIGTERM);
    }
    if (now >= s->kill_at_us) {
        s->kill_at_us = DEADLINE_NONE - 1; /* passed: neither hurried nor killed again */
        supervisor_say(s, LOG_WARN, "container %ld did not end and is killed", (long)s->child.pid);
        child_signal(s, SIGKILL);
    }
}

static uint64_t next_deadline(const struct supervisor *s)
{
    uint64_t next = s->start_at_us;
    next = s->hurry_at_us < next ? s->hurry_at_us : next;
    return s->kill_at_us < next ? s->kill_at_us : next;
}

static void loop(struct supervisor *s)
{
    struct pollfd fds[2 + CONTROL_POLL_MAX];
    while (!s->done) {
        uint64_t wake_us = next_deadline(s);
        fds[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = s->child.fd, .events = POLLIN};
        size_t n = control_set_watch(s->control, fds + 2, &wake_us);
        if (poll(fds, (nfds_t)(n + 2), deadline_poll_ms(wake_us)) < 0)
            continue;
        if (fds[1].revents != 0)
            child_readable(s);
        if (fds[0].revents != 0)
            take_signals(s);
        control_set_turn(s->control, fds + 2, n);
        check_deadlines(s);
    }
}

/* The signals the loop takes, as a descriptor. Inherited "ignored" states would hide the end of a
 * container (SIGCHLD) or be inherited by it. */
static bool take_over_signals(struct supervisor *s, struct err *err)
{
    static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_COUNT(ours); i++) {
        sigaddset(&set, ours[i]);
        signal(ours[i], SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, &s->former_mask);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals >= 0 || err_sys(err, errno, "cannot make the signal descriptor");
}

static bool set_up(struct supervisor *s, struct err *err)
{
    const struct supervisor_options *o = s->o;
    struct err ignored = ERR_INIT;
    umask(0027); /* for what webapps make; our own files have their modes whatever it is */
    if (!notify_open(&s->notify, &ignored)) {
        char text[1024];
        supervisor_say(s, LOG_WARN, "%s", err_text(&ignored, text, sizeof text));
    }
    s->pidfile = pidfile_take(o->base, SUPERVISOR_WAIT_MS, err);
    if (!s->pidfile || !listen_open(o->config, SUPERVISOR_WAIT_MS, &s->sockets, &s->count, err))
        return false;
    s->control = control_set_open(o->base, control_ask, s, err);
    return s->control && take_over_signals(s, err);
}

static void take_down(struct supervisor *s)
{
    if (s->child.pid > 0) /* only when giving up */
        child_signal(s, SIGKILL);
    listen_close(&s->sockets, &s->count);
    control_set_close(&s->control);
    if (s->signals >= 0) {
        close(s->signals);
        sigprocmask(SIG_SETMASK, &s->former_mask, NULL);
    }
    notify_close(&s->notify);
    pidfile_drop(&s->pidfile); /* last: who gets it finds everything else free */
}

bool supervisor_run(const struct supervisor_options *o, struct err *err)
{
    struct supervisor s = {.o = o,
                           .signals = -1,
                           .child = {.fd = -1},
                           .notify = {.fd = -1},
                           .started_us = clock_us(),
                           .start_at_us = DEADLINE_NONE,
                           .hurry_at_us = DEADLINE_NONE,
                           .kill_at_us = DEADLINE_NONE};
    s.status.pid = getpid();
    bool good = set_up(&s, err);
    if (good) {
        take_signals(&s); /* a stop that came meanwhile: nothing is started */
        if (!s.done)
            child_start(&s);
        loop(&s);
        good = s.err.what[0] == '\0';
        if (!good)
            *err = s.err;
    }
    take_down(&s);
    return good;
}
