/* SPDX-License-Identifier: Apache-2.0
 * Starting a container and being started as one. Called by supervisor.c and by cli's hidden
 * command. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/check.h"
#include "observe/log.h"
#include "supervisor/spawn.h"

enum { ARGUMENTS_FIXED = 11, MESSAGE_ROOM = 1 << 20 };

struct command_line {
    char **argv; /* NULL-terminated */
    char supervisor[16];
    char (*listeners)[512];
    char **environment; /* NULL-terminated */
    char *tunables;     /* one of its lines */
};

static void command_line_free(struct command_line *l)
{
    free(l->argv);
    free(l->listeners);
    free(l->environment);
    free(l->tunables);
}

/* The caller's environment, with room for the static TLS of libraries that webapps bring along:
 * glibc sets it aside only when a process starts. A value that somebody has chosen is kept. */
static bool environment_make(struct command_line *l)
{
    static const char name[] = "GLIBC_TUNABLES=", room[] = "glibc.rtld.optional_static_tls",
                      value[] = "=65536";
    const char *old = getenv("GLIBC_TUNABLES");
    size_t n = 0, count = 0;
    while (environ[count])
        count++;
    if (!old)
        old = "";
    size_t size = sizeof name + strlen(old) + 1 + sizeof room + sizeof value;
    l->environment = calloc(count + 2, sizeof *l->environment);
    l->tunables = malloc(size);
    if (!l->environment || !l->tunables)
        return false;
    bool chosen = strstr(old, room) != NULL;
    snprintf(l->tunables, size, "%s%s%s%s%s", name, old, chosen || *old == '\0' ? "" : ":",
             chosen ? "" : room, chosen ? "" : value);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], name, sizeof name - 1) != 0)
            l->environment[n++] = environ[i];
    l->environment[n] = l->tunables;
    return true;
}

static bool command_line_make(struct command_line *l, const struct spawn_options *o, int fd)
{
    static char name[] = "cserv", command[] = SPAWN_COMMAND, b[] = "-b", home[] = "--home",
                supervisor[] = "--supervisor", listen[] = "--listen", log[] = "--log-to-stdout",
                crash[] = "--after-crash";
    size_t n = 0;
    l->argv = calloc(ARGUMENTS_FIXED + 2 * o->count, sizeof *l->argv);
    l->listeners = calloc(o->count + 1, sizeof *l->listeners);
    if (!l->argv || !l->listeners || !environment_make(l)) {
        command_line_free(l);
        return false;
    }
    snprintf(l->supervisor, sizeof l->supervisor, "%d", fd);
    l->argv[n++] = name;
    l->argv[n++] = command;
    l->argv[n++] = b;
    l->argv[n++] = (char *)(uintptr_t)o->base; /* execve's argv is not const, yet not written to */
    l->argv[n++] = home;
    l->argv[n++] = (char *)(uintptr_t)o->home;
    l->argv[n++] = supervisor;
    l->argv[n++] = l->supervisor;
    if (o->log_to_stdout)
        l->argv[n++] = log;
    if (o->after_crash)
        l->argv[n++] = crash;
    for (size_t i = 0; i < o->count; i++) {
        const struct connector_config *c = o->sockets[i].connector;
        int m = snprintf(l->listeners[i], sizeof l->listeners[i], "%d:%" PRId64 ":%s",
                         o->sockets[i].fd, c->port, c->address);
        CHECK(m > 0 && (size_t)m < sizeof l->listeners[i]); /* it was resolved: under 256 bytes */
        l->argv[n++] = listen;
        l->argv[n++] = l->listeners[i];
    }
    return true;
}

static bool keep_over_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) == 0;
}

/* In the child: nothing of the supervisor goes along but the sockets. */
static _Noreturn void become_container(const struct spawn_options *o, const struct command_line *l,
                                       int fd)
{
    sigset_t none;
    sigemptyset(&none);
    (void)setpgid(0, 0);
    for (int sig = 1; sig < SIGRTMIN; sig++)
        signal(sig, SIG_DFL);
    signal(SIGHUP, SIG_IGN);  /* until it takes signals: to open logs anew must not end it */
    signal(SIGTTOU, SIG_IGN); /* its log lines must not stop it: it is a background group now */
    (void)close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    bool good = keep_over_exec(fd);
    for (size_t i = 0; i < o->count; i++)
        good = good && keep_over_exec(o->sockets[i].fd);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (good)
        execve("/proc/self/exe", l->argv, l->environment);
    char text[128];
    int n =
        snprintf(text, sizeof text, "failed cannot execute /proc/self/exe: %s", strerror(errno));
    (void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
    _exit(127);
}

bool spawn_container(const struct spawn_options *o, pid_t *pid, int *fd, struct err *err)
{
    int pair[2], room = MESSAGE_ROOM;
    struct command_line line = {.argv = NULL};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return err_sys(err, errno, "cannot make the socket pair of a container");
    /* A long `list` must fit into one datagram; the system may grant less. */
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
    if (!command_line_make(&line, o, pair[1])) {
        close(pair[0]);
        close(pair[1]);
        return err_set(err, "out of memory");
    }
    pid_t child = fork();
    if (child == 0)
        become_container(o, &line, pair[1]);
    int why = errno;
    command_line_free(&line);
    close(pair[1]);
    if (child < 0) {
        close(pair[0]);
        return err_sys(err, why, "cannot start a process for the container");
    }
    *pid = child;
    *fd = pair[0];
    return true;
}

static bool parse_fd(struct span digits, int *fd)
{
    uint64_t n;
    if (!span_to_u64(digits, INT_MAX, &n))
        return false;
    *fd = (int)n;
    return fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* "FD:PORT:ADDRESS" */
static bool parse_listener(const char *text, struct spawn_listener *l)
{
    struct span whole = span_of(text);
    size_t first = span_find(whole, 0, ':'), second = span_find(whole, first + 1, ':');
    uint64_t port;
    if (second >= whole.n || !parse_fd(span_cut(whole, 0, first), &l->fd) ||
        !span_to_u64(span_cut(whole, first + 1, second - first - 1), 65535, &port))
        return false;
    l->port = (int64_t)port;
    l->address = text + second + 1;
    return true;
}

static bool parse_pair(const char *name, const char *value, struct spawned *out)
{
    if (strcmp(name, "-b") == 0)
        return (out->base = value) != NULL;
    if (strcmp(name, "--home") == 0)
        return (out->home = value) != NULL;
    if (strcmp(name, "--supervisor") == 0)
        return parse_fd(span_of(value), &out->supervisor_fd);
    if (strcmp(name, "--listen") == 0)
        return parse_listener(value, &out->listeners[out->count++]);
    return false;
}

bool spawn_parse(int argc, char **argv, struct spawned *out, struct err *err)
{
    *out = (struct spawned){.supervisor_fd = -1};
    out->listeners = calloc((size_t)argc + 1, sizeof *out->listeners);
    if (!out->listeners)
        return err_set(err, "out of memory");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--log-to-stdout") == 0) {
            out->log_to_stdout = true;
        } else if (strcmp(argv[i], "--after-crash") == 0) {
            out->after_crash = true;
        } else if (i + 1 >= argc || !parse_pair(argv[i], argv[i + 1], out)) {
            err_set(err, "the argument \"%s\" is not what a supervisor gives", argv[i]);
            break;
        } else {
            i++;
        }
        if (i == argc - 1 && out->base && out->home && out->supervisor_fd >= 0)
            return true;
    }
    if (err->what[0] == '\0')
        err_set(err, "not all arguments of a container were given");
    err_hint(err, "This command is for the supervisor only; use \"cserv start\" or \"cserv run\"");
    spawned_free(out);
    return false;
}

/* Takes the socket bound for C out of S. */
static int take_listener(struct spawned *s, const struct connector_config *c)
{
    for (size_t i = 0; i < s->count; i++) {
        struct spawn_listener *l = &s->listeners[i];
        if (l->fd >= 0 && l->port == c->port && strcmp(l->address, c->address) == 0) {
            int fd = l->fd;
            l->fd = -1;
            return fd;
        }
    }
    return -1;
}

static void warn_unmatched(struct spawned *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct spawn_listener *l = &s->listeners[i];
        if (l->fd < 0)
            continue;
        LOG(supervisor, LOG_WARN,
            "the listening socket of port %" PRId64 " has no Connector in server.xml any more and "
            "is not served; stop and start cserv to close it",
            l->port);
        close(l->fd);
        l->fd = -1;
    }
}

bool spawn_match(struct spawned *s, const struct server_config *config,
                 struct listen_socket **sockets, size_t *count, struct err *err)
{
    *count = 0;
    *sockets = calloc(s->count + 1, sizeof **sockets);
    if (!*sockets)
        return err_set(err, "out of memory");
    for (const struct service_config *v = config->services; v; v = v->next) {
        for (const struct connector_config *c = v->connectors; c; c = c->next) {
            struct listen_socket found = {.fd = take_listener(s, c), .connector = c};
            if (found.fd < 0) {
                LOG(supervisor, LOG_WARN,
                    "%s:%d: this Connector (port %" PRId64 ") is new since the server was started; "
                    "it takes effect when cserv is stopped and started",
                    config->doc.file, c->line, c->port);
                continue;
            }
            (*sockets)[(*count)++] = found;
            if (!listen_describe(&(*sockets)[*count - 1], err)) {
                listen_close(sockets, count);
                return false;
            }
        }
    }
    warn_unmatched(s);
    return true;
}

void spawned_free(struct spawned *s)
{
    free(s->listeners);
    *s = (struct spawned){.supervisor_fd = -1};
}
