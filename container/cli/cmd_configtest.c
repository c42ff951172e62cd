/* SPDX-License-Identifier: Apache-2.0
 * `cserv configtest`: reads conf/server.xml as a start would. */
#include <stdio.h>
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "config/server.h"

static int print_effective(const struct server_config *config)
{
    struct buf text = BUF_EMPTY;
    bool ok = server_config_print(config, &text);
    if (ok)
        fwrite(buf_data(&text), 1, buf_len(&text), stdout);
    else
        fprintf(stderr, "cserv: out of memory\n");
    buf_free(&text);
    return ok ? EXIT_DONE : EXIT_REFUSED;
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

int cmd_configtest(int argc, char **argv)
{
    bool effective = false;
    const char *base_option;
    struct place place;
    struct server_config config;
    struct err err = ERR_INIT;
    const struct option options[] = {
        {"--effective", NULL, "print every attribute's value, given or default", &effective, NULL}};
    const struct usage usage = {"configtest",
                                "",
                                "Reads conf/server.xml and prints OK, or the file and line of what "
                                "is wrong with it. Names\n"
                                "that are not known are warnings. Nothing is started or changed.",
                                options,
                                1,
                                0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    tell_base(place.base);
    if (!server_config_read(&config, place.base, place.home, &err))
        return tell_error(&err);
    code = EXIT_DONE;
    if (effective)
        code = print_effective(&config);
    else
        print_summary(&config);
    server_config_free(&config);
    return code;
}
