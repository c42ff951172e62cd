/* SPDX-License-Identifier: Apache-2.0
 * The seam between a wire protocol and the connector: bytes in, exchanges up; exchanges down, bytes out.
 * A protocol does no I/O, knows no thread, and never blocks. http1 implements it; HTTP/2 and WebSocket
 * will; the unit tests have a mock that multiplexes. All calls come from whoever owns the connection:
 * the poller, or for a protocol that is not multiplexed the worker in its lease. */
#ifndef HTTP_PROTO_H
#define HTTP_PROTO_H
#include "base/buf.h"
#include "base/chain.h"
#include "http/exchange.h"

/* Why the connector does not take a request. Texts are constants. */
struct proto_refusal {
    uint16_t status;     /* 0: it does */
    const char *setting; /* the attribute that would allow it, for the log; or NULL */
    const char *why;     /* a clause for the client; or NULL */
};
/* What the connector answers at the end of a head. */
struct body_plan {
    enum {
        BODY_COLLECT, /* on_body takes it; the request goes up when all of it has come */
        BODY_STREAM,  /* the request goes up now, and the connector asks for its body: read_body.
                         Not multiplexed only. */
        BODY_REFUSE
    } mode;
    uint64_t max; /* unless refused: more bytes than this are refused with 413 ... */
    struct proto_refusal refusal; /* ... naming these (not the status); BODY_REFUSE: with this */
};
/* What read_body has for the connector. */
struct proto_read {
    enum {
        READ_DATA,  /* N bytes, at least 1 */
        READ_WAITS, /* more input is needed */
        READ_END,   /* the body is complete */
        READ_FAILED /* it is malformed, or too large: the refusal says so, now and always */
    } state;
    size_t n;
    bool complete; /* with READ_DATA, too: that was its last byte, the trailers are known */
    struct proto_refusal refusal;
};
/* What the connector took of a piece of body. */
struct body_taken {
    size_t n;                     /* fewer than were offered: the protocol waits, see PROTO_PAUSE */
    struct proto_refusal refusal; /* status not 0: nothing was taken, the request is over */
};

/* What a posted answer had to give. */
struct pulled {
    size_t bytes;
    bool started; /* the head may be encoded: x->res does not change any more */
    bool ended;   /* complete, and nothing is left */
    bool aborted; /* given up */
    bool raw;     /* not multiplexed: wire bytes, already framed */
};

/* A request that the protocol answered itself, with what is known of it: texts that were not read are
 * SPAN_NONE. Valid during the call. */
struct refused {
    unsigned reason; /* proto_ops.refusal_name */
    unsigned status;
    const char *setting; /* the attribute that would allow it, or NULL; a constant */
    const char *why;     /* a constant */
    struct span method, target, raw_line; /* RAW_LINE: what came in place of a request line */
    uint16_t version;
    uint64_t bytes; /* of the answer's body */
    bool closes;
};

struct proto_upcalls {
    /* The head of X is complete: where does it go, what of its body is taken? */
    struct body_plan (*on_head)(void *arg, struct exchange *x);
    /* Body bytes of X, in order; N > 0. Not of requests that are refused. */
    struct body_taken (*on_body)(void *arg, struct exchange *x, const char *p, size_t n);
    /* X is complete; the connector takes over the protocol's holder of X. */
    void (*on_ready)(void *arg, struct exchange *x);
    /* What an answered request left of its body was dropped: the next request may come. */
    void (*on_skipped)(void *arg);
    /* The client cancelled X, which was given up by on_ready (multiplexed protocols). */
    void (*on_cancel)(void *arg, struct exchange *x);
    /* Body and end of an answer that is posted: moves up to about MAX bytes into INTO. */
    struct pulled (*pull)(void *arg, struct exchange *x, struct chain *into, size_t max);
    /* Everything of X is encoded (or it was aborted): the connector lets go of it. */
    void (*on_done)(void *arg, struct exchange *x);
    /* A request was answered by the protocol itself. X may be NULL (no head). */
    void (*on_refused)(void *arg, const struct exchange *x, const struct refused *r);
    void *arg;
};

enum proto_verdict {
    PROTO_MORE,  /* needs more bytes */
    PROTO_READY, /* an exchange went up; not multiplexed: no input is taken before it is done */
    PROTO_PAUSE, /* on_body took less than there is: feed again when it would take more */
    PROTO_WROTE, /* has bytes to send (produce) before it goes on: a refusal, an interim answer */
    PROTO_CLOSE  /* takes no more input: send what produce gives, linger, close */
};

enum proto_busy {
    BUSY_FULL,  /* as many requests wait as may */
    BUSY_LATE,  /* it has waited as long as it may */
    BUSY_MEMORY /* out of memory */
};

/* What goes before and after a run of body bytes on the wire. */
struct proto_frame {
    uint8_t before_n, after_n;
    char before[20], after[12];
};

struct proto_ops {
    const char *name;
    bool multiplexed; /* connections stay with the poller; exchanges are queued */
    /* State for one connection. CONFIG: the protocol's own. NULL: out of memory. */
    void *(*open)(const void *config, const struct proto_upcalls *up);
    /* Consumes what it can from IN. */
    enum proto_verdict (*feed)(void *px, struct buf *in);
    /* Appends wire bytes that are ready to OUT: own frames, and of posted exchanges up to about MAX
     * bytes. True: something was appended or an exchange ended. False with *failed: out of memory. */
    bool (*produce)(void *px, struct chain *out, size_t max, bool *failed);
    /* The exchange is over (not multiplexed), its end encoded. The protocol takes the connection's holder
     * of X back and is ready for the next request. */
    void (*next)(void *px, struct exchange *x);
    /* There is no room for X, which just went up: the protocol takes its holder back and answers 503 in
     * its place. */
    enum proto_verdict (*busy)(void *px, struct exchange *x, enum proto_busy why);
    /* The connector cannot go on with the request under way, or (X) with the one that just went up: the
     * protocol takes its holder back and answers so. */
    enum proto_verdict (*refuse)(void *px, struct exchange *x, const struct proto_refusal *why);
    /* BODY_STREAM: body bytes of the exchange that is up, out of IN into P; SIZE > 0. A rest that nobody has read
     * when it is over is dropped by feed, up to a limit; what is beyond it closes. */
    struct proto_read (*read_body)(void *px, struct buf *in, void *p, size_t size);
    /* Before any more of it is read: its trailers go to INTO, of ARENA, and no longer to the exchange. */
    void (*trailers_to)(void *px, struct headers *into, struct arena *arena);
    /* What the client has to hear before it sends X's body, once; empty: nothing. Not after the answer
     * has begun. */
    struct span (*interim)(void *px);
    /* Bytes that are left of the body of the exchange that is up; UINT64_MAX: nobody knows. */
    uint64_t (*unread)(const void *px);
    /* The exchange that is up will take long (not multiplexed): memory that only the next request needs goes
     * back. NULL: there is none. */
    void (*rest)(void *px);
    /* True between two requests with nothing received: the connection needs no state. */
    bool (*idle)(const void *px);
    /* A deadline passed, that of SETTING: PROTO_WROTE when there is a last word to send (408), else
     * PROTO_CLOSE. */
    enum proto_verdict (*timeout)(void *px, const char *setting);
    /* The name of refusals for REASON, from 1 on; NULL behind the last. NULL: it has none. */
    const char *(*refusal_name)(unsigned reason);
    /* No more requests after those under way. */
    void (*drain)(void *px);
    /* Of a connection that ends. Multiplexed: on_cancel, then on_done, for each exchange under way, or
     * their writers wait for ever. */
    void (*close)(void *px);

    /* Only when not multiplexed: the leased path encodes for itself. */
    bool (*encode_head)(void *px, struct exchange *x, struct buf *out);
    void (*encode_frame)(const struct exchange *x, size_t n, struct proto_frame *frame);
    size_t (*encode_end)(const struct exchange *x, char out[12]);
    /* Whether the connection stays open after X's answer; final once the head is encoded. */
    bool (*keeps)(const void *px, const struct exchange *x);
    /* An interim answer 103 with the Link fields of x->res; appends nothing for a client that knows none.
     * False: out of memory, nothing was appended. NULL: this protocol has none. */
    bool (*encode_hint)(const struct exchange *x, struct buf *out);
};

#endif
