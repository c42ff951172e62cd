/* SPDX-License-Identifier: Apache-2.0
 * The path of the request target in one pass: each segment is cut from its parameters, decoded,
 * checked and joined to what stands before it, so that nothing is ever decoded twice and no later
 * step can bring a dot segment back. http1 calls it at the end of each head.
 *
 * With reject_suspicious, what a proxy in front may have read differently is refused: a dot segment
 * that is encoded or has parameters, an empty segment with parameters, an encoded solidus or control
 * byte anywhere. An empty last segment may have parameters: that is how a session id is put behind
 * the address of a folder ("/app/;jsessionid=..."). */
#include "http/uri.h"
#include "base/check.h"
#include "http/chars.h"

enum { MAX_SEGMENTS = 1000, FIRST_PARAMS = 4 };

struct parser {
    const struct uri_policy *policy;
    struct arena *arena;
    struct uri *out;
    const char *at, *end; /* what is left of the raw path */
    char *path;           /* the decoded path's begin: never longer than the raw one */
    char *tail;           /* behind its last byte */
    char *segment;        /* where the present segment begins in it: behind a '/' */
    const char *why;
    uint32_t params_cap;
    bool encoded;    /* the present segment had a %XX, */
    bool high;       /* ... a byte of 0x80 or above, */
    bool has_params; /* ... parameters */
    bool joined;     /* it began behind an encoded solidus */
    bool hidden;     /* some segment was WEB-INF or META-INF: it may have gone again by ".." */
};

static bool refuse(struct parser *p, const char *why)
{
    p->why = why;
    return false;
}

static bool is_dots(const char *from, const char *to)
{
    return (to - from == 1 && from[0] == '.') ||
           (to - from == 2 && from[0] == '.' && from[1] == '.');
}

static bool is_private_name(const char *from, const char *to)
{
    struct span s = span_make(from, (size_t)(to - from));
    return (s.n == 7 && span_ieq(s, SPAN_LIT("WEB-INF"))) ||
           (s.n == 8 && span_ieq(s, SPAN_LIT("META-INF")));
}

/* Both for segments and for parameters; raw bytes get here only through relaxedPathChars. */
static bool check_byte(struct parser *p, char c, bool in_path)
{
    if (c == '\0')
        return refuse(p, "a NUL byte in the path");
    if (c == '\\')
        return refuse(p, "a backslash in the path");
    if (p->policy->reject_suspicious && char_is(c, CHAR_CONTROL))
        return refuse(p, "a control byte in the path");
    if (p->policy->reject_suspicious && c == '/' && !in_path)
        return refuse(p, "an encoded solidus in a path parameter");
    return true;
}

/* The byte behind the '%' at p->at; -1 and refused when there is none. */
static int read_escape(struct parser *p)
{
    int byte = p->end - p->at >= 3 ? char_from_hex(p->at + 1) : -1;
    if (byte < 0)
        refuse(p, "bad percent encoding in the path");
    return byte;
}

static bool add_param(struct parser *p, struct span name, struct span value)
{
    struct uri *u = p->out;
    if (u->param_count == p->params_cap) {
        CHECK(p->params_cap <= UINT32_MAX / 2);
        uint32_t cap = p->params_cap ? p->params_cap * 2 : FIRST_PARAMS;
        struct uri_param *v = arena_alloc(p->arena, cap * sizeof(*v));
        if (!v)
            return refuse(p, NULL);
        if (u->param_count > 0)
            memcpy(v, u->params, u->param_count * sizeof(*v));
        u->params = v;
        p->params_cap = cap;
    }
    u->params[u->param_count++] = (struct uri_param){name, value};
    return true;
}

static bool decode_param_part(struct parser *p, struct span raw, struct span *out)
{
    bool bad = false;
    if (!uri_decode(raw, false, p->arena, out, &bad))
        return refuse(p, bad ? "bad percent encoding in the path" : NULL);
    for (size_t i = 0; i < out->n; i++)
        if (!char_is(out->p[i], CHAR_PLAIN) && !check_byte(p, out->p[i], false))
            return false;
    return utf8_valid(*out) || refuse(p, "the path is not UTF-8");
}

/* p->at stands on a ';': takes one parameter, up to the next ';', '/' or the end. ";;" is none. */
static bool take_param(struct parser *p)
{
    const char *from = ++p->at;
    while (p->at < p->end && *p->at != ';' && *p->at != '/')
        p->at++;
    struct span raw = span_make(from, (size_t)(p->at - from));
    p->has_params = true;
    if (raw.n == 0)
        return true;
    if (span_find(raw, 0, '#') < raw.n)
        return refuse(p, "a fragment in the target");
    size_t equals = span_find(raw, 0, '=');
    struct span name, value = SPAN_NONE;
    return decode_param_part(p, span_cut(raw, 0, equals), &name) &&
           (equals == raw.n || decode_param_part(p, span_from(raw, equals + 1), &value)) &&
           add_param(p, name, value);
}

/* What PASS leaves undecoded: with %2F also %25, or "%252F" would look the same as "%2F" after. A
 * piece between two of them is held to the rules for segments, for a servlet may decode it. */
static bool pass_escape(struct parser *p, char c, const char **piece)
{
    if (c == '/') {
        if (p->policy->reject_suspicious && is_dots(*piece, p->tail))
            return refuse(p, "a dot segment beside an encoded solidus");
        p->hidden |= is_private_name(*piece, p->tail);
        *piece = p->tail + 3;
    }
    memcpy(p->tail, p->at, 3);
    p->tail += 3;
    p->at += 3;
    return true;
}

/* One escape of a segment, already read as C. *ENDS: it is a solidus that ends the segment. */
static bool take_escape(struct parser *p, const char **piece, bool *ends)
{
    int byte = read_escape(p);
    if (byte < 0)
        return false;
    char c = (char)byte;
    enum uri_solidus solidus = p->policy->encoded_solidus;
    p->encoded = true;
    if (!char_is(c, CHAR_PLAIN) && !check_byte(p, c, true))
        return false;
    if (c == '/' && solidus == URI_SOLIDUS_REJECT)
        return refuse(p, "an encoded solidus in the path");
    if (solidus == URI_SOLIDUS_PASS && (c == '/' || c == '%'))
        return pass_escape(p, c, piece);
    p->at += 3;
    if (c == '/') {
        *ends = true;
        return true;
    }
    p->high |= byte >= 0x80;
    *p->tail++ = c;
    return true;
}

/* Decodes up to the segment's end: '/', an encoded solidus that is decoded (*JOINS), or the end. */
static bool take_segment(struct parser *p, bool *joins)
{
    const char *piece = p->segment;
    *joins = false;
    while (p->at < p->end && !*joins) {
        char c = *p->at;
        if (char_is(c, CHAR_PLAIN)) {
            *p->tail++ = c;
            p->at++;
        } else if (c == '/') {
            break;
        } else if (c == '%') {
            if (!take_escape(p, &piece, joins))
                return false;
        } else if (c == ';') {
            if (!take_param(p))
                return false;
        } else if (c == '#') {
            return refuse(p, "a fragment in the target");
        } else {
            if (!check_byte(p, c, true))
                return false;
            p->high |= (unsigned char)c >= 0x80;
            *p->tail++ = c;
            p->at++;
        }
    }
    if (piece != p->segment && p->policy->reject_suspicious && is_dots(piece, p->tail))
        return refuse(p, "a dot segment beside an encoded solidus");
    p->hidden |= is_private_name(piece, p->tail);
    return true;
}

/* Joins the decoded segment to the path: drops it when it is empty or a dot, steps back at "..". */
static bool join_segment(struct parser *p, bool joins, bool last)
{
    bool strict = p->policy->reject_suspicious;
    size_t n = (size_t)(p->tail - p->segment);
    if (p->high && !utf8_valid(span_make(p->segment, n)))
        return refuse(p, "the path is not UTF-8");
    if (n == 0)
        return !(strict && p->has_params && !last) || refuse(p, "an empty segment with parameters");
    if (!is_dots(p->segment, p->tail)) {
        if (!last)
            *p->tail++ = '/';
        p->segment = p->tail;
        return true;
    }
    if (strict && (p->encoded || p->has_params || p->joined || joins))
        return refuse(p, "a dot segment hidden by encoding or parameters");
    p->tail = p->segment;
    if (n == 1)
        return true;
    if (p->segment == p->path + 1)
        return refuse(p, "the path leads above the root");
    do
        p->tail--;
    while (p->tail[-1] != '/');
    p->segment = p->tail;
    return true;
}

static bool parse_path(struct parser *p)
{
    uint32_t segments = 0;
    for (bool last = false, joins = false; !last;) {
        p->joined = joins;
        p->encoded = p->high = p->has_params = false;
        if (!take_segment(p, &joins))
            return false;
        last = p->at == p->end && !joins;
        if (!last && !joins)
            p->at++;
        segments += p->tail > p->segment;
        if (segments > MAX_SEGMENTS)
            return refuse(p, "too many segments in the path");
        if (!join_segment(p, joins, last))
            return false;
    }
    return true;
}

/* Only asked when such a name was seen on the way. */
static bool has_private_segment(struct span path)
{
    struct span segment;
    while (span_split(&path, '/', &segment)) {
        size_t from = 0;
        for (size_t i = 0; i <= segment.n; i++) /* the pieces between what PASS has left as %2F */
            if (i == segment.n || (segment.n - i >= 3 && segment.p[i] == '%' &&
                                   segment.p[i + 1] == '2' && (segment.p[i + 2] | 0x20) == 'f')) {
                if (is_private_name(segment.p + from, segment.p + i))
                    return true;
                from = i + 3;
            }
    }
    return false;
}

bool uri_parse(struct span raw, const struct uri_policy *policy, struct arena *a, struct uri *out,
               const char **why)
{
    *out = (struct uri){.raw_path = raw, .query = SPAN_NONE};
    *why = "the path does not begin with '/'";
    if (raw.n == 0 || raw.p[0] != '/')
        return false;
    size_t question = span_find(raw, 0, '?');
    out->raw_path = span_cut(raw, 0, question);
    if (question < raw.n)
        out->query = span_from(raw, question + 1);

    struct parser p = {.policy = policy, .arena = a, .out = out};
    p.at = raw.p + 1;
    p.end = raw.p + question;
    p.path = arena_alloc(a, question + 1);
    *why = NULL;
    if (!p.path)
        return false;
    p.path[0] = '/';
    p.segment = p.tail = p.path + 1;
    if (!parse_path(&p)) {
        *why = p.why;
        return false;
    }
    *p.tail = '\0';
    out->path = span_make(p.path, (size_t)(p.tail - p.path));
    out->hidden = p.hidden && has_private_segment(out->path);
    return true;
}
