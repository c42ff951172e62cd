/* SPDX-License-Identifier: Apache-2.0
 * server.xml to its model, all of it: the tree, the tables of elements, the checks across elements, and
 * the effective form printed. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/server.h"
#include "observe/log.h"

static char base[200];

static void remove_base(void)
{
    char path[sizeof(base) + 32];
    snprintf(path, sizeof(path), "%s/conf/server.xml", base);
    unlink(path);
    snprintf(path, sizeof(path), "%s/conf", base);
    rmdir(path);
    rmdir(base);
}

/* BASE/conf/server.xml is a link to the file in memory. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[sizeof(base) + 32];
    const char *tmp = getenv("TMPDIR");
    (void)argc, (void)argv;
    snprintf(base, sizeof(base), "%s/cserv-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    CHECK(mkdtemp(base));
    snprintf(path, sizeof(path), "%s/conf", base);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof(path), "%s/conf/server.xml", base);
    CHECK(symlink(fuzz_file(SPAN_LIT("")), path) == 0);
    atexit(remove_base);
    log_set_level(LOG_ROOM_config, LOG_OFF);
    return 0;
}

static void check_connector(const struct connector_config *c)
{
    CHECK(c->line > 0 && c->address && c->port >= 0 && c->port <= 65535);
    CHECK(c->max_threads >= 1 && c->max_uri_size > 0 && c->max_http_header_size > 0);
    CHECK(c->relaxed_path_chars && c->relaxed_query_chars && c->server);
    CHECK(c->encoded_solidus >= CONFIG_SOLIDUS_REJECT &&
          c->encoded_solidus <= CONFIG_SOLIDUS_PASSTHROUGH);
}

static void check_host(const struct host_config *h)
{
    CHECK(h->name && h->name[0] && h->app_base);
    for (const struct alias_config *a = h->aliases; a; a = a->next)
        CHECK(a->name && a->name[0]);
    for (const struct context_config *c = h->contexts; c; c = c->next)
        CHECK(c->path && (c->path[0] == '\0' || c->path[0] == '/') && c->doc_base);
}

static void check_model(const struct server_config *config)
{
    CHECK(config->services);
    for (const struct service_config *s = config->services; s; s = s->next) {
        bool found = false;
        CHECK(s->engine.line > 0 && s->engine.hosts);
        for (const struct connector_config *c = s->connectors; c; c = c->next)
            check_connector(c);
        for (const struct host_config *h = s->engine.hosts; h; h = h->next) {
            check_host(h);
            found = found || strcmp(h->name, s->engine.default_host) == 0;
        }
        CHECK(found);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server_config config;
    struct err err = ERR_INIT;
    struct buf printed = BUF_EMPTY;
    struct context_config defaults;
    context_config_defaults(&(struct engine_config){.line = 0}, &defaults);
    CHECK(defaults.hook_timeout > 0 && defaults.stop_timeout > 0);
    fuzz_file(span_make((const char *)data, size));
    if (server_config_read(&config, base, "/opt/cserv", &err)) {
        check_model(&config);
        CHECK(server_config_print(&config, &printed) && buf_len(&printed) > 0);
        server_config_free(&config);
    } else {
        CHECK(err.what[0] != '\0' && err.file[0] != '\0' && !config.services);
    }
    buf_free(&printed);
    return 0;
}
