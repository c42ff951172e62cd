/* SPDX-License-Identifier: Apache-2.0
 * A table of fields in order of arrival. Names and values are spans into the exchange's arena and
 * terminated there (p[n] == 0), because the public API promises that. */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H
#include "base/arena.h"
#include "base/span.h"

enum http_field {
    FIELD_OTHER,
#define X(name, text) FIELD_##name,
#include "http/fields.def"
#undef X
    FIELD_COUNT
};

struct header {
    struct span name, value;
    enum http_field field;
};
struct headers {
    struct header *v; /* in the arena; grows by doubling */
    uint32_t n, cap;
};

enum http_field field_find(struct span name); /* any case; fast: called for every field */
struct span field_text(enum http_field f);

/* An empty table gets room for N fields, no more. False: out of memory. */
bool headers_expect(struct headers *h, struct arena *a, uint32_t n);
/* Appends without copying the bytes. False: out of memory. */
bool headers_add(struct headers *h, struct arena *a, struct span name, struct span value);
/* Copies name and value into the arena first. */
bool headers_add_copy(struct headers *h, struct arena *a, struct span name, struct span value);
/* Replaces all fields of that name by one (copied), at the place of the first. */
bool headers_set_copy(struct headers *h, struct arena *a, struct span name, struct span value);
void headers_remove(struct headers *h, struct span name);
/* The NTH (from 0) value of a field; SPAN_NONE when there is none. */
struct span headers_get(const struct headers *h, enum http_field f, uint32_t nth);
struct span headers_find(const struct headers *h, struct span name, uint32_t nth);
uint32_t headers_count(const struct headers *h, enum http_field f);
/* True when the comma-separated token list of all fields F has TOKEN (any case, empty elements
 * allowed: RFC 9110 5.6.1). */
bool headers_list_has(const struct headers *h, enum http_field f, struct span token);

bool http_is_token(struct span s);       /* RFC 9110 5.6.2: 1*tchar */
bool http_is_field_value(struct span s); /* no CR, LF, NUL, other controls than HT, DEL */

#endif
