/* SPDX-License-Identifier: Apache-2.0
 * `cserv start`: makes a daemon of the supervisor and waits until its first container is ready.
 * The daemon reports once through a pipe: "OK " and the lines of status.h, or "FAIL " and the
 * reason. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/path.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/permissions.h"
#include "cli/place.h"
#include "cli/read_config.h"
#include "cli/serving.h"
#include "observe/log.h"
#include "supervisor/output.h"
#include "supervisor/supervisor.h"

enum { REPORT_FD = 3 };

struct wish {
    struct place place;
    bool json, insecure;
};

static void report(struct span verdict, struct span text)
{
    struct buf out = BUF_EMPTY;
    if (buf_append_span(&out, verdict) && buf_append_span(&out, text))
        (void)!write(REPORT_FD, buf_data(&out), buf_len(&out));
    buf_free(&out);
    close(REPORT_FD);
}

static void ready(void *arg, const struct server_status *status,
                  const struct listen_socket *sockets, size_t count)
{
    (void)arg;
    struct buf lines = BUF_EMPTY;
    if (status_write(status, sockets, count, &lines))
        report(SPAN_LIT("OK "), buf_span(&lines));
    buf_free(&lines);
}

/* Leaves the caller's terminal, pipes and files: nobody who reads from them waits for us. */
static bool leave_caller(const struct place *place, int report_fd, struct err *err)
{
    if (report_fd != REPORT_FD && dup2(report_fd, REPORT_FD) < 0)
        return err_sys(err, errno, "cannot keep the pipe to the starting command");
    (void)fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    (void)close_range(REPORT_FD + 1, UINT_MAX, 0);
    umask(0027);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0)
        return err_sys(err, errno, "cannot leave the terminal");
    close(null);
    if (!output_take(place->base, err))
        return false;
    return chdir(place->base) == 0 || err_sys(err, errno, "cannot go to %s", place->base);
}

static bool serve(const struct wish *w, int report_fd, struct err *err)
{
    const struct place *place = &w->place;
    struct server_config config;
    if (!leave_caller(place, report_fd, err))
        return false;
    /* The container reads the file again and tells its warnings in the log. */
    log_set_level(LOG_ROOM_config, LOG_ERROR);
    if (!read_config(&config, place->base, place->home, err))
        return false;
    const struct supervisor_options o = {
        .config = &config, .base = place->base, .home = place->home, .ready = ready};
    bool good = (w->insecure || permissions_check(place, &config, err)) && supervisor_run(&o, err);
    server_config_free(&config);
    return good;
}

/* In the first child: the daemon itself is its child, so that it can get no terminal again and
 * nobody has to wait for it. */
static _Noreturn void become_daemon(const struct wish *w, int report_fd)
{
    char text[2304];
    struct err err = ERR_INIT;
    setsid();
    pid_t daemon = fork();
    if (daemon != 0)
        _exit(daemon > 0 ? 0 : 1);
    if (serve(w, report_fd, &err))
        _exit(EXIT_DONE);
    err_text(&err, text, sizeof text);
    fprintf(stderr, "cserv: %s\n", text); /* in logs/cserv.out */
    report(SPAN_LIT("FAIL "), span_of(text));
    _exit(EXIT_REFUSED);
}

static bool read_report(int fd, struct buf *in)
{
    for (;;) {
        if (!buf_reserve(in, 4096))
            return false;
        ssize_t n = read(fd, in->mem + in->tail, buf_room(in));
        if (n == 0)
            return true;
        if (n > 0)
            buf_produced(in, (size_t)n);
        else if (errno != EINTR)
            return false;
    }
}

static int tell_report(struct span text, const char *base, uint64_t started_us, bool json)
{
    struct buf urls = BUF_EMPTY;
    struct server_status s;
    struct err err = ERR_INIT;
    int code = EXIT_REFUSED;
    if (span_starts(text, SPAN_LIT("FAIL "))) {
        (void)answer_failed(base, json, span_from(text, 5));
    } else if (span_starts(text, SPAN_LIT("OK ")) && status_read(span_from(text, 3), &s, &urls)) {
        code = serving_tell(&s, buf_span(&urls), base, (clock_us() - started_us) / 1000, json);
    } else {
        err_set(&err, "the server of %s ended before it was ready", base);
        err_hint(&err, "%s/logs/cserv.log and %s/logs/cserv.out tell more", base, base);
        (void)answer_error(base, json, &err);
    }
    buf_free(&urls);
    return code;
}

static int start(const struct wish *w, uint64_t started_us, struct err *err)
{
    int pipe_fds[2];
    fflush(stdout);
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        err_sys(err, errno, "cannot make a pipe");
        return answer_error(w->place.base, w->json, err);
    }
    pid_t child = fork();
    if (child == 0)
        become_daemon(w, pipe_fds[1]);
    int why = errno;
    close(pipe_fds[1]);
    if (child < 0) {
        close(pipe_fds[0]);
        err_sys(err, why, "cannot start a process for the server");
        return answer_error(w->place.base, w->json, err);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    struct buf in = BUF_EMPTY;
    bool got = read_report(pipe_fds[0], &in);
    close(pipe_fds[0]);
    int code = tell_report(got ? buf_span(&in) : SPAN_NONE, w->place.base, started_us, w->json);
    buf_free(&in);
    return code;
}

/* The caller's process ends, the server stays behind: as the first process of a container that would
 * end the whole container. */
static bool may_leave(struct err *err)
{
    if (getpid() != 1)
        return true;
    err_set(err, "this is process 1, with which its container ends");
    return err_hint(err, "Use \"cserv run\" there: it stays in the foreground");
}

int cmd_start(int argc, char **argv)
{
    uint64_t started_us = clock_us();
    struct wish w = {.json = false};
    const char *base_option;
    struct err err = ERR_INIT;
    const struct option options[] = {
        {"--json", NULL, JSON_DOC, &w.json, NULL},
        {PERMISSIONS_OPTION, NULL, PERMISSIONS_DOC, &w.insecure, NULL},
    };
    const struct usage usage = {
        "start",
        "",
        "Serves in the background. Returns when the port answers, or with the reason why it does "
        "not.\n"
        "What webapps print goes to logs/cserv.out. CSERV_PID names a further pid file.",
        options,
        ARRAY_COUNT(options),
        0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_resolve(&w.place, base_option, &err))
        return tell_error(&err);
    if (!w.json)
        tell_base(w.place.base);
    if (!may_leave(&err) || !place_open(&w.place, &err) || !serving_absent(w.place.base, &err))
        return answer_error(w.place.base, w.json, &err);
    return start(&w, started_us, &err);
}
