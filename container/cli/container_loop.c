/* SPDX-License-Identifier: Apache-2.0
 * The container's main thread: signals, the supervisor's datagrams, the orderly end. */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/container_priv.h"
#include "cli/serving.h"
#include "observe/access_log.h"
#include "observe/log.h"
#include "supervisor/control.h"
#include "supervisor/output.h"
#include "supervisor/status.h"

#define DATAGRAM_MAX 8192u

bool container_signals(struct container *c, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return err_sys(err, errno, "cannot block signals");
    signal(SIGHUP, SIG_DFL); /* the supervisor starts us with it ignored, and then it never comes */
    c->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return c->signal_fd >= 0 || err_sys(err, errno, "cannot make a signalfd");
}

/* To the supervisor. */
static void say(struct container *c, struct span text)
{
    while (send(c->options->supervisor_fd, text.p, text.n, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static void reopen_logs(struct container *c)
{
    struct err err = ERR_INIT;
    bool started = c->options->supervisor_fd >= 0 && !c->options->log_to_stdout; /* by `start` */
    log_reopen();
    access_logs_reopen();
    LOG(cli, LOG_INFO, "the logs were opened anew");
    if (started && !output_take(c->options->base, &err))
        log_err(LOG_ROOM_cli, LOG_WARN, &err);
    if (c->options->supervisor_fd >= 0)
        say(c, SPAN_LIT("reopened"));
}

static void take_signals(struct container *c)
{
    struct signalfd_siginfo info;
    while (read(c->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            reopen_logs(c);
        else
            c->signals++;
    }
}

/* ---- the supervisor ---- */

void container_tell_failed(struct container *c, const struct err *err)
{
    char text[2304], message[2400];
    err_text(err, text, sizeof(text));
    LOG(cli, LOG_ERROR, "the server does not start: %s", text);
    if (c->options->supervisor_fd < 0) {
        bool json = c->options->json_fd >= 0 && answer_back(c->options->json_fd);
        (void)answer_error(c->options->base, json, err);
        return;
    }
    int n = snprintf(message, sizeof(message), "failed %s", text);
    say(c, span_make(message, (size_t)n));
}

/* "request <id> <words>" */
static void answer(struct container *c, char *text)
{
    struct buf reply = BUF_EMPTY, body = BUF_EMPTY;
    char *id = text + strlen("request "), *words = strchr(id, ' ');
    if (strncmp(text, "request ", 8) != 0 || !words)
        return;
    *words++ = '\0';
    int rc = container_request(c, words, &body);
    if (buf_printf(&reply, "reply %s %d\n", id, rc) && buf_append_span(&reply, buf_span(&body)))
        say(c, buf_span(&reply));
    buf_free(&body);
    buf_free(&reply);
}

static void take_requests(struct container *c)
{
    char text[DATAGRAM_MAX];
    ssize_t n = recv(c->options->supervisor_fd, text, sizeof(text) - 1, MSG_DONTWAIT);
    if (n > 0) {
        text[n] = '\0';
        answer(c, text);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->orphaned = true;
        LOG(cli, LOG_ERROR, "the supervisor is gone: draining");
    }
}

/* ---- without a supervisor ---- */

static uint32_t count_webapps(const struct container *c, uint32_t *refused)
{
    uint32_t running = 0;
    *refused = 0;
    for (size_t i = 0; i < c->service_count; i++) {
        struct deploy_count n = deploy_count(c->services[i].deployment);
        running += n.running;
        *refused += n.refused;
    }
    return running;
}

static void as_sockets(const struct container *c, struct listen_socket *out)
{
    for (size_t i = 0; i < c->options->listener_count; i++) {
        const struct container_listener *l = &c->options->listeners[i];
        out[i] = (struct listen_socket){.fd = -1, .connector = l->connector, .port = l->port};
        memcpy(out[i].address, l->address, sizeof(out[i].address));
    }
}

static struct server_status own_status(const struct container *c)
{
    struct server_status s = {.state = c->signals > 0 ? STATE_STOPPING : STATE_RUNNING,
                              .pid = getpid(),
                              .container = getpid(),
                              .uptime_ms = (clock_us() - c->started_us) / 1000};
    s.webapps = count_webapps(c, &s.refused);
    return s;
}

#define SOCKETS_MAX 64u

static int control(void *arg, const char *words, struct buf *reply)
{
    struct container *c = arg;
    struct listen_socket sockets[SOCKETS_MAX];
    if (strcmp(words, "status") != 0)
        return container_request(c, words, reply);
    struct server_status s = own_status(c);
    as_sockets(c, sockets);
    return status_write(&s, sockets, c->options->listener_count, reply) ? 0 : 1;
}

static void ready_alone(struct container *c)
{
    struct err err = ERR_INIT;
    struct listen_socket sockets[SOCKETS_MAX];
    struct server_status s = own_status(c);
    as_sockets(c, sockets);
    c->control = control_server_start(c->options->base, control, c, &err);
    if (!c->control)
        log_err(LOG_ROOM_cli, LOG_ERROR, &err);
    serving_print(&s, sockets, c->options->listener_count, c->options->base, s.uptime_ms,
                  c->options->json_fd);
}

/* ---- serving ---- */

void container_ready(struct container *c)
{
    uint32_t refused, running = count_webapps(c, &refused);
    LOG(cli, LOG_INFO, "ready in %llu ms: %u webapps, %u refused",
        (unsigned long long)(clock_us() - c->started_us) / 1000, running, refused);
    log_flush(200); /* who is told of a refusal and looks into the log finds it there */
    if (c->options->supervisor_fd < 0) {
        ready_alone(c);
        return;
    }
    char text[64];
    int n = snprintf(text, sizeof(text), "ready %u %u", running, refused);
    say(c, span_make(text, (size_t)n));
}

static void wait_once(struct container *c, int limit_ms)
{
    struct pollfd fds[2] = {{.fd = c->signal_fd, .events = POLLIN},
                            {.fd = c->orphaned ? -1 : c->options->supervisor_fd, .events = POLLIN}};
    if (poll(fds, 2, limit_ms) <= 0)
        return;
    if (fds[0].revents)
        take_signals(c);
    if (fds[1].revents)
        take_requests(c);
}

#define TEND_MS   5000
#define MANY_GONE 500u /* connections: below that it is not worth while */

static uint32_t connections_now(struct container *c)
{
    uint32_t all = 0;
    for (size_t i = 0; i < c->service_count; i++)
        for (size_t k = 0; k < c->services[i].connector_count; k++)
            all += connector_connections(c->services[i].connectors[k]);
    return all;
}

/* When a crowd has left, what its buffers were goes back to the system: malloc keeps it by itself. */
static void tend_memory(struct container *c)
{
    uint32_t now = connections_now(c);
    if (now > c->most_connections)
        c->most_connections = now;
    if (c->most_connections - now < MANY_GONE || now > c->most_connections / 2)
        return;
    malloc_trim(0);
    c->most_connections = now;
}

void container_loop(struct container *c)
{
    while (c->signals == 0 && !c->orphaned) {
        wait_once(c, TEND_MS);
        tend_memory(c);
    }
}

/* ---- the end ---- */

static bool all_empty(struct container *c)
{
    bool empty = true;
    for (size_t i = 0; i < c->service_count; i++) {
        for (size_t k = 0; k < c->services[i].connector_count; k++)
            empty = connector_wait_empty(c->services[i].connectors[k], 0) && empty;
    }
    return empty;
}

static void abort_rest(struct container *c)
{
    for (size_t i = 0; i < c->service_count; i++) {
        for (size_t k = 0; k < c->services[i].connector_count; k++) {
            if (connector_abort(c->services[i].connectors[k], 2000000))
                continue;
            LOG(cli, LOG_ERROR,
                "a request does not end: the process ends without stopping webapps");
            access_logs_flush(1000);
            log_flush(1000);
            _exit(EXIT_DONE);
        }
    }
}

void container_drain(struct container *c)
{
    int asked = c->signals;
    uint64_t deadline = clock_us() + MS_TO_US(c->options->config->stop_timeout);
    LOG(cli, LOG_INFO, "stopping: no new connections; those under way may finish");
    if (c->control)
        control_server_stop(&c->control);
    for (size_t i = 0; i < c->service_count; i++) {
        for (size_t k = 0; k < c->services[i].connector_count; k++)
            connector_drain(c->services[i].connectors[k]);
    }
    while (!all_empty(c) && clock_us() < deadline && c->signals == asked)
        wait_once(c, 20);
    abort_rest(c);
}
