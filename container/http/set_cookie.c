/* SPDX-License-Identifier: Apache-2.0
 * Set-Cookie fields of answers: see cookie.h. Nothing that is not checked here reaches the field. */
#include "base/buf.h"
#include "http/cookie.h"
#include "http/date.h"

#define LAST_SECOND 253402300799 /* of the year 9999 */

static bool path_ok(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c > 0x7e || c == ';')
            return false;
    }
    return true;
}

static bool is_letter_or_digit(char c)
{
    char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* Labels of letters, digits and inner hyphens, dots between them. */
static bool domain_ok(struct span s)
{
    struct span label;
    while (span_split(&s, '.', &label)) {
        if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!is_letter_or_digit(label.p[i]) && label.p[i] != '-')
                return false;
    }
    return true;
}

static enum set_cookie_result check(const struct set_cookie *c)
{
    if (!http_is_token(c->name))
        return SET_COOKIE_NAME;
    if (!cookie_value_ok(c->value))
        return SET_COOKIE_VALUE;
    if (!path_ok(c->path))
        return SET_COOKIE_PATH;
    if (c->domain.n > 0 && !domain_ok(c->domain))
        return SET_COOKIE_DOMAIN;
    bool in_time = !c->has_expires || (c->expires >= 0 && c->expires <= LAST_SECOND);
    return in_time ? SET_COOKIE_OK : SET_COOKIE_TIME;
}

static bool append_date(struct buf *out, int64_t seconds)
{
    char date[HTTP_DATE_SIZE];
    http_date_format(seconds, date);
    return buf_append_str(out, "; Expires=") && buf_append_str(out, date);
}

/* Clients that only know Expires are told, too; one that is given goes its own way. */
static bool append_times(struct buf *out, const struct set_cookie *c, int64_t now)
{
    int64_t age = c->max_age > 0 ? c->max_age : 0;
    int64_t until = age == 0 ? 0 : age > LAST_SECOND - now ? LAST_SECOND : now + age;
    if (c->has_max_age && !buf_printf(out, "; Max-Age=%lld", (long long)age))
        return false;
    if (c->has_expires)
        return append_date(out, c->expires);
    return !c->has_max_age || append_date(out, until);
}

static bool append_attribute(struct buf *out, const char *name, struct span value)
{
    return value.n == 0 || (buf_append_str(out, name) && buf_append_span(out, value));
}

static bool append_flags(struct buf *out, const struct set_cookie *c)
{
    static const char *const sites[] = {"", "; SameSite=None", "; SameSite=Lax",
                                        "; SameSite=Strict"};
    return (!c->secure || buf_append_str(out, "; Secure")) &&
           (!c->http_only || buf_append_str(out, "; HttpOnly")) &&
           buf_append_str(out, sites[c->same_site]) &&
           (!c->partitioned || buf_append_str(out, "; Partitioned"));
}

enum set_cookie_result set_cookie_format(const struct set_cookie *c, int64_t now, struct arena *a,
                                         struct span *out)
{
    enum set_cookie_result r = check(c);
    if (r != SET_COOKIE_OK)
        return r;
    struct buf text = BUF_EMPTY;
    bool ok = buf_append_span(&text, c->name) && buf_append(&text, "=", 1) &&
              (c->value.n == 0 || buf_append_span(&text, c->value)) &&
              append_times(&text, c, now) && append_attribute(&text, "; Domain=", c->domain) &&
              append_attribute(&text, "; Path=", c->path) && append_flags(&text, c);
    *out = ok ? arena_copy(a, buf_span(&text)) : SPAN_NONE;
    buf_free(&text);
    return out->p ? SET_COOKIE_OK : SET_COOKIE_NO_MEMORY;
}

/* ---- one cookie, one field ---- */

struct identity {
    struct span name, domain, path;
};

/* The last attribute of a name counts (RFC 6265 5.3). */
static struct identity identity_of(struct span value)
{
    struct identity id = {SPAN_NONE, SPAN_LIT(""), SPAN_LIT("")};
    struct span piece;
    span_split(&value, ';', &piece);
    id.name = span_trim(span_cut(piece, 0, span_find(piece, 0, '=')));
    while (span_split(&value, ';', &piece)) {
        size_t equals = span_find(piece, 0, '=');
        struct span name = span_trim(span_cut(piece, 0, equals));
        struct span text = span_trim(span_from(piece, equals + 1));
        if (span_ieq(name, SPAN_LIT("Domain")))
            id.domain = text;
        else if (span_ieq(name, SPAN_LIT("Path")))
            id.path = text;
    }
    return id;
}

bool set_cookie_same(struct span value, struct span other)
{
    struct identity a = identity_of(value), b = identity_of(other);
    return span_eq(a.name, b.name) && span_ieq(a.domain, b.domain) && span_eq(a.path, b.path);
}

bool set_cookie_put(struct headers *h, struct arena *a, struct span value)
{
    for (uint32_t i = 0; i < h->n; i++)
        if (span_ieq(h->v[i].name, SPAN_LIT("Set-Cookie")) &&
            set_cookie_same(h->v[i].value, value)) {
            h->v[i].value = value;
            return true;
        }
    return headers_add(h, a, SPAN_LIT("Set-Cookie"), value);
}
