/* SPDX-License-Identifier: Apache-2.0
 * What a client would rather have (RFC 9110 12.5.1): used for error pages and by webapps. */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H
#include "http/headers.h"

/* How much the client wants TYPE/SUBTYPE, 0 (not at all) to 1000. Without an Accept field 1000. The most
 * specific range that matches counts; a malformed weight counts as 0. */
unsigned accept_quality(const struct headers *h, struct span type, struct span subtype);

/* The languages of all Accept-Language fields, the most wanted first, as they came where they are wanted
 * alike; in the arena. Without "*", what is wanted not at all, and what is no language range (RFC 4647
 * 2.1). False: out of memory. */
bool accept_languages(const struct headers *h, struct arena *a, struct span **out, uint32_t *n);

#endif
