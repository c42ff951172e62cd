/* SPDX-License-Identifier: Apache-2.0
 * What expires.c knows from its init parameters; read once by expires_settings.c. */
#ifndef FILTERS_EXPIRES_SETTINGS_H
#define FILTERS_EXPIRES_SETTINGS_H
#include "expiry.h"
#include "params.h"

#define EXPIRES_TYPE_MAX 200u /* bytes of a media type with its parameters, without blanks */

struct expires_rule {
    char type
        [EXPIRES_TYPE_MAX]; /* as expires_type writes it: "text/css", "text", "text/html;charset=utf-8" */
    struct expiry expiry;
};
struct expires {
    struct expires_rule *rules;
    uint32_t count;
    int has_default;
    struct expiry otherwise; /* ExpiresDefault */
    uint16_t excluded[64];   /* statuses that get nothing */
    uint32_t excluded_count;
};

/* CS_OK, or an error after a sentence in the log. */
int expires_settings_read(struct expires *e, cs_config *config);
/* A media type in the form in which they are compared: small letters, no blanks. 0: too long, or empty. */
int expires_type(cs_str type, char out[EXPIRES_TYPE_MAX]);
/* What is said of TYPE, in that form: by the whole of it, then without parameters, then by what is before the
 * slash, then the default. TYPE "" is of no kind. NULL: nothing. */
const struct expiry *expires_find(const struct expires *e, const char *type);
int expires_excludes(const struct expires *e, uint32_t status);

#endif
