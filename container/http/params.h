/* SPDX-License-Identifier: Apache-2.0
 * Parameters of a query or a form (application/x-www-form-urlencoded), decoded, in order. */
#ifndef HTTP_PARAMS_H
#define HTTP_PARAMS_H
#include "base/arena.h"
#include "base/span.h"

struct param {
    struct span name, value; /* terminated; value is "" without '=' */
};
struct params {
    struct param *v;
    uint32_t n, cap;
};
enum params_verdict {
    PARAMS_OK,
    PARAMS_BAD_ESCAPE,
    PARAMS_TOO_MANY,
    PARAMS_NO_MEMORY,
    /* of whoever reads the form */
    PARAMS_TOO_LARGE,
    PARAMS_NO_BODY
};

/* Appends the parameters in TEXT; empty pieces ("&&") are skipped, "=v" has the empty name. At most
 * MAX in all. Bytes are not checked for UTF-8: values are bytes. */
enum params_verdict params_parse(struct params *p, struct span text, uint32_t max, struct arena *a);
/* Appends one that is decoded already; NAME and VALUE are terminated and stay. False: out of memory. */
bool params_add(struct params *p, struct span name, struct span value, struct arena *a);
/* Turns the parameters from number FROM on, which are ISO-8859-1, into UTF-8. False: out of memory; some
 * are as they were. */
bool params_from_latin1(struct params *p, uint32_t from, struct arena *a);
struct span params_get(const struct params *p, struct span name, uint32_t nth); /* or SPAN_NONE */

#endif
