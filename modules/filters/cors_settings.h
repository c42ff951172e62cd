/* SPDX-License-Identifier: Apache-2.0
 * What cors.c knows from its init parameters; read once by cors_settings.c. */
#ifndef FILTERS_CORS_SETTINGS_H
#define FILTERS_CORS_SETTINGS_H
#include "params.h"

struct cors {
    struct words origins, methods, headers;
    int any_origin;                                         /* origins is "*" */
    int decorate;                                           /* attributes for servlets */
    int credentials;                                        /* never together with any_origin */
    const char *methods_text, *headers_text, *exposed_text; /* values of fields; "" for none */
    char max_age[24];                                       /* seconds; "": the field is not sent */
};

/* CS_OK, or an error after a sentence in the log. */
int cors_settings_read(struct cors *cors, cs_config *config);

#endif
