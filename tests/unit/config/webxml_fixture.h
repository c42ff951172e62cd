/* SPDX-License-Identifier: Apache-2.0
 * For the tests of web.xml: documents around the piece a test is about. */
#ifndef UNIT_CONFIG_WEBXML_FIXTURE_H
#define UNIT_CONFIG_WEBXML_FIXTURE_H
#include "fixture.h"
#include "config/webxml.h"

#define S(name) \
    "<servlet><servlet-name>" name "</servlet-name><servlet-class>c</servlet-class></servlet>"
#define F(name) "<filter><filter-name>" name "</filter-name><filter-class>c</filter-class></filter>"
#define SM(name, at)                                                         \
    "<servlet-mapping><servlet-name>" name "</servlet-name><url-pattern>" at \
    "</url-pattern></servlet-mapping>"
#define FM(name, to) "<filter-mapping><filter-name>" name "</filter-name>" to "</filter-mapping>"

static struct webxml app;

static inline bool read_text(const char *inside, struct err *err)
{
    char text[8192];
    *err = ERR_INIT;
    snprintf(text, sizeof(text), "<web-app>\n%s\n</web-app>", inside);
    fixture_write("web.xml", text);
    if (!webxml_read(&app, fixture_path("web.xml"), err))
        return false;
    struct config_report report = CONFIG_REPORT_INIT;
    webxml_names_check(&app, NULL, &report);
    bool good = config_report_end(&report, err);
    if (!good)
        webxml_free(&app);
    return good;
}

static inline void expect_read(const char *inside)
{
    struct err err;
    char message[4096];
    if (!read_text(inside, &err))
        fail_msg("%s", err_text(&err, message, sizeof(message)));
}

static inline void expect_failure(const char *inside, int line, const char *part)
{
    struct err err;
    if (read_text(inside, &err))
        fail_msg("was read, but should fail with '%s'", part);
    assert_err(&err, "web.xml", line, part);
    assert_null(app.servlets);
}

#endif
