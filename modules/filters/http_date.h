/* SPDX-License-Identifier: Apache-2.0
 * Dates of fields (RFC 9110 5.6.7) as filters find them in answers: for expires.c. */
#ifndef FILTERS_HTTP_DATE_H
#define FILTERS_HTTP_DATE_H
#include <cserv/servlet.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" in seconds since 1970; -1: absent, of another form, or before 1970. */
int64_t http_date(cs_str text);

#endif
