/* SPDX-License-Identifier: Apache-2.0
 * The Range field (RFC 9110 section 14) as a list of byte ranges of a file. Pure; used by send.c. */
#ifndef DEFAULT_RANGES_H
#define DEFAULT_RANGES_H
#include <cserv/abi.h>

/* More ranges than these are no client's honest wish: the whole file is sent instead. */
#define RANGES_MAX 32u

struct range {
    int64_t first, last; /* bytes, both inclusive */
};
struct ranges {
    struct range rows[RANGES_MAX];
    uint32_t count;
};
enum ranges_verdict {
    RANGES_IGNORED,      /* another unit, or egregious: 200 with everything */
    RANGES_PARTIAL,      /* 206 with what is in rows: at least one */
    RANGES_UNSATISFIABLE /* 416: malformed, or nothing of it is in the file */
};

/* FIELD is the value of Range; SIZE bytes are there. Ranges that overlap or touch are joined, so that
 * no byte is sent twice; the rest keeps the client's order. */
enum ranges_verdict ranges_parse(cs_str field, int64_t size, struct ranges *out);

#endif
