/* SPDX-License-Identifier: Apache-2.0
 * Status codes (statuses.def: X(code, reason phrase, sentence for the error page)). */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H
#include <stdbool.h>
#include "base/span.h"

/* The standard reason phrase; "Unknown" for codes outside the table. */
struct span status_reason(unsigned code);
/* One sentence for a person, for the plain error page; "" outside the table. */
struct span status_sentence(unsigned code);
/* 1xx, 204 and 304 never have a body (RFC 9110 6.4.1). */
static inline bool status_has_no_body(unsigned code)
{
    return code < 200 || code == 204 || code == 304;
}
/* The same for what we send: a 205 has an empty body (RFC 9110 15.3.6). */
static inline bool status_sends_no_body(unsigned code)
{
    return code == 205 || status_has_no_body(code);
}

#endif
