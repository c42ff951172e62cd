/* SPDX-License-Identifier: Apache-2.0
 * `cserv configtest`: reads the configuration as a start would, and tells every mistake. Makes no file or
 * folder and opens no port. */
#include <stdio.h>
#include "base/check.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/permissions.h"
#include "cli/place.h"
#include "cli/read_config.h"
#include "config/schema.h"
#include "config/server.h"
#include "deploy/deploy.h"

/* Each one on stderr, and with --json an element of the object's list. */
static void tell_mistake(void *arg, const struct err *mistake)
{
    struct answer *a = arg;
    (void)tell_error(mistake);
    if (a)
        answer_put_error(a, NULL, mistake);
}

static int print_text(struct buf *text, bool ok)
{
    if (ok)
        fwrite(buf_data(text), 1, buf_len(text), stdout);
    else
        fprintf(stderr, "cserv: out of memory\n");
    buf_free(text);
    return ok ? EXIT_DONE : EXIT_REFUSED;
}

static int print_effective(const struct server_config *config)
{
    struct buf text = BUF_EMPTY;
    bool ok = server_config_print(config, &text);
    return print_text(&text, ok);
}

static bool reference_text(const struct place *place, struct buf *text)
{
    struct config_report report = {.tell = tell_mistake};
    valve_classes_find(place->base, place->home, &report);
    return schema_reference(text);
}

static int print_reference(const struct place *place)
{
    struct buf text = BUF_EMPTY;
    bool ok = reference_text(place, &text);
    return print_text(&text, ok);
}

static void print_summary(const struct server_config *config)
{
    int services = 0, connectors = 0, hosts = 0;
    for (const struct service_config *s = config->services; s; s = s->next) {
        services++;
        for (const struct connector_config *c = s->connectors; c; c = c->next)
            connectors++;
        for (const struct host_config *h = s->engine.hosts; h; h = h->next)
            hosts++;
    }
    printf("OK %s (services: %d, connectors: %d, hosts: %d)\n", config->doc.file, services,
           connectors, hosts);
}

struct wish {
    bool effective, reference, json, insecure;
};

/* May everybody write where the configuration and the code come from? */
static void check_permissions(const struct place *place, const struct server_config *config,
                              bool allow, struct config_report *report)
{
    struct err err = ERR_INIT;
    if (allow)
        permissions_warn(place->base, place->home, config); /* on stderr: no log was started */
    else if (!permissions_check(place, config, &err))
        (void)config_mistake(report, &err);
}

/* Every file, as far as the ones before it let it be found. A: NULL, or the open list of mistakes. */
static bool test(const struct place *place, const struct wish *w, struct server_config *config,
                 struct answer *a, struct err *first)
{
    struct config_report report = {.tell = tell_mistake, .strict = true, .arg = a};
    bool read = read_config_all(config, place->base, place->home, &report);
    struct module_folders folders;
    struct webxml defaults;
    module_folders_find(&folders, place->base, place->home);
    bool good = deploy_check_defaults(place->base, folders.list, &defaults, &report);
    if (read) {
        deploy_check(config, good ? &defaults : NULL, &report);
        check_permissions(place, config, w->insecure, &report);
    }
    webxml_free(&defaults);
    unsigned mistakes = report.count;
    if (config_report_end(&report, first))
        return true;
    if (mistakes > 1)
        fprintf(stderr, "cserv: %u mistakes\n", mistakes);
    if (read)
        server_config_free(config);
    return false;
}

static int test_as_text(const struct place *place, const struct wish *w)
{
    struct server_config config;
    struct err first = ERR_INIT;
    int code = EXIT_DONE;
    if (!test(place, w, &config, NULL, &first))
        return EXIT_REFUSED;
    if (w->effective)
        code = print_effective(&config);
    else
        print_summary(&config);
    server_config_free(&config);
    return code;
}

static int test_as_json(const struct place *place, const struct wish *w)
{
    struct server_config config;
    struct err first = ERR_INIT;
    struct buf text = BUF_EMPTY;
    struct answer a;
    answer_begin(&a, place->base);
    json_group(&a.j, "mistakes", '[');
    bool good = test(place, w, &config, &a, &first);
    json_group_end(&a.j, ']');
    json_raw(&a.j, "ok", good ? SPAN_LIT("true") : SPAN_LIT("false"));
    if (!good) {
        answer_put_error(&a, "error", &first);
    } else {
        json_string(&a.j, "file", span_of(config.doc.file));
        if (w->effective)
            a.j.ok = a.j.ok && server_config_print(&config, &text);
        if (w->effective)
            json_string(&a.j, "effective", buf_span(&text));
        server_config_free(&config);
    }
    buf_free(&text);
    int code = answer_end(&a);
    return good ? code : EXIT_REFUSED;
}

static int reference_as_json(const struct place *place)
{
    struct buf text = BUF_EMPTY;
    struct answer a;
    answer_begin(&a, place->base);
    a.j.ok = reference_text(place, &text) && a.j.ok;
    json_string(&a.j, "reference", buf_span(&text));
    buf_free(&text);
    return answer_end(&a);
}

int cmd_configtest(int argc, char **argv)
{
    struct wish w = {.json = false};
    const char *base_option;
    struct place place;
    struct err err = ERR_INIT;
    const struct option options[] = {
        {"--effective", NULL, "print server.xml with every value that is in force", &w.effective,
         NULL},
        {"--reference", NULL, "print all elements and attributes there are", &w.reference, NULL},
        {"--json", NULL, JSON_DOC, &w.json, NULL},
        {PERMISSIONS_OPTION, NULL, PERMISSIONS_DOC, &w.insecure, NULL}};
    const struct usage usage = {
        "configtest",
        "",
        "Reads conf/server.xml, conf/web.xml, conf/context.xml and the files of the webapps, and\n"
        "prints OK, or the file and line of everything that is wrong with them. Names that are "
        "not\n"
        "known are warnings. Nothing is started or changed.",
        options,
        ARRAY_COUNT(options),
        0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (!w.json)
        tell_base(place.base);
    if (w.reference)
        return w.json ? reference_as_json(&place) : print_reference(&place);
    return w.json ? test_as_json(&place, &w) : test_as_text(&place, &w);
}
