/* SPDX-License-Identifier: Apache-2.0
 * Values with parameters: "text/html; charset=utf-8", "form-data; name=\"a\"" (RFC 9110 5.6.6, 8.3). Used
 * for Content-Type of requests and answers and for the fields of parts. */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H
#include "base/arena.h"
#include "base/span.h"

enum media_found {
    MEDIA_FOUND,
    MEDIA_ABSENT,
    MEDIA_BAD, /* a quote that does not end, or bytes behind it that belong to nothing */
    MEDIA_NO_MEMORY
};

/* What stands before the parameters, trimmed: "text/html". */
struct span media_type(struct span value);
/* The first parameter NAME (any case), unquoted, in the arena, terminated. In a quoted value a backslash
 * escapes a quote or a backslash and is itself before everything else: clients send file names so. */
enum media_found media_param(struct span value, struct span name, struct arena *a,
                             struct span *out);
/* VALUE without its parameters NAME; in the arena, terminated. SPAN_NONE: no memory. */
struct span media_without(struct span value, struct span name, struct arena *a);

#endif
