/* SPDX-License-Identifier: Apache-2.0
 * How a host's error pages look: the settings of <Valve className="...ErrorReportValve">. Set by deploy
 * before the connectors start, used by error_page.c. */
#ifndef ENGINE_ERROR_REPORT_H
#define ENGINE_ERROR_REPORT_H
#include "base/err.h"

struct engine;
struct engine_host;

struct error_file {   /* a page of the operator's own */
    unsigned code;    /* 400 to 599; 0: every code without one of its own */
    const char *path; /* absolute; HTML in UTF-8; read for each answer, so that a change is live */
};
struct error_report {
    bool hide_report;      /* status and reason only: neither message nor description */
    bool show_server_info; /* the server's name below the page */
    bool json;             /* whatever the client accepts */
    const struct error_file *files;
    uint32_t file_count;
};

/* Copies R for HOST, or with NULL for hosts without settings of their own. */
bool engine_set_error_report(struct engine *e, struct engine_host *host,
                             const struct error_report *r, struct err *err);

#endif
