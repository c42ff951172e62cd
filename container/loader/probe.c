/* SPDX-License-Identifier: Apache-2.0
 * Both ends of the probe: see probe.h. posix_spawn, never fork: the parent has threads. */
#include "loader/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "loader/module.h"

#define OUTPUT_MAX (16u * 1024u * 1024u) /* more than the longest description */
/* The child's last line. Without it the module ended the child, whatever the exit code. */
#define COMPLETE "end of the tables\n"
/* And its first one: what stands before was printed by the module while it was loaded. */
#define BEGIN "begin of the tables\n"

/* ---- child ---- */

static void set_limits(void)
{
    const struct rlimit core = {0, 0}, memory = {PROBE_MEMORY, PROBE_MEMORY},
                        cpu = {PROBE_LIMIT_MS / 1000 + 1, PROBE_LIMIT_MS / 1000 + 1};
    setrlimit(RLIMIT_CORE, &core);
    if (PROBE_MEMORY > 0)
        setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &cpu);
}

static bool describe(const struct module *m, struct buf *out)
{
    bool ok = buf_append_str(out, BEGIN);
    for (uint32_t i = 0; ok && i < m->listener_count; i++)
        ok = buf_printf(out, "listener %s\n", m->listeners[i].name ? m->listeners[i].name : "-");
    for (uint32_t i = 0; ok && i < m->filter_count; i++) {
        const cs_filter *f = &m->filters[i];
        ok = buf_printf(out, "filter %s urls \"%s\" servlets \"%s\"\n", f->name,
                        f->url_patterns ? f->url_patterns : "",
                        f->servlet_names ? f->servlet_names : "");
    }
    for (uint32_t i = 0; ok && i < m->servlet_count; i++) {
        const cs_servlet *s = &m->servlets[i];
        ok = buf_printf(out, "servlet %s urls \"%s\"\n", s->name,
                        s->url_patterns ? s->url_patterns : "");
    }
    for (uint32_t i = 0; ok && i < m->valve_count; i++) {
        const cs_valve *v = &m->valves[i];
        ok = buf_printf(out, "valve %s classes \"%s\"\n", v->name, v->aliases ? v->aliases : "");
    }
    return ok && buf_append_str(out, COMPLETE);
}

bool probe_here(const char *mapped, const char *file, struct buf *out, struct err *err)
{
    struct module m;
    char here[1024];
    /* A name without '/' would be looked for in library folders. */
    snprintf(here, sizeof(here), "%s%s", strchr(mapped, '/') ? "" : "./", mapped);
    set_limits();
    if (!module_open(&m, here, file, err))
        return false;
    bool ok = describe(&m, out);
    module_close(&m);
    return ok || err_set(err, "out of memory");
}

/* ---- parent ---- */

static bool spawn(const char *mapped, const char *file, int write_fd, pid_t *pid, struct err *err)
{
    char program[] = "/proc/self/exe", command[] = "probe", as[] = "--as";
    char *argv[] = {program, command, (char *)(uintptr_t)mapped, as, (char *)(uintptr_t)file, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, standard;
    sigemptyset(&none);
    sigfillset(&standard);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, write_fd, 1);
    posix_spawn_file_actions_adddup2(&files, write_fd, 2);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &standard);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int cause = posix_spawn(pid, program, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return cause == 0 || err_sys(err, cause, "cannot start a child to probe %s", file);
}

/* Reads until the child has closed its end. False: the time is over. */
static bool read_output(int fd, struct buf *out)
{
    uint64_t deadline = clock_us() + MS_TO_US(PROBE_LIMIT_MS);
    for (;;) {
        uint64_t now = clock_us();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int got = now < deadline ? poll(&p, 1, (int)((deadline - now) / 1000) + 1) : 0;
        if (got == 0)
            return false;
        if (got < 0)
            continue; /* interrupted: a read now could wait for ever */
        char piece[4096];
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return true;
        if (buf_len(out) < OUTPUT_MAX && !buf_append(out, piece, (size_t)n))
            return true;
    }
}

/* The last line of OUT that is not empty (and begins with PREFIX), without its end. */
static struct span last_line(const struct buf *out, struct span prefix)
{
    struct span text = buf_span(out), line = SPAN_NONE, piece;
    while (span_split(&text, '\n', &piece)) {
        if (piece.n > 0 && span_starts(piece, prefix))
            line = piece;
    }
    return line;
}

/* What follows the first BEGIN of TEXT; absent without one. */
static struct span after_begin(struct span text)
{
    struct span line;
    while (span_split(&text, '\n', &line))
        if (span_ends(line,
                      SPAN_LIT("begin of the tables"))) /* the module's line may have no end */
            return text.p ? text : span_make("", 0);
    return SPAN_NONE;
}

/* Leaves the tables alone in OUT. */
static bool is_complete(struct buf *out)
{
    struct span tables = after_begin(buf_span(out));
    if (!tables.p || !span_ends(tables, SPAN_LIT(COMPLETE)))
        return false;
    buf_consume(out, buf_len(out) - tables.n);
    out->tail -= sizeof(COMPLETE) - 1;
    return true;
}

/* Why the child, which ended with STATUS, did not describe the module. */
static bool tell_end(const char *file, int status, const struct buf *out, struct err *err)
{
    static const struct span own = {"cserv: ", 7};
    struct span said = last_line(out, own), words = last_line(out, SPAN_LIT(""));
    if (WIFSIGNALED(status)) {
        err_set(err, "%s crashes while it is loaded and described (signal %d, %s)", file,
                WTERMSIG(status), strsignal(WTERMSIG(status)));
        err_hint(err, "Run `cserv probe` on it under gdb");
    } else if (said.n > 0) { /* the child's own sentence is complete */
        return err_set(err, "%.*s", SPAN_ARG(span_from(said, own.n)));
    } else {
        err_set(err, "%s ends the process while it is loaded and described (exit code %d)", file,
                WEXITSTATUS(status));
        err_hint(err, "Its constructors and cs_module_describe must return");
    }
    if (words.n > 0)
        err_why(err, "it said: %.*s", SPAN_ARG(words));
    return false;
}

bool probe_run(const char *mapped, const char *file, struct buf *out, struct err *err)
{
    int pipe_fds[2], status = 0;
    pid_t pid;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return err_sys(err, errno, "cannot make a pipe to probe %s", file);
    bool started = spawn(mapped, file, pipe_fds[1], &pid, err);
    close(pipe_fds[1]);
    if (!started) {
        close(pipe_fds[0]);
        return false;
    }
    bool in_time = read_output(pipe_fds[0], out);
    close(pipe_fds[0]);
    if (!in_time)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!in_time) {
        err_set(err, "%s does not load within %d ms", file, PROBE_LIMIT_MS);
        return err_hint(err, "Its constructors must not wait for anything");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_complete(out))
        return true;
    return tell_end(file, status, out, err);
}
