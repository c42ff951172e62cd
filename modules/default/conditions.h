/* SPDX-License-Identifier: Apache-2.0
 * Validators and conditional requests (RFC 9110 sections 8.8 and 13). Pure; used by send.c and write.c. */
#ifndef DEFAULT_CONDITIONS_H
#define DEFAULT_CONDITIONS_H
#include <cserv/abi.h>
#include <stdbool.h>

/* What the request asks, lists in one line; absent fields have no ptr, dates that are absent or malformed
 * are CONDITIONS_NO_DATE. */
#define CONDITIONS_NO_DATE (-1)
struct conditions {
    cs_str if_match, if_none_match, if_range, range;
    int64_t if_unmodified_since, if_modified_since, if_range_date; /* seconds since 1970 */
};
/* What is there now. */
struct validators {
    cs_str etag;      /* as in the field: "a", W/"a"; absent: no representation is there */
    int64_t modified; /* seconds since 1970; not later than now */
};
enum conditions_verdict {
    CONDITIONS_PERFORM,
    CONDITIONS_NOT_MODIFIED, /* 304 */
    CONDITIONS_FAILED        /* 412 */
};

/* In the order of RFC 9110 13.2.2. READS: the method is GET or HEAD. */
enum conditions_verdict conditions_judge(const struct conditions *c, const struct validators *v,
                                         bool reads);
/* Whether Range may be used (13.1.5). NOW: seconds since 1970. */
bool conditions_allow_range(const struct conditions *c, const struct validators *v, int64_t now);
/* Whether ETAG is one of LIST ("*" is every); STRONG: weak ones equal nothing (8.8.3.2). */
bool etag_listed(cs_str list, cs_str etag, bool strong);

#endif
