/* SPDX-License-Identifier: Apache-2.0
 * The two HTTP/1 targets: options from the first bytes of an input, then what a client sends. Uses the
 * harness of the unit tests; outside of a cmocka test its assertions end the process, which is a
 * finding. */
#ifndef FUZZ_HTTP1_PEER_H
#define FUZZ_HTTP1_PEER_H
#include "fuzz.h"
#include "h1_harness.h"

enum {                    /* first option */
       HTTP1_SMALL = 1,   /* limits that a few bytes reach */
       HTTP1_RELAXED = 2, /* all characters that may be relaxed are */
       HTTP1_LENIENT = 4, /* rejectSuspiciousURIs off */
       HTTP1_DECODE = 8,  /* encodedSolidusHandling; both: passthrough */
       HTTP1_PASS = 16
};
enum { /* second option */
       HTTP1_PLAN_REFUSES = 1,
       HTTP1_PLAN_SMALL = 2, /* bodies of 16 bytes */
       HTTP1_BUSY = 4,       /* there is room for every second exchange only */
       HTTP1_SERVER = 8,     /* a Server field */
       HTTP1_DRAIN = 16      /* the server wants to stop behind the first exchange */
};

static inline void http1_small(struct h1_config *config)
{
    config->max_uri_size = 48;
    config->max_header_size = 96;
    config->max_header_count = 5;
    config->max_cookie_count = 2;
    config->max_trailer_size = 16;
    config->max_extension_size = 12;
    config->max_swallow_size = 24;
}

static inline void http1_open(struct h1_peer *p, uint8_t limits, uint8_t plan)
{
    char bad;
    peer_open(p);
    if (limits & HTTP1_SMALL)
        http1_small(&p->config);
    if (limits & HTTP1_RELAXED)
        CHECK(h1_config_bytes(&p->config, "\"<>[\\]^`{|}", "\"<>[\\]^`{|}", &bad));
    p->config.allowed_trailers = SPAN_LIT("a, X-Sum,t,Host , content-type");
    p->config.uri.reject_suspicious = !(limits & HTTP1_LENIENT);
    if (limits & (HTTP1_DECODE | HTTP1_PASS))
        p->config.uri.encoded_solidus = limits & HTTP1_PASS ? URI_SOLIDUS_PASS : URI_SOLIDUS_DECODE;
    if (plan & HTTP1_SERVER)
        p->config.server = SPAN_LIT("fuzzed");
    if (plan & HTTP1_PLAN_SMALL)
        p->plan.max = 16;
    if (plan & HTTP1_PLAN_REFUSES) {
        p->plan.mode = BODY_REFUSE;
        p->plan.refusal = (struct proto_refusal){413, "maxBodySize", NULL};
    }
    p->hold = (plan & (HTTP1_BUSY | HTTP1_DRAIN)) != 0;
}

/* What becomes of an exchange that is up, in the kinds of peer that hold it. */
static inline void http1_settle(struct h1_peer *p, uint8_t plan)
{
    struct exchange *x = p->up_now;
    for (uint32_t i = 0; i < x->req.trailers.n; i++) {
        struct span name = x->req.trailers.v[i].name;
        CHECK(span_ieq(name, SPAN_LIT("a")) || span_ieq(name, SPAN_LIT("x-sum")) ||
              span_ieq(name, SPAN_LIT("t")));
    }
    if (plan & HTTP1_DRAIN)
        h1_proto.drain(p->px);
    if (!(plan & HTTP1_BUSY) || p->exchanges % 2 == 1) {
        peer_answer(p);
        return;
    }
    p->up_now = NULL;
    p->verdict = h1_proto.busy(p->px, x, BUSY_FULL);
    CHECK(p->verdict == PROTO_WROTE || p->verdict == PROTO_CLOSE);
    CHECK(peer_produce(p));
    p->closed = p->verdict == PROTO_CLOSE;
}

#endif
