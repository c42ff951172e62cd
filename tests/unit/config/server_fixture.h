/* SPDX-License-Identifier: Apache-2.0
 * For the tests of server.xml: documents around the piece a test is about. */
#ifndef UNIT_CONFIG_SERVER_FIXTURE_H
#define UNIT_CONFIG_SERVER_FIXTURE_H
#include "fixture.h"
#include "config/server.h"

#define HOST    "<Host name='localhost'/>"
#define ENGINE  "<Engine defaultHost='localhost'>" HOST "</Engine>"
#define LONGEST 8192
#define BEFORE  "<Server>\n<Service>\n"
#define AFTER   "\n</Service>\n</Server>"

static struct server_config config;

static inline bool read_text(const char *text, struct err *err)
{
    *err = ERR_INIT;
    fixture_write("conf/server.xml", text);
    return server_config_read(&config, fixture_base, "/opt/cserv", err);
}

static inline void expect_read(const char *text)
{
    struct err err;
    char message[4096];
    if (!read_text(text, &err))
        fail_msg("%s", err_text(&err, message, sizeof(message)));
}

static inline void expect_failure(const char *text, int line, const char *part)
{
    struct err err;
    if (read_text(text, &err))
        fail_msg("was read, but should fail with '%s'", part);
    assert_err(&err, "conf/server.xml", line, part);
    assert_null(config.services);
}

/* ATTRIBUTES of a Connector, on line 3. */
static inline void read_connector(const char *attributes)
{
    char text[LONGEST];
    snprintf(text, sizeof(text), BEFORE "<Connector port='8080' %s/>" ENGINE AFTER, attributes);
    expect_read(text);
}
static inline void connector_failure(const char *attributes, const char *part)
{
    char text[LONGEST];
    snprintf(text, sizeof(text), BEFORE "<Connector %s/>" ENGINE AFTER, attributes);
    expect_failure(text, 3, part);
}
/* INSIDE of the only Host, on line 4. */
static inline void host_failure(const char *inside, const char *part)
{
    char text[LONGEST];
    snprintf(text, sizeof(text),
             BEFORE "<Engine defaultHost='h'><Host name='h'>\n%s\n</Host></Engine>" AFTER, inside);
    expect_failure(text, 4, part);
}
/* INSIDE of the only Engine, on line 4. */
static inline void engine_failure(const char *inside, int line, const char *part)
{
    char text[LONGEST];
    snprintf(text, sizeof(text), BEFORE "<Engine defaultHost='h'>\n%s\n</Engine>" AFTER, inside);
    expect_failure(text, line, part);
}

#endif
