/* SPDX-License-Identifier: Apache-2.0
 * Puts the container together, top-down, and takes it apart in reverse: see container.h. */
#include "cli/container.h"

#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "cli/commands.h"
#include "cli/container_priv.h"
#include "cli/permissions.h"
#include "observe/access_log.h"
#include "observe/log.h"
#include "spool/spool.h"
#include "supervisor/control.h"

/* ---- file descriptors ---- */

static uint64_t wanted_connections(const struct container_options *o)
{
    uint64_t all = 0;
    for (size_t i = 0; i < o->listener_count; i++)
        all += (uint64_t)o->listeners[i].connector->max_connections;
    return all;
}

static uint64_t connection_level(const struct container *c)
{
    const struct container_options *o = c->options;
    uint64_t level = 1, *wanted = calloc(o->listener_count + 1, sizeof(*wanted));
    for (size_t i = 0; wanted && i < o->listener_count; i++)
        wanted[i] = (uint64_t)o->listeners[i].connector->max_connections;
    if (wanted)
        level = fd_budget_level(c->descriptors.connections, wanted, o->listener_count);
    free(wanted);
    return level;
}

/* Soft limit up to the hard one; what does not fit is lowered, here and in make_connectors. */
static void share_descriptors(struct container *c)
{
    const struct server_config *k = c->options->config;
    uint64_t files = (uint64_t)k->max_spool_files, connections = wanted_connections(c->options);
    struct rlimit limit;
    c->fd_limit = UINT64_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        if (limit.rlim_cur < limit.rlim_max) {
            limit.rlim_cur = limit.rlim_max;
            setrlimit(RLIMIT_NOFILE, &limit);
        }
        c->fd_limit = limit.rlim_cur;
    }
    c->descriptors = fd_budget(c->fd_limit, connections, files);
    c->connection_level = connection_level(c);
    if (c->descriptors.spool_files < files)
        LOG(cli, LOG_WARN,
            "maxSpoolFiles %llu does not fit the limit of %llu open files: it is %llu now. Raise "
            "the limit (ulimit -n, LimitNOFILE=) or lower maxSpoolFiles",
            (unsigned long long)files, (unsigned long long)c->fd_limit,
            (unsigned long long)c->descriptors.spool_files);
}

static uint32_t fit_connections(const struct container *c, const struct connector_config *config)
{
    uint64_t wanted = (uint64_t)config->max_connections;
    uint64_t got = wanted < c->connection_level ? wanted : c->connection_level;
    if (got < wanted)
        LOG(cli, LOG_WARN,
            "server.xml:%d: maxConnections %llu does not fit the limit of %llu open files: it is "
            "%llu now. Raise the limit (ulimit -n, LimitNOFILE=) or lower maxConnections",
            config->line, (unsigned long long)wanted, (unsigned long long)c->fd_limit,
            (unsigned long long)got);
    return (uint32_t)got;
}

/* ---- connectors ---- */

static uint32_t automatic_groups(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 8 ? 1 : cores / 4 > 16 ? 16 : (uint32_t)(cores / 4);
}

static enum uri_solidus solidus(int32_t configured)
{
    return configured == CONFIG_SOLIDUS_DECODE        ? URI_SOLIDUS_DECODE
           : configured == CONFIG_SOLIDUS_PASSTHROUGH ? URI_SOLIDUS_PASS
                                                      : URI_SOLIDUS_REJECT;
}

static struct connector_options connector_options_from(const struct connector_config *k,
                                                       struct engine *engine, const char *name,
                                                       const int *fd, uint32_t max_connections)
{
    return (struct connector_options){
        .name = name,
        .engine = engine,
        .listen_fds = fd,
        .listen_count = 1,
        .groups = k->groups > 0 ? (uint32_t)k->groups : automatic_groups(),
        .max_connections = max_connections,
        .max_threads = (uint32_t)k->max_threads,
        .min_spare_threads = (uint32_t)k->min_spare_threads,
        .max_queue_size = (uint32_t)k->max_queue_size,
        .max_queue_time = k->max_queue_time,
        .threads_max_idle_time = k->threads_max_idle_time,
        .connection_timeout = k->connection_timeout,
        .keep_alive_timeout = k->keep_alive_timeout,
        .body_timeout = k->body_timeout,
        .send_timeout = k->send_timeout,
        .rate_window = k->rate_window,
        .body_min_rate = (uint32_t)k->body_min_rate,
        .send_min_rate = (uint32_t)k->send_min_rate,
        .max_keep_alive_requests = k->max_keep_alive_requests,
        .max_uri_size = (uint32_t)k->max_uri_size,
        .max_header_size = (uint32_t)k->max_http_request_header_size,
        .max_header_count = (uint32_t)k->max_header_count,
        .max_cookie_count = (uint32_t)k->max_cookie_count,
        .max_trailer_size = (uint32_t)k->max_trailer_size,
        .max_extension_size = (uint32_t)k->max_extension_size,
        .max_swallow_size = (uint64_t)k->max_swallow_size,
        .body_memory = (uint64_t)k->body_memory,
        .max_body_size = (uint64_t)k->max_body_size,
        .output_memory = (uint64_t)k->output_memory,
        .output_spool = (uint64_t)k->output_spool,
        .encoded_solidus = solidus(k->encoded_solidus),
        .reject_suspicious_uris = k->reject_suspicious_uris,
        .allowed_trailers = k->allowed_trailer_headers,
        .relaxed_path_chars = k->relaxed_path_chars,
        .relaxed_query_chars = k->relaxed_query_chars,
        .view = {.scheme = k->scheme == CONFIG_SCHEME_HTTPS ? SPAN_LIT("https") : SPAN_LIT("http"),
                 .secure = k->secure,
                 .server_name = span_of(*k->proxy_name ? k->proxy_name : NULL),
                 .server_port = (uint32_t)k->proxy_port},
        .server = k->server,
        .tcp_no_delay = k->tcp_no_delay,
        .socket_rx_buf = (int)k->socket_rx_buf,
        .socket_tx_buf = (int)k->socket_tx_buf,
    };
}

static bool belongs(const struct service_run *s, const struct connector_config *k)
{
    for (const struct connector_config *i = s->config->connectors; i; i = i->next) {
        if (i == k)
            return true;
    }
    return false;
}

static bool make_connectors(struct container *c, struct service_run *s, struct err *err)
{
    const struct container_options *o = c->options;
    s->connectors = calloc(o->listener_count + 1, sizeof(struct connector *));
    if (!s->connectors)
        return err_set(err, "out of memory for the connectors");
    for (size_t i = 0; i < o->listener_count; i++) {
        const struct container_listener *l = &o->listeners[i];
        if (!belongs(s, l->connector))
            continue;
        snprintf(c->names[i], sizeof(c->names[i]), "http-%d", l->port);
        uint32_t max = fit_connections(c, l->connector);
        struct connector_options k =
            connector_options_from(l->connector, s->engine, c->names[i], &c->fds[i], max);
        k.spool = c->spool;
        struct connector *made = connector_new(&k, err);
        if (!made)
            return err_at(err, "conf/server.xml", l->connector->line);
        s->connectors[s->connector_count++] = made;
    }
    return true;
}

/* ---- services ---- */

static bool make_service(struct container *c, struct service_run *s, struct err *err)
{
    const struct connector_config *k = s->config->connectors;
    struct engine_options eo = {
        .server_name = "cserv/" CSERV_VERSION,
        .max_parameter_count = k ? (uint32_t)k->max_parameter_count : 1000,
        .max_post_size = k ? (uint64_t)k->max_post_size : 2097152,
        .max_part_count = k ? (uint32_t)k->max_part_count : 50,
        .max_part_header_size = k ? (uint32_t)k->max_part_header_size : 512,
        .allow_trace = k && k->allow_trace,
    };
    s->engine = engine_new(&eo, err);
    if (!s->engine)
        return false;
    LOG(cli, LOG_INFO, "the service %s starts with the engine %s", s->config->name,
        s->config->engine.name);
    struct deploy_options po = {
        .base = c->options->base,
        .home = c->options->home,
        .server_name = eo.server_name,
        .engine_config = &s->config->engine,
        .engine = s->engine,
        .module_folders = c->module_folders.list,
        .after_crash = c->options->after_crash,
    };
    s->deployment = deploy_new(&po, err);
    if (!s->deployment)
        return false;
    deploy_start(s->deployment);
    return make_connectors(c, s, err);
}

static bool start_connectors(struct container *c, struct err *err)
{
    for (size_t i = 0; i < c->service_count; i++) {
        struct service_run *s = &c->services[i];
        for (size_t k = 0; k < s->connector_count; k++) {
            if (!connector_start(s->connectors[k], err))
                return false;
        }
    }
    return true;
}

static bool make_spool(struct container *c, struct err *err)
{
    const struct server_config *k = c->options->config;
    char folder[PATH_MAX];
    struct spool_options o = {
        .folder = folder,
        .max_memory = (uint64_t)k->max_buffered_memory,
        .max_bytes = (uint64_t)k->max_spool,
        .max_files = (uint32_t)c->descriptors.spool_files,
        .min_free = (uint32_t)k->min_free_disk,
    };
    if (!path_join(folder, sizeof(folder), c->options->base, "temp"))
        return err_set(err, "the path of the base is too long");
    c->spool = spool_new(&o, err);
    return c->spool != NULL;
}

static bool set_up(struct container *c, struct err *err)
{
    const struct container_options *o = c->options;
    module_folders_find(&c->module_folders, o->base, o->home);
    for (const struct service_config *s = o->config->services; s; s = s->next)
        c->service_count++;
    c->services = calloc(c->service_count, sizeof(*c->services));
    c->names = calloc(o->listener_count + 1, sizeof(*c->names));
    c->fds = calloc(o->listener_count + 1, sizeof(*c->fds));
    if (!c->services || !c->names || !c->fds)
        return err_set(err, "out of memory");
    for (size_t i = 0; i < o->listener_count; i++)
        c->fds[i] = o->listeners[i].fd;
    share_descriptors(c);
    if (!make_spool(c, err))
        return false;
    size_t i = 0;
    for (const struct service_config *s = o->config->services; s; s = s->next)
        c->services[i++].config = s;
    for (i = 0; i < c->service_count; i++) {
        if (!make_service(c, &c->services[i], err))
            return false;
    }
    return start_connectors(c, err);
}

/* After the drain: no connection is left. */
static void take_down(struct container *c)
{
    bool ended = true;
    for (size_t i = 0; i < c->service_count; i++) {
        struct service_run *s = &c->services[i];
        for (size_t k = 0; k < s->connector_count; k++)
            connector_stop(s->connectors[k]);
        ended = deploy_stop(s->deployment) && ended;
        for (size_t k = 0; k < s->connector_count; k++)
            connector_destroy(&s->connectors[k]);
        free(s->connectors);
        deploy_free(&s->deployment);
        if (ended)
            engine_destroy(&s->engine);
    }
    if (!ended) {
        LOG(cli, LOG_WARN, "the process ends while code of a webapp still runs");
        access_logs_flush(1000);
        log_flush(1000);
        _exit(EXIT_DONE);
    }
    spool_destroy(&c->spool);
    free(c->services);
    free(c->names);
    free(c->fds);
}

/* ---- running ---- */

int container_request(struct container *c, const char *words, struct buf *reply)
{
    struct admin_service *services = calloc(c->service_count, sizeof(*services));
    if (!services) {
        (void)buf_append_str(reply, "out of memory");
        return 1;
    }
    for (size_t i = 0; i < c->service_count; i++) {
        const struct service_run *s = &c->services[i];
        services[i] = (struct admin_service){.deployment = s->deployment,
                                             .connectors = s->connectors,
                                             .connector_count = s->connector_count,
                                             .queue_count = engine_queue_count(s->engine)};
    }
    const struct admin a = {.services = services, .count = c->service_count};
    int rc = admin_request(&a, words, reply);
    free(services);
    return rc;
}

bool container_start_log(const char *base, bool log_to_stdout, struct err *err)
{
    char folder[PATH_MAX];
    if (!path_join(folder, sizeof(folder), base, "logs"))
        return err_set(err, "the path of the base is too long: %s", base);
    struct log_options lo = {.folder = folder, .copy_fd = log_to_stdout ? STDOUT_FILENO : -1};
    return log_start(&lo, err);
}

/* A heap per thread would keep what each thread's largest burst needed. The hot path allocates little,
 * so two heaps are enough, and memory stays what it was after the first minute. */
static void set_heap(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

int container_run(const struct container_options *options)
{
    struct container c = {.options = options, .started_us = clock_us(), .signal_fd = -1};
    struct err err = ERR_INIT;
    set_heap();
    signal(SIGPIPE, SIG_IGN);
    bool logging = container_signals(&c, &err) &&
                   (options->supervisor_fd >= 0 || /* its command has started the log */
                    container_start_log(options->base, options->log_to_stdout, &err));
    if (!logging || !set_up(&c, &err)) {
        container_tell_failed(&c, &err);
        if (logging)
            log_flush(1000);
        _exit(EXIT_REFUSED); /* threads of a half-built server may run: nothing is taken apart */
    }
    permissions_warn(options->base, options->home, options->config);
    container_ready(&c);
    container_loop(&c);
    container_drain(&c);
    take_down(&c);
    LOG(cli, LOG_INFO, "stopped after %llu s",
        (unsigned long long)(clock_us() - c.started_us) / 1000000);
    log_stop();
    close(c.signal_fd);
    return EXIT_DONE;
}
