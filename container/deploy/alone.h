/* SPDX-License-Identifier: Apache-2.0
 * One webapp that stands in no host's folder: its registrations made by the same code as a deployed
 * one's. For the test kit, which keeps its generation and context itself. */
#ifndef DEPLOY_ALONE_H
#define DEPLOY_ALONE_H
#include "engine/app.h"

struct alone {
    struct context *context;
    struct generation *generation; /* its modules are added */
    const char *folder;            /* absolute; "": the webapp has no folder */
    const char *web_xml;           /* a file; "": there is none */
    const char *server_name;
};

/* What web_xml and the modules' tables say. On the generation's life-cycle thread. NULL: err. */
struct app *app_alone(const struct alone *a, struct err *err);

#endif
