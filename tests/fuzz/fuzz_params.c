/* SPDX-License-Identifier: Apache-2.0
 * The parameters of a query or form, beside a plain reading: cut at each '&', cut at the first '=', decoded
 * by the URI's own decoder. Then the same as ISO-8859-1, turned into UTF-8 and back. */
#include "fuzz.h"

#include "http/chars.h"
#include "http/params.h"
#include "http/uri.h"

static void check_text(struct span s)
{
    CHECK(s.p && s.p[s.n] == '\0');
}

/* PARAMS_OK, _BAD_ESCAPE or _TOO_MANY; as many of the pairs as are good are compared with P. */
static enum params_verdict plain(struct span text, uint32_t from, uint32_t max, struct arena *a,
                                 const struct params *p)
{
    struct span piece, name, value;
    uint32_t count = from;
    bool bad;
    if (text.n == 0)
        return PARAMS_OK;
    while (span_split(&text, '&', &piece)) {
        size_t equals = span_find(piece, 0, '=');
        if (piece.n == 0)
            continue;
        if (count >= max) {
            CHECK(count == p->n);
            return PARAMS_TOO_MANY;
        }
        if (!uri_decode(span_cut(piece, 0, equals), true, a, &name, &bad) ||
            !uri_decode(span_from(piece, equals + 1), true, a, &value, &bad)) {
            CHECK(bad && count == p->n);
            return PARAMS_BAD_ESCAPE;
        }
        CHECK(count < p->n);
        CHECK(span_eq(p->v[count].name, name) && span_eq(p->v[count].value, value));
        check_text(p->v[count].name);
        check_text(p->v[count].value);
        count++;
    }
    CHECK(count == p->n);
    return PARAMS_OK;
}

/* Each answers under its own name, at its own place among those that are called the same. */
static void check_get(const struct params *p)
{
    for (uint32_t i = 0; i < p->n && i < 30; i++) {
        uint32_t before = 0;
        for (uint32_t k = 0; k < i; k++)
            before += span_eq(p->v[k].name, p->v[i].name);
        CHECK(params_get(p, p->v[i].name, before).p == p->v[i].value.p);
    }
    CHECK(!params_get(p, SPAN_LIT("nobody is called so"), p->n).p);
}

/* Two bytes of UTF-8 for each of ISO-8859-1 that is not ASCII. */
static void check_utf8(struct span latin1, struct span utf8)
{
    size_t at = 0;
    CHECK(utf8_valid(utf8));
    check_text(utf8);
    for (size_t i = 0; i < latin1.n; i++) {
        unsigned char want = (unsigned char)latin1.p[i];
        CHECK(at < utf8.n);
        unsigned got = (unsigned char)utf8.p[at++];
        if (got >= 0x80) {
            CHECK(at < utf8.n);
            got = (got & 0x1fu) << 6 | ((unsigned char)utf8.p[at++] & 0x3fu);
        }
        CHECK(got == want);
    }
    CHECK(at == utf8.n);
}

static void check_latin1(const struct params *p, uint32_t from, struct arena *a)
{
    struct params copy = {.n = 0};
    for (uint32_t i = 0; i < p->n; i++)
        CHECK(params_add(&copy, p->v[i].name, p->v[i].value, a));
    CHECK(params_from_latin1(&copy, from, a) && copy.n == p->n);
    for (uint32_t i = 0; i < p->n; i++) {
        if (i < from) {
            CHECK(copy.v[i].name.p == p->v[i].name.p && copy.v[i].value.p == p->v[i].value.p);
            continue;
        }
        check_utf8(p->v[i].name, copy.v[i].name);
        check_utf8(p->v[i].value, copy.v[i].value);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

/* What stands before the first line feed is the query, the rest the form. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_make((const char *)data, size);
    uint8_t option = fuzz_option(&text);
    uint32_t max = (option & 1) != 0 ? 3 : 1000;
    size_t line = span_find(text, 0, '\n');
    struct span query = span_cut(text, 0, line), form = span_from(text, line + 1);
    struct params p = {.n = 0};
    struct arena a;
    arena_init(&a);
    enum params_verdict v = params_parse(&p, query, max, &a);
    CHECK(v == plain(query, 0, max, &a, &p) && p.n <= max);
    uint32_t from = p.n;
    if (v == PARAMS_OK) {
        v = params_parse(&p, form, max, &a);
        CHECK(v == plain(form, from, max, &a, &p) && p.n <= max);
    }
    check_get(&p);
    check_latin1(&p, from, &a);
    arena_destroy(&a);
    return 0;
}
