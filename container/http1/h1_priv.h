/* SPDX-License-Identifier: Apache-2.0
 * State of one HTTP/1 connection between two idle moments; shared by h1.c (input), head.c (end of a
 * head) and encode.c (output). */
#ifndef HTTP1_H1_PRIV_H
#define HTTP1_H1_PRIV_H
#include "http1/chunked.h"
#include "http1/h1.h"
#include "http1/policy.h"
#include "http1/refusal.h"

enum h1_state {
    H1_HEAD,   /* lines of a head are collected */
    H1_BODY,   /* Content-Length bytes */
    H1_CHUNKS, /* chunked */
    H1_BUSY,   /* an exchange is up; input waits */
    H1_CLOSED  /* nothing is read any more */
};

struct h1 {
    const struct h1_config *cfg;
    struct proto_upcalls up;
    enum h1_state state;
    bool draining;
    bool at_once; /* the whole request came in the piece that is being fed */
    bool paused;  /* the connector took less than it was offered */
    bool streams; /* the exchange that is up reads its body itself (state: what is left of it) */
    bool skips;   /* ... it is over; the rest of its body is dropped */
    bool owes_continue; /* streams: its client waits for 100 Continue */
    struct exchange *x; /* being received, or kept for the next request */
    struct buf head;    /* the request line and fields so far, normalised */
    size_t scanned;     /* of the line under way, in the input */
    uint32_t empty_lines, fields;
    size_t field_bytes;
    struct request_line line; /* spans of `head` while it is collected */
    size_t method_n, target_n;
    struct span raw_line; /* while a refusal is told: the line that was refused, in the input */
    uint64_t body_left;
    uint64_t body_max;
    struct body_plan plan; /* the connector's, once the head is complete */
    struct chunked chunks;
    enum refusal stream_refusal; /* streams: what is wrong with the body */
    enum refusal refusal;        /* a refusal that waits for the end of its body */
    const char *uri_why;         /* REFUSE_URI: what is wrong with the path */
    const char *uri_setting;     /* REFUSE_URI: the attribute that would let it pass, or NULL */
    const char *deadline;        /* REFUSE_TIMEOUT: the attribute */
    struct buf wire;             /* refusals and interim answers to be sent */
    size_t interim;              /* bytes of a 100 Continue at the end of `wire` */
};

/* head.c: the head in h->head is complete: fills h->x, decides, sets h->state. Returns the refusal that
 * ends the connection, or REFUSE_NONE (h->refusal may be set: answered when its body is read). */
enum refusal h1_head_complete(struct h1 *h);

/* h1.c: writes the refusal into h->wire and tells the connector. True: the connection goes on. */
bool h1_refuse(struct h1 *h, enum refusal r, bool close);

void h1_begin_head(struct h1 *h);

/* stream.c: bodies that servlets read for themselves. */
struct proto_read h1_read_body(void *px, struct buf *in, void *p, size_t size);
void h1_trailers_to(void *px, struct headers *into, struct arena *arena);
struct span h1_interim(void *px);
uint64_t h1_unread(const void *px);
/* The rest of the body under way is more than may be dropped, or will not come. */
bool h1_leaves_rest(const struct h1 *h);
/* Its exchange is over: from now on the rest is dropped. */
void h1_skip_begin(struct h1 *h);
/* Drops what there is. False: no more input can be understood. */
bool h1_skip(struct h1 *h, struct buf *in);

/* encode.c */
bool h1_encode_head(void *px, struct exchange *x, struct buf *out);
void h1_encode_frame(const struct exchange *x, size_t n, struct proto_frame *frame);
size_t h1_encode_end(const struct exchange *x, char out[12]);
bool h1_encode_hint(const struct exchange *x, struct buf *out);
bool h1_keeps(const void *px, const struct exchange *x);
bool h1_produce(void *px, struct chain *out, size_t max, bool *failed);

#endif
