/* SPDX-License-Identifier: Apache-2.0
 * Cookies (RFC 6265): what Cookie fields hold, and the value of a Set-Cookie field. The engine's calls on
 * requests and answers; bytes come from clients and from webapps. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H
#include "http/headers.h"

struct cookie_pair {
    struct span name, value; /* terminated */
};
struct cookies {
    struct cookie_pair *v; /* in the arena */
    uint32_t n, cap;
};

/* Appends the cookies of all Cookie fields of H, in order; one name may come several times. A pair whose
 * name is no token, or whose value has a byte that no cookie may have, is left out; a pair without '=' is a
 * name with an empty value. Quotes around a value are part of it (RFC 6265 4.1.1). False: out of memory. */
bool cookies_parse(struct cookies *c, const struct headers *h, struct arena *a);
/* The NTH (from 0) value of cookie NAME (its case counts); SPAN_NONE when there is none. */
struct span cookies_get(const struct cookies *c, struct span name, uint32_t nth);
/* Whether VALUE may be a cookie's: cookie-octets (RFC 6265 4.1.1, and what is not ASCII), quotes around
 * them or not. */
bool cookie_value_ok(struct span value);
/* How many pairs the Cookie fields of H have, good or not; empty ones do not count. */
uint32_t cookies_count(const struct headers *h);

enum same_site { SAME_SITE_UNSET, SAME_SITE_NONE, SAME_SITE_LAX, SAME_SITE_STRICT };

struct set_cookie {
    struct span name, value;  /* VALUE SPAN_NONE: empty */
    struct span path, domain; /* SPAN_NONE or empty: none */
    bool has_max_age, has_expires;
    int64_t max_age; /* seconds from now; 0 or less removes it */
    int64_t expires; /* seconds since 1970 */
    bool secure, http_only, partitioned;
    enum same_site same_site;
};
enum set_cookie_result {
    SET_COOKIE_OK,
    SET_COOKIE_NAME,   /* no token */
    SET_COOKIE_VALUE,  /* a control byte, blank, quote, comma, semicolon or backslash */
    SET_COOKIE_PATH,   /* a control byte, a semicolon, or no ASCII */
    SET_COOKIE_DOMAIN, /* no host name, or one that begins with a dot */
    SET_COOKIE_TIME,   /* a time behind the year 9999 */
    SET_COOKIE_NO_MEMORY
};

/* The value of a Set-Cookie field for C, in the arena, terminated. NOW: seconds since 1970, for Expires
 * beside a Max-Age. */
enum set_cookie_result set_cookie_format(const struct set_cookie *c, int64_t now, struct arena *a,
                                         struct span *out);
/* Whether two values of Set-Cookie fields are of one cookie: name, domain, and path are the same. */
bool set_cookie_same(struct span value, struct span other);
/* Puts VALUE, terminated text of A, in place of the Set-Cookie field for the same cookie, else adds it. */
bool set_cookie_put(struct headers *h, struct arena *a, struct span value);

#endif
