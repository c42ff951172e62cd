/* SPDX-License-Identifier: Apache-2.0
 * `cserv configtest`: reads the configuration as a start would, and tells every mistake. Makes no file or
 * folder and opens no port. */
#include <stdio.h>
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/read_config.h"
#include "config/schema.h"
#include "config/server.h"
#include "deploy/deploy.h"

static void tell_mistake(void *arg, const struct err *mistake)
{
    (void)arg;
    (void)tell_error(mistake);
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

static int print_reference(const struct place *place)
{
    struct config_report report = {.tell = tell_mistake};
    struct buf text = BUF_EMPTY;
    valve_classes_find(place->base, place->home, &report);
    bool ok = schema_reference(&text);
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

/* Every file, as far as the ones before it let it be found. */
static bool test(const struct place *place, struct server_config *config)
{
    struct config_report report = {.tell = tell_mistake, .strict = true};
    struct err first;
    bool read = read_config_all(config, place->base, place->home, &report);
    deploy_check_defaults(place->base, &report);
    if (read)
        deploy_check(config, &report);
    unsigned mistakes = report.count;
    if (config_report_end(&report, &first))
        return true;
    if (mistakes > 1)
        fprintf(stderr, "cserv: %u mistakes\n", mistakes);
    if (read)
        server_config_free(config);
    return false;
}

int cmd_configtest(int argc, char **argv)
{
    bool effective = false, reference = false;
    const char *base_option;
    struct place place;
    struct server_config config;
    struct err err = ERR_INIT;
    const struct option options[] = {
        {"--effective", NULL, "print server.xml with every value that is in force", &effective,
         NULL},
        {"--reference", NULL, "print all elements and attributes there are", &reference, NULL}};
    const struct usage usage = {
        "configtest",
        "",
        "Reads conf/server.xml, conf/web.xml, conf/context.xml and the files of the webapps, and\n"
        "prints OK, or the file and line of everything that is wrong with them. Names that are "
        "not\n"
        "known are warnings. Nothing is started or changed.",
        options,
        2,
        0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (reference)
        return print_reference(&place);
    tell_base(place.base);
    if (!test(&place, &config))
        return EXIT_REFUSED;
    code = EXIT_DONE;
    if (effective)
        code = print_effective(&config);
    else
        print_summary(&config);
    server_config_free(&config);
    return code;
}
