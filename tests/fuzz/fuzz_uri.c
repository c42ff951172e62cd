/* SPDX-License-Identifier: Apache-2.0
 * The path of a target: decoded and normalised by uri_parse in one pass, and here once more in plain
 * steps (cut, decode, drop the dots), which must give the same. What is strict takes a part of what is
 * lenient, and what was normalised once stays as it is. Also the Host grammar and the escapes. */
#include "fuzz.h"

#include "http/chars.h"
#include "http/uri.h"

enum { SEGMENTS = 4096 };

/* ---- the plain one: encoded_solidus REJECT or DECODE, nothing suspicious refused ---- */

struct path {
    char text[8192];
    size_t n;
};

static bool decode(struct span s, bool solidus, struct path *out)
{
    for (size_t i = 0; i < s.n; i++) {
        int c = (unsigned char)s.p[i];
        if (c == '%') {
            c = s.n - i >= 3 ? char_from_hex(s.p + i + 1) : -1;
            if (c < 0 || (c == '/' && !solidus))
                return false;
            i += 2;
        } else if (c == '#') {
            return false;
        }
        if (c == '\0' || c == '\\')
            return false;
        CHECK(out->n < sizeof(out->text));
        out->text[out->n++] = (char)c;
    }
    return true;
}

/* Every parameter is decoded, too, and has to be text. */
static bool params_are_good(struct span params)
{
    struct span piece;
    while (span_split(&params, ';', &piece)) {
        size_t equals = span_find(piece, 0, '=');
        struct path name = {.n = 0}, value = {.n = 0};
        if (piece.n > 0 && (!decode(span_cut(piece, 0, equals), true, &name) ||
                            !decode(span_from(piece, equals + 1), true, &value)))
            return false;
        if (!utf8_valid(span_make(name.text, name.n)) ||
            !utf8_valid(span_make(value.text, value.n)))
            return false;
    }
    return true;
}

static bool decode_all(struct span raw, bool solidus, struct path *out)
{
    struct span segment;
    while (span_split(&raw, '/', &segment)) {
        size_t semicolon = span_find(segment, 0, ';');
        if (!decode(span_cut(segment, 0, semicolon), solidus, out))
            return false;
        if (semicolon < segment.n && !params_are_good(span_from(segment, semicolon + 1)))
            return false;
        out->text[out->n++] = '/';
    }
    out->n--; /* behind the last one there is none */
    return utf8_valid(span_make(out->text, out->n));
}

static bool drop_dots(struct span path, struct path *out)
{
    static size_t starts[SEGMENTS];
    size_t depth = 0, count = 0;
    struct span rest = span_from(path, 1), segment;
    out->n = 0;
    out->text[out->n++] = '/';
    while (span_split(&rest, '/', &segment)) {
        bool last = !rest.p, up = span_eq(segment, SPAN_LIT(".."));
        count += segment.n > 0;
        if (count > 1000 || (up && depth == 0))
            return false;
        if (up) {
            out->n = starts[--depth];
        } else if (segment.n > 0 && !span_eq(segment, SPAN_LIT("."))) {
            starts[depth++] = out->n;
            memcpy(out->text + out->n, segment.p, segment.n);
            out->n += segment.n;
            if (!last)
                out->text[out->n++] = '/';
        }
    }
    return true;
}

static bool plain(struct span raw, bool solidus, struct path *out)
{
    static struct path decoded;
    decoded.n = 0;
    return decode_all(span_cut(raw, 0, span_find(raw, 0, '?')), solidus, &decoded) &&
           drop_dots(span_make(decoded.text, decoded.n), out);
}

/* ---- what must hold ---- */

static bool has_private(struct span path)
{
    struct span segment;
    while (span_split(&path, '/', &segment))
        if (span_ieq(segment, SPAN_LIT("WEB-INF")) || span_ieq(segment, SPAN_LIT("META-INF")))
            return true;
    return false;
}

static void check_result(const struct uri *u, const struct uri_policy *policy)
{
    struct span rest = span_from(u->path, 1), segment;
    CHECK(u->path.n > 0 && u->path.p[0] == '/' && u->path.p[u->path.n] == '\0');
    CHECK(utf8_valid(u->path) && !memchr(u->path.p, '\0', u->path.n));
    while (span_split(&rest, '/', &segment)) {
        CHECK(segment.n > 0 || !rest.p);
        CHECK(!span_eq(segment, SPAN_LIT(".")) && !span_eq(segment, SPAN_LIT("..")));
    }
    if (policy->encoded_solidus != URI_SOLIDUS_PASS)
        CHECK(u->hidden == has_private(u->path));
    for (uint32_t i = 0; i < u->param_count; i++)
        CHECK(u->params[i].name.p && u->params[i].name.p[u->params[i].name.n] == '\0');
}

/* Encoded again it is read as the same path, and nothing in it is a parameter. */
static void check_round_trip(const struct uri *u, struct arena *a)
{
    struct uri_policy policy = {.encoded_solidus = URI_SOLIDUS_REJECT};
    struct uri again;
    const char *why;
    struct span text = uri_encode_path(u->path, a);
    CHECK(text.p && uri_parse(text, &policy, a, &again, &why));
    CHECK(span_eq(again.path, u->path) && again.param_count == 0);
}

static void try_host(struct span s)
{
    struct span host;
    uint32_t port;
    if (!uri_parse_host(s, &host, &port))
        return;
    CHECK(host.n <= s.n && port <= 65535);
    CHECK(!memchr(host.p, '@', host.n) && !memchr(host.p, '/', host.n));
    CHECK(host.n == 0 || (host.p[0] == '[') == (host.p[host.n - 1] == ']'));
    CHECK(!memchr(host.p, ':', host.n) || host.p[0] == '[');
}

static void try_escapes(struct span s, struct arena *a)
{
    struct span out;
    bool bad;
    for (int plus = 0; plus < 2; plus++)
        if (uri_decode(s, plus, a, &out, &bad))
            CHECK(!bad && out.n <= s.n && out.p[out.n] == '\0');
        else
            CHECK(bad && memchr(s.p, '%', s.n));
    struct span encoded = uri_encode_path(s, a);
    CHECK(uri_decode(encoded, false, a, &out, &bad) && span_eq(out, s));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct path expected;
    struct span raw = span_make((const char *)data, size < 8000 ? size : 8000);
    uint8_t option = fuzz_option(&raw);
    struct uri_policy policy = {.encoded_solidus = (enum uri_solidus)(option & 3) % 3,
                                .reject_suspicious = (option & 4) != 0};
    struct uri_policy lenient = {.encoded_solidus = policy.encoded_solidus};
    struct arena a;
    struct uri u, loose;
    const char *why;
    arena_init(&a);
    try_host(raw);
    try_escapes(raw, &a);
    bool strict_ok = uri_parse(raw, &policy, &a, &u, &why);
    CHECK(strict_ok || why);
    if (strict_ok)
        check_result(&u, &policy);
    bool ok = uri_parse(raw, &lenient, &a, &loose, &why);
    CHECK(ok || !strict_ok);
    if (ok) {
        check_result(&loose, &lenient);
        check_round_trip(&loose, &a);
        CHECK(!strict_ok || span_eq(u.path, loose.path));
    }
    if (raw.n > 0 && raw.p[0] == '/' && lenient.encoded_solidus != URI_SOLIDUS_PASS) {
        bool decodes = lenient.encoded_solidus == URI_SOLIDUS_DECODE;
        CHECK(plain(raw, decodes, &expected) == ok);
        CHECK(!ok || span_eq(loose.path, span_make(expected.text, expected.n)));
    }
    arena_destroy(&a);
    return 0;
}
