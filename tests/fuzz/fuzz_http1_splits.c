/* SPDX-License-Identifier: Apache-2.0
 * However the same bytes are cut, the same comes of them: the exchanges, the refusals with their reason
 * and setting, the answers on the wire, and whether the connection stays. One input is fed whole, byte
 * by byte, in pieces of the input's own choice, and in two parts. Only 100 Continue may differ, which
 * depends on whether the body has come already. */
#include "http1_peer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void feed(struct h1_peer *p, struct span bytes, uint8_t plan)
{
    peer_send(p, bytes);
    while (p->up_now) {
        http1_settle(p, plan);
        peer_run(p);
    }
}

/* Answers without Date, which may tick meanwhile, and without interim ones. */
static void plain_answers(const struct h1_peer *p, struct buf *plain)
{
    static const struct span interim = BYTES("HTTP/1.1 100 Continue\r\n\r\n"),
                             date = BYTES("Date: ");
    struct span rest = buf_span(&p->out);
    while (rest.n > 0) {
        size_t line = span_find(rest, 0, '\n') + 1;
        if (span_starts(rest, interim))
            line = interim.n;
        else if (!span_starts(rest, date))
            CHECK(buf_append_span(plain, span_cut(rest, 0, line)));
        rest = span_from(rest, line);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void compare(const struct h1_peer *p, const struct h1_peer *whole)
{
    struct buf mine = BUF_EMPTY, theirs = BUF_EMPTY;
    plain_answers(p, &mine);
    plain_answers(whole, &theirs);
    CHECK(span_eq(buf_span(&p->seen), buf_span(&whole->seen)));
    CHECK(p->heads == whole->heads && p->exchanges == whole->exchanges);
    CHECK(p->refusals == whole->refusals && p->refused.status == whole->refused.status);
    CHECK(same_text(p->refused.why, whole->refused.why));
    CHECK(same_text(p->refused.setting, whole->refused.setting));
    CHECK(p->closed == whole->closed);
    CHECK(p->closed || buf_len(&p->in) == buf_len(&whole->in));
    CHECK(p->closed || h1_proto.idle(p->px) == h1_proto.idle(whole->px));
    CHECK(span_eq(buf_span(&mine), buf_span(&theirs)));
    buf_free(&mine);
    buf_free(&theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make((const char *)data, size);
    uint8_t limits = fuzz_option(&input), plan = fuzz_option(&input);
    uint32_t seed = fuzz_option(&input) + 2u;
    struct h1_peer whole, p;
    http1_open(&whole, limits, plan);
    feed(&whole, input, plan);
    for (uint32_t way = 0; way < 3; way++) { /* byte by byte, random pieces, two parts */
        uint32_t cuts = way == 0 ? 1 : seed;
        struct span rest = input;
        http1_open(&p, limits, plan);
        while (rest.n > 0 && !p.closed) {
            size_t n = fuzz_cut(&cuts, rest.n);
            if (way == 2)
                n = rest.n == input.n ? (seed * 2654435761u >> 8) % rest.n + 1 : rest.n;
            feed(&p, span_cut(rest, 0, n), plan);
            rest = span_from(rest, n);
        }
        compare(&p, &whole);
        peer_close(&p);
    }
    peer_close(&whole);
    return 0;
}
