/* SPDX-License-Identifier: Apache-2.0
 * The request codec (http1): any bytes in any pieces, with any of its settings. What goes up must be a
 * request that http-rules.md lets pass, checked here by plain means on the text of its fields; what
 * leaves must be whole answers. */
#include "http1_peer.h"

/* ---- what may go up ---- */

static bool has(struct span s, const char *part)
{
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* No encoded solidus; with rejectSuspiciousURIs off a segment's parameters may have one: they are no path. */
static void check_solidus(struct span raw, bool lenient)
{
    bool in_params = false;
    for (size_t i = 0; i < raw.n; i++) {
        in_params = lenient && (raw.p[i] == ';' || (in_params && raw.p[i] != '/'));
        CHECK(in_params || i + 2 >= raw.n || strncasecmp(raw.p + i, "%2f", 3) != 0);
    }
}

static void check_path(const struct request *r, uint8_t limits)
{
    struct span path = r->uri.path;
    CHECK(path.n > 0 && path.p[0] == '/' && path.p[path.n] == '\0');
    CHECK(strlen(path.p) == path.n);
    CHECK(!has(path, "//") && !has(path, "/../") && !has(path, "/./"));
    CHECK(!span_ends(path, SPAN_LIT("/..")) && !span_ends(path, SPAN_LIT("/.")));
    CHECK(utf8_valid(path) && !has(path, "\\"));
    if (!(limits & (HTTP1_DECODE | HTTP1_PASS)))
        check_solidus(r->uri.raw_path, limits & HTTP1_LENIENT);
    CHECK(path.n <= r->uri.raw_path.n);
}

static unsigned count(const struct headers *h, const char *name, struct span *value)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < h->n; i++)
        if (strcasecmp(h->v[i].name.p, name) == 0) {
            n++;
            *value = h->v[i].value;
        }
    return n;
}

static void check_framing(const struct request *r)
{
    struct span value;
    unsigned lengths = count(&r->headers, "content-length", &value);
    CHECK(lengths <= 1);
    if (lengths == 1) {
        CHECK(value.n > 0 && strspn(value.p, "0123456789") == value.n);
        CHECK(strtoull(value.p, NULL, 10) == (unsigned long long)r->content_length);
        CHECK(buf_len(&r->body) == (size_t)r->content_length);
    }
    unsigned codings = count(&r->headers, "transfer-encoding", &value);
    CHECK(codings + lengths <= 1);
    if (codings == 1)
        CHECK(strcasecmp(value.p, "chunked") == 0 && r->version == 11);
    CHECK(codings + lengths == 1 || buf_len(&r->body) == 0);
}

static void check_request(const struct h1_peer *p, uint8_t limits)
{
    const struct request *r = &p->up_now->req;
    struct span value;
    unsigned hosts = count(&r->headers, "host", &value);
    CHECK(p->plan.mode == BODY_COLLECT && buf_len(&r->body) <= p->plan.max);
    CHECK(r->method != METHOD_UNKNOWN && r->method != METHOD_CONNECT);
    CHECK(r->version == 10 || r->version == 11);
    CHECK(hosts == 1 || (hosts == 0 && r->version == 10));
    CHECK(r->target.n <= p->config.max_uri_size && r->headers.n <= p->config.max_header_count);
    CHECK(strpbrk(r->target.p, " \t\r\n#") == NULL && strlen(r->target.p) == r->target.n);
    for (uint32_t i = 0; i < r->headers.n; i++) {
        const struct header *h = &r->headers.v[i];
        CHECK(h->name.n > 0 && strlen(h->name.p) == h->name.n && strlen(h->value.p) == h->value.n);
        CHECK(strpbrk(h->name.p, " \t:\r\n") == NULL && strpbrk(h->value.p, "\r\n") == NULL);
    }
    check_path(r, limits);
    check_framing(r);
}

/* ---- what may leave ---- */

/* Every byte belongs to an answer. A HEAD's answer has no body: with one among them the ends cannot be
 * told without knowing the order, so those streams are left alone. */
static void check_answers(const struct h1_peer *p, struct span input, uint8_t plan)
{
    struct span out = buf_span(&p->out);
    struct h1_answer a;
    unsigned finals = 0;
    if (has(input, "HEAD"))
        return;
    while (answer_take(&out, false, &a))
        finals += a.status >= 200;
    unsigned turned_away = plan & HTTP1_BUSY ? p->exchanges / 2 : 0; /* counted as both */
    CHECK(out.n == 0 && finals == p->exchanges - turned_away + p->refusals);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make((const char *)data, size);
    uint8_t limits = fuzz_option(&input), plan = fuzz_option(&input);
    uint32_t cuts = fuzz_option(&input);
    struct span rest = input;
    struct h1_peer p;
    http1_open(&p, limits, plan);
    p.hold = true;
    while (!p.closed && rest.n > 0) {
        size_t n = fuzz_cut(&cuts, rest.n);
        peer_send(&p, span_cut(rest, 0, n));
        rest = span_from(rest, n);
        while (p.up_now) {
            check_request(&p, limits);
            http1_settle(&p, plan);
            peer_run(&p);
        }
    }
    if (!p.closed && (cuts & 1)) { /* a deadline passes */
        bool idle = h1_proto.idle(p.px);
        enum proto_verdict v = h1_proto.timeout(p.px, "connectionTimeout");
        CHECK(idle ? v == PROTO_CLOSE : v == PROTO_WROTE);
        CHECK(peer_produce(&p) == !idle);
    }
    check_answers(&p, input, plan);
    peer_close(&p);
    return 0;
}
