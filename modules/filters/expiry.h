/* SPDX-License-Identifier: Apache-2.0
 * How long an answer stays fresh, as mod_expires and Tomcat write it: "access plus 1 month 15 days",
 * "modification 5 hours", "A3600". For expires.c. No state. */
#ifndef FILTERS_EXPIRY_H
#define FILTERS_EXPIRY_H
#include <stdint.h>

#define EXPIRY_PARTS 16

enum expiry_unit { EXPIRY_SECONDS, EXPIRY_DAYS, EXPIRY_MONTHS };
struct expiry {
    int of_modification; /* begins with Last-Modified, else with the request */
    uint32_t count;
    struct expiry_part {
        enum expiry_unit unit;
        int64_t amount; /* may be negative */
    } v[EXPIRY_PARTS];
};

/* START ["plus"] (NUMBER UNIT)+ or "A" or "M" and seconds; START: access, now, modification; UNIT: years,
 * months, weeks, days, hours, minutes, seconds, also without s. Any case. 0: it is not of this form. */
int expiry_parse(const char *text, struct expiry *out);
/* The moment, in seconds since 1970, that is as much later than BEGIN; parts are added in their order, months
 * by the calendar (UTC): January 31 plus 1 month is the last day of February. Kept within 1970 to 9999. */
int64_t expiry_after(const struct expiry *e, int64_t begin);

#endif
