/* SPDX-License-Identifier: Apache-2.0
 * What proxies say of a request, as a list from the client to the nearest proxy. For remote_ip.c. */
#ifndef REMOTE_FORWARDED_H
#define REMOTE_FORWARDED_H
#include <cserv/module.h>

#define HOPS_MAX 32u /* the nearest ones are kept */

struct hop {
    cs_str address;     /* without brackets and port; may be "unknown" or "_hidden" */
    uint32_t port;      /* 0: not told */
    cs_str proto, host; /* of the Forwarded field; absent when not told */
};
struct hops {
    struct hop v[HOPS_MAX];
    uint32_t count;
};

/* Of a field like X-Forwarded-For: addresses with commas between, on any number of lines. */
void hops_of_list(cs_request *req, const char *field, struct hops *out);
/* Of the field Forwarded (RFC 7239 4). A line that is malformed ends the list: nothing left of it in the
 * text is believed. */
void hops_of_forwarded(cs_request *req, struct hops *out);

/* S without blanks at both ends; equality in any case. */
cs_str trimmed(cs_str s);
int same_text(cs_str a, const char *b);

#endif
