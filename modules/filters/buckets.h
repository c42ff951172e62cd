/* SPDX-License-Identifier: Apache-2.0
 * How often each client asked within its current window: for rate_limit.c. A window begins with a client's
 * first request; the next begins with the first one after its end.
 *
 * The table has a fixed size, BUCKETS_CLIENTS. A client that finds its part of it full takes the place of
 * the one there who asked least: who asks most is forgotten last. Counts are exact but for that. */
#ifndef FILTERS_BUCKETS_H
#define FILTERS_BUCKETS_H
#include <stdint.h>

#include <cserv/servlet.h>

#define BUCKETS_CLIENTS 65536u

struct client {
    uint64_t high, low;
};
/* The client of a numeric address; of an IPv6 one its first IPV6_BITS (0 to 128). What is no address, or
 * absent, is one client altogether. */
struct client client_of(cs_str address, unsigned ipv6_bits);

struct bucket_view {
    uint32_t count; /* this request included; stops at UINT32_MAX */
    uint32_t left;  /* seconds of the window that remain, rounded up: at least 1 */
};
struct buckets;
/* NULL: out of memory. */
struct buckets *buckets_new(uint32_t window_seconds);
/* Any thread; NOW_MS is of a clock that does not jump. Waits only for others in the same 64th of the table. */
struct bucket_view buckets_count(struct buckets *b, struct client client, uint64_t now_ms);
/* Nobody may be counting. NULL is allowed. */
void buckets_free(struct buckets *b);

#endif
