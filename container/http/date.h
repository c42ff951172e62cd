/* SPDX-License-Identifier: Apache-2.0
 * HTTP dates (RFC 9110 5.6.7): written as IMF-fixdate, read in all three forms. Independent of locale
 * and time zone. */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H
#include <stdint.h>
#include "base/span.h"

#define HTTP_DATE_SIZE 30 /* with the NUL */

/* "Sun, 06 Nov 1994 08:49:37 GMT". Years outside 0..9999 are clamped. */
void http_date_format(int64_t seconds, char out[HTTP_DATE_SIZE]);
/* False when it is none of the three forms or not a real date. Two-digit years: RFC 9110 5.6.7. */
bool http_date_parse(struct span s, int64_t *seconds);
/* The current time's text, made once per second and thread. Valid until the thread's next call. */
struct span http_date_now(void);

#endif
