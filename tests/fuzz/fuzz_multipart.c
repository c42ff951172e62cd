/* SPDX-License-Identifier: Apache-2.0
 * A multipart body, in pieces, beside a second reader that is written down plainly from RFC 2046 5.1.1 and
 * RFC 7578, has the whole body at once and knows no limits. Both take the same bodies and find the same
 * parts; within small limits, the result does not depend on the pieces. Also the parameters of the parts'
 * fields. */
#include "fuzz.h"

#include "http/media.h"
#include "http/multipart.h"

/* Parts as text: "{name: value;|content}" each. */
static bool on_begin(void *arg, const struct headers *fields)
{
    struct buf *out = arg;
    CHECK(buf_append(out, "{", 1));
    for (uint32_t i = 0; i < fields->n; i++) {
        struct span name = fields->v[i].name, value = fields->v[i].value;
        CHECK(name.p[name.n] == '\0' && value.p[value.n] == '\0');
        CHECK(buf_append_span(out, name) && buf_append(out, ": ", 2) &&
              buf_append_span(out, value) && buf_append(out, ";", 1));
    }
    return buf_append(out, "|", 1);
}

static bool on_data(void *arg, struct span bytes)
{
    CHECK(bytes.n > 0);
    return buf_append_span(arg, bytes);
}

static bool on_end(void *arg)
{
    return buf_append(arg, "}", 1);
}

/* ---- the plain one ---- */

static size_t find(struct span text, size_t from, struct span what)
{
    for (size_t at = from; at + what.n <= text.n; at++)
        if (memcmp(text.p + at, what.p, what.n) == 0)
            return at;
    return SIZE_MAX;
}

static bool field_is_good(struct span line, struct headers *fields, struct arena *a)
{
    size_t colon = span_find(line, 0, ':');
    struct span name = span_cut(line, 0, colon), value = span_trim(span_from(line, colon + 1));
    return colon < line.n && http_is_token(name) && http_is_field_value(value) &&
           headers_add_copy(fields, a, name, value);
}

/* The fields from *AT on, which moves behind the empty line. */
static bool take_fields(struct span text, size_t *at, struct headers *fields, struct arena *a)
{
    for (;;) {
        size_t end = find(text, *at, SPAN_LIT("\r\n"));
        if (end == SIZE_MAX)
            return false;
        struct span line = span_cut(text, *at, end - *at);
        *at = end + 2;
        if (line.n == 0)
            return true;
        if (!field_is_good(line, fields, a))
            return false;
    }
}

/* BODY is good; its parts into OUT. */
static bool plain(struct span body, struct span boundary, struct arena *a, struct buf *out)
{
    struct buf all = BUF_EMPTY, delimiter = BUF_EMPTY;
    CHECK(buf_append(&all, "\r\n", 2) && buf_append_span(&all, body));
    CHECK(buf_append(&delimiter, "\r\n--", 4) && buf_append_span(&delimiter, boundary));
    struct span text = buf_span(&all), mark = buf_span(&delimiter);
    size_t at = find(text, 0, mark);
    bool good = false;
    while (at != SIZE_MAX) {
        at += mark.n;
        good = find(span_cut(text, 0, at + 2), at, SPAN_LIT("--")) == at;
        if (good)
            break;
        while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t'))
            at++;
        if (find(span_cut(text, 0, at + 2), at, SPAN_LIT("\r\n")) != at)
            break;
        struct headers fields = {.v = NULL};
        at += 2;
        if (!take_fields(text, &at, &fields, a))
            break;
        size_t end = find(text, at - 2, mark); /* the empty line's end may be the delimiter's */
        on_begin(out, &fields);
        if (end == SIZE_MAX)
            break;
        if (end > at)
            on_data(out, span_cut(text, at, end - at));
        on_end(out);
        at = end;
    }
    buf_free(&all);
    buf_free(&delimiter);
    return good;
}

/* ---- the real one ---- */

static enum multipart_verdict real(struct span body, struct span boundary, uint32_t cuts,
                                   bool small, struct buf *out)
{
    struct multipart_sink sink = {on_begin, on_data, on_end, out};
    struct multipart m;
    struct arena a;
    arena_init(&a);
    CHECK(multipart_init(&m, boundary, &sink, &a, small ? 2 : UINT32_MAX, small ? 12 : SIZE_MAX));
    while (body.n > 0) {
        size_t n = fuzz_cut(&cuts, body.n);
        multipart_feed(&m, span_cut(body, 0, n));
        body = span_from(body, n);
    }
    enum multipart_verdict v = multipart_finish(&m);
    CHECK(multipart_why(&m) && multipart_finish(&m) == v);
    multipart_free(&m);
    arena_destroy(&a);
    return v;
}

static void check_both(struct span body, struct span boundary, uint32_t cuts)
{
    struct buf got = BUF_EMPTY, expected = BUF_EMPTY;
    struct arena a;
    arena_init(&a);
    bool good = plain(body, boundary, &a, &expected);
    enum multipart_verdict v = real(body, boundary, cuts, false, &got);
    CHECK(v == (good ? MULTIPART_OK : MULTIPART_MALFORMED));
    if (good)
        CHECK(span_eq(buf_span(&got), buf_span(&expected)));
    buf_free(&got);
    buf_free(&expected);
    arena_destroy(&a);
}

static void check_small(struct span body, struct span boundary, uint32_t cuts)
{
    struct buf whole = BUF_EMPTY, pieces = BUF_EMPTY;
    enum multipart_verdict v = real(body, boundary, 0, true, &whole);
    CHECK(real(body, boundary, cuts, true, &pieces) == v);
    CHECK(span_eq(buf_span(&whole), buf_span(&pieces)));
    buf_free(&whole);
    buf_free(&pieces);
}

/* ---- the parameters of a field ---- */

static void check_param(struct span value, struct span name, struct arena *a)
{
    struct span out, rest = media_without(value, name, a), again;
    enum media_found found = media_param(value, name, a, &out);
    CHECK(found != MEDIA_NO_MEMORY && rest.p && rest.n <= value.n);
    CHECK((found == MEDIA_FOUND) == (out.p != NULL));
    CHECK(!out.p || (out.n <= value.n && out.p[out.n] == '\0'));
    if (found != MEDIA_BAD)
        CHECK(media_param(rest, name, a, &again) != MEDIA_FOUND);
    CHECK(span_eq(media_type(rest), media_type(value)));
}

static void check_media(struct span input)
{
    struct span line;
    struct arena a;
    arena_init(&a);
    for (int i = 0; i < 20 && input.p && span_split(&input, '\n', &line); i++) {
        check_param(line, SPAN_LIT("name"), &a);
        check_param(line, SPAN_LIT("filename"), &a);
        check_param(line, SPAN_LIT("b"), &a);
    }
    arena_destroy(&a);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

/* An option byte (1: a boundary that repeats itself, 2: the first line is the boundary), one for the cuts,
 * then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make((const char *)data, size), boundary = SPAN_LIT("b");
    uint8_t option = fuzz_option(&input);
    uint32_t cuts = fuzz_option(&input);
    struct multipart m;
    struct multipart_sink sink = {on_begin, on_data, on_end, NULL};
    check_media(input);
    if ((option & 1) != 0)
        boundary = SPAN_LIT("--b--b-");
    if ((option & 2) != 0 && !span_split(&input, '\n', &boundary))
        return 0;
    if (!multipart_init(&m, boundary, &sink, NULL, 1, 1))
        return 0;
    check_both(input, boundary, cuts);
    check_small(input, boundary, cuts);
    return 0;
}
