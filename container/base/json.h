/* SPDX-License-Identifier: Apache-2.0
 * Writes JSON text, for the commands and pages that tell data. */
#ifndef BASE_JSON_H
#define BASE_JSON_H
#include "base/buf.h"

struct json {
    struct buf *out;
    bool comma; /* something stands before, on this level */
    bool ok;    /* false for good after the first time that memory ran out */
};

struct json json_begin(struct buf *out);
/* NAME is the member's name, NULL for elements of an array and for the outermost value. */
void json_group(struct json *j, const char *name, char bracket); /* '{' or '[' */
void json_group_end(struct json *j, char bracket);               /* '}' or ']' */
/* Bytes that are not UTF-8 become U+FFFD each. */
void json_string(struct json *j, const char *name, struct span value);
void json_int(struct json *j, const char *name, int64_t value);
void json_raw(struct json *j, const char *name, struct span json); /* VALUE is JSON itself */

/* Length of the UTF-8 sequence (RFC 3629) at the front of S, which is not empty; 0 when it is none. */
size_t json_utf8_length(struct span s);

#endif
