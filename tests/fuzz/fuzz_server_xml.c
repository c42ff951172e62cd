/* SPDX-License-Identifier: Apache-2.0
 * server.xml to its model, all of it: the tree, the tables of elements, the checks across elements. What
 * was read is printed in its effective form, which reads as the same again; of what is not, every mistake
 * is told, each with its place. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/report.h"
#include "config/server.h"
#include "config/valve.h"
#include "observe/log.h"

static char base[200];
/* One attribute of each type; the class is called by its name, or by Tomcat's. */
static const char valves[] = "valve\tremoteip\torg.apache.catalina.valves.RemoteIpValve x.Y\n"
                             "attribute\tprotocolHeader\ttext\t\tX-Forwarded-Proto\tA name.\n"
                             "attribute\tmode\ttext\ton|off\ton\tA choice.\n"
                             "attribute\thttpsServerPort\tint\t1..65535\t443\tA number.\n"
                             "attribute\tchangeLocalPort\tbool\t\tfalse\tA switch.\n"
                             "attribute\tinternalProxies\tcidrs\t\t127.0.0.0/8, ::1\tWho.\n"
                             "attribute\tcode.*\ttext\t\t\tOne for each.\n";

/* BASE/conf/context.xml, which most inputs do not have. */
static void put_context(struct span text)
{
    static bool there;
    char path[sizeof(base) + 32];
    snprintf(path, sizeof(path), "%s/conf/context.xml", base);
    if (there)
        unlink(path);
    there = text.p != NULL;
    if (!there)
        return;
    FILE *file = fopen(path, "w");
    CHECK(file && fwrite(text.p, 1, text.n, file) == text.n && fclose(file) == 0);
}

static void remove_base(void)
{
    char path[sizeof(base) + 32];
    snprintf(path, sizeof(path), "%s/conf/server.xml", base);
    unlink(path);
    put_context(SPAN_NONE);
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
    struct err err = ERR_INIT;
    CHECK(config_valves_add("fuzz", span_of(valves), &err) && config_valves_add_own(base, &err));
    config_valve_find("remoteip")->later = "notYet notEither=false";
    config_valve_find("remoteip")->jvm = "ofJava";
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

static void count_place(void *arg, const struct err *mistake)
{
    CHECK(mistake->what[0] != '\0' && mistake->file[0] != '\0');
    (*(unsigned *)arg)++;
}

/* The same without stopping at the first mistake. */
static void read_all(bool good, const struct err *first)
{
    struct server_config config;
    struct err err = ERR_INIT;
    unsigned told = 0;
    struct config_report report = CONFIG_REPORT_INIT;
    report.tell = count_place;
    report.arg = &told;
    bool ok = server_config_read_all(&config, base, "/opt/cserv", &report);
    CHECK(ok == good && report.count == told && (told == 0) == good);
    CHECK(good || strcmp(report.first.what, first->what) == 0);
    CHECK(config_report_end(&report, &err) == good);
    if (ok)
        server_config_free(&config);
    if (!ok)
        return;
    struct config_report strict = {.strict = true};
    ok = server_config_read_all(&config, base, "/opt/cserv", &strict);
    CHECK(ok == (strict.count == 0) && config_report_end(&strict, &err) == ok);
    if (ok)
        server_config_free(&config);
}

static void check_printed(struct server_config *config)
{
    struct buf printed = BUF_EMPTY;
    struct err err = ERR_INIT;
    CHECK(server_config_print(config, &printed) && buf_len(&printed) > 0);
    server_config_free(config);
    fuzz_file(buf_span(&printed));
    put_context(SPAN_NONE); /* it is in what was printed */
    if (!server_config_read(config, base, "/opt/cserv", &err)) {
        char text[2048];
        fprintf(stderr, "%.*s%s\n", SPAN_ARG(buf_span(&printed)),
                err_text(&err, text, sizeof(text)));
        UNREACHABLE();
    }
    check_model(config);
    buf_free(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server_config config;
    struct err err = ERR_INIT;
    /* Behind a record separator: conf/context.xml. */
    struct span text = span_make((const char *)data, size), own = SPAN_NONE;
    size_t separator = span_find(text, 0, '\x1e');
    if (separator < text.n)
        own = span_from(text, separator + 1);
    put_context(own);
    fuzz_file(span_cut(text, 0, separator));
    bool good = server_config_read(&config, base, "/opt/cserv", &err);
    read_all(good, &err);
    if (good) {
        struct context_config defaults;
        context_config_defaults(&config.services->engine, &defaults);
        CHECK(defaults.hook_timeout > 0 && defaults.stop_timeout > 0);
        check_model(&config);
        check_printed(&config);
        server_config_free(&config);
    } else {
        CHECK(err.what[0] != '\0' && err.file[0] != '\0' && !config.services);
    }
    return 0;
}
