/* SPDX-License-Identifier: Apache-2.0
 * Cookie fields, one for each line of the input: what is taken out of them is well formed, and put together
 * again it is read as the same. What the answers' side writes for any texts can stand in a field, says
 * nothing that it was not told, and comes back as the cookie that it is. */
#include "fuzz.h"

#include "http/cookie.h"

#define COOKIES 1000u

static void add_field(struct headers *h, struct span value, struct arena *a)
{
    CHECK(headers_add_copy(h, a, SPAN_LIT("cookie"), value));
}

static void check_each(const struct cookies *c, const struct headers *h)
{
    CHECK(c->n <= cookies_count(h));
    for (uint32_t i = 0; i < c->n; i++) {
        struct span name = c->v[i].name, value = c->v[i].value;
        uint32_t before = 0;
        CHECK(http_is_token(name) && cookie_value_ok(value) && http_is_field_value(value));
        CHECK(name.p[name.n] == '\0' && value.p && value.p[value.n] == '\0');
        for (uint32_t k = 0; k < i && i < 200; k++)
            before += span_eq(c->v[k].name, name);
        if (i < 200)
            CHECK(cookies_get(c, name, before).p == value.p);
    }
    CHECK(!cookies_get(c, SPAN_LIT("no token;"), 0).p);
}

/* "a=b; c=d" of what was read gives the same again, with none left out. */
static void check_again(const struct cookies *c, struct arena *a)
{
    struct headers h = {.v = NULL};
    struct cookies again = {.v = NULL};
    for (uint32_t i = 0; i < c->n && i < COOKIES; i++) {
        char *text = arena_printf(a, "%.*s=%.*s", SPAN_ARG(c->v[i].name), SPAN_ARG(c->v[i].value));
        CHECK(text);
        add_field(&h, span_of(text), a);
    }
    CHECK(cookies_parse(&again, &h, a));
    CHECK(again.n == (c->n < COOKIES ? c->n : COOKIES) && cookies_count(&h) == again.n);
    for (uint32_t i = 0; i < again.n; i++)
        CHECK(span_eq(again.v[i].name, c->v[i].name) && span_eq(again.v[i].value, c->v[i].value));
}

/* ---- Set-Cookie ---- */

static struct span next_line(struct span *rest)
{
    struct span line = SPAN_NONE;
    return rest->p && span_split(rest, '\n', &line) ? line : SPAN_NONE;
}

/* As many pieces as were asked for, none of which is empty. */
static void check_pieces(const struct set_cookie *c, struct span text)
{
    struct span piece;
    uint32_t count = 0;
    uint32_t want = 1u + (c->has_max_age ? 1u : 0u) + (c->has_max_age || c->has_expires ? 1u : 0u) +
                    (c->domain.n > 0) + (c->path.n > 0) + c->secure + c->http_only +
                    (c->same_site != SAME_SITE_UNSET) + c->partitioned;
    while (span_split(&text, ';', &piece))
        count += span_trim(piece).n > 0;
    CHECK(count == want);
}

static void check_set(const struct set_cookie *c, struct arena *a)
{
    struct span text;
    struct headers h = {.v = NULL}, back = {.v = NULL};
    struct cookies read = {.v = NULL};
    enum set_cookie_result result = set_cookie_format(c, 784111777, a, &text);
    CHECK(result != SET_COOKIE_NO_MEMORY);
    CHECK((result == SET_COOKIE_NAME) == !http_is_token(c->name));
    if (result != SET_COOKIE_OK)
        return;
    CHECK(text.p[text.n] == '\0' && http_is_field_value(text));
    check_pieces(c, text);
    add_field(&back, span_cut(text, 0, span_find(text, 0, ';')), a);
    CHECK(cookies_parse(&read, &back, a) && read.n == 1);
    CHECK(span_eq(read.v[0].name, c->name) && span_eq(read.v[0].value, c->value));
    CHECK(set_cookie_same(text, text));
    CHECK(set_cookie_put(&h, a, text) && set_cookie_put(&h, a, text) && h.n == 1);
    struct set_cookie other = *c;
    other.name = SPAN_LIT("an-other-one");
    if (set_cookie_format(&other, 0, a, &text) == SET_COOKIE_OK && !span_eq(c->name, other.name))
        CHECK(set_cookie_put(&h, a, text) && h.n == 2);
}

static void try_set(struct span input, struct arena *a)
{
    uint8_t flags = fuzz_option(&input), times = fuzz_option(&input);
    struct set_cookie c = {.secure = (flags & 1) != 0,
                           .http_only = (flags & 2) != 0,
                           .partitioned = (flags & 4) != 0,
                           .same_site = (enum same_site)(flags >> 3 & 3),
                           .has_max_age = (times & 1) != 0,
                           .has_expires = (times & 2) != 0,
                           .max_age = (times & 4) != 0   ? -1
                                      : (times & 8) != 0 ? INT64_MAX
                                                         : 3600,
                           .expires = (times & 16) != 0 ? INT64_MAX : 784111777};
    c.name = next_line(&input);
    c.value = next_line(&input);
    c.path = next_line(&input);
    c.domain = next_line(&input);
    check_set(&c, a);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_make((const char *)data, size), rest = text, line;
    struct headers h = {.v = NULL};
    struct cookies c = {.v = NULL};
    struct arena a;
    arena_init(&a);
    while (rest.p && span_split(&rest, '\n', &line))
        add_field(&h, line, &a);
    CHECK(cookies_parse(&c, &h, &a));
    check_each(&c, &h);
    check_again(&c, &a);
    try_set(text, &a);
    arena_destroy(&a);
    return 0;
}
