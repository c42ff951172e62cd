/* SPDX-License-Identifier: Apache-2.0
 * See multipart.h. A delimiter begins with CR, which stands nowhere else in it: what looked like one and
 * was none need only be looked at again from its last byte on. */
#include "http/multipart.h"

#include "http/chars.h"

static bool is_boundary(struct span s)
{
    if (s.n == 0 || s.n > MULTIPART_BOUNDARY_MAX || s.p[s.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
            return false;
    return true;
}

bool multipart_init(struct multipart *m, struct span boundary, const struct multipart_sink *sink,
                    struct arena *arena, uint32_t max_parts, size_t max_header_size)
{
    *m = (struct multipart){.sink = *sink,
                            .arena = arena,
                            .max_parts = max_parts,
                            .max_header_size = max_header_size,
                            .matched = 2, /* the first one needs no CR LF before it */
                            .borrowed = 2};
    if (!is_boundary(boundary))
        return false;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.p, boundary.n);
    m->delimiter_n = 4 + boundary.n;
    return true;
}

void multipart_free(struct multipart *m)
{
    buf_free(&m->head);
}

const char *multipart_why(const struct multipart *m)
{
    return m->why ? m->why : "The multipart body is malformed (RFC 7578).";
}

static bool malformed(struct multipart *m, const char *why)
{
    m->why = why;
    m->verdict = MULTIPART_MALFORMED;
    return false;
}

static bool stop(struct multipart *m, enum multipart_verdict v)
{
    m->verdict = v;
    return false;
}

/* ---- content, up to a delimiter ---- */

static bool give(struct multipart *m, struct span bytes)
{
    if (m->state != MULTIPART_BODY || bytes.n == 0)
        return true;
    return m->sink.data(m->sink.arg, bytes) || stop(m, MULTIPART_STOPPED);
}

static bool delimiter_found(struct multipart *m)
{
    m->matched = m->borrowed = 0;
    m->behind_n = 0;
    m->padded = false;
    if (m->state == MULTIPART_BODY && !m->sink.end(m->sink.arg))
        return stop(m, MULTIPART_STOPPED);
    m->state = MULTIPART_BEHIND;
    return true;
}

/* Goes on with a delimiter that the last piece ended in. */
static bool resume_match(struct multipart *m, struct span *in)
{
    while (in->n > 0 && m->matched > 0 && m->matched < m->delimiter_n) {
        if (in->p[0] != m->delimiter[m->matched]) {
            struct span mistaken = span_make(m->delimiter, m->matched);
            mistaken = span_from(mistaken, m->borrowed);
            m->matched = m->borrowed = 0;
            return give(m, mistaken);
        }
        m->matched++;
        *in = span_from(*in, 1);
    }
    return m->matched < m->delimiter_n || delimiter_found(m);
}

/* How much of S, from its start, is the beginning of a delimiter: all of it or all that there is, else 0. */
static size_t match_at(const struct multipart *m, struct span s)
{
    size_t n = s.n < m->delimiter_n ? s.n : m->delimiter_n;
    return memcmp(s.p, m->delimiter, n) == 0 ? n : 0;
}

static bool take_content(struct multipart *m, struct span *in)
{
    if (m->matched > 0)
        return resume_match(m, in);
    size_t at = 0;
    while ((at = span_find(*in, at, '\r')) < in->n) {
        size_t n = match_at(m, span_from(*in, at));
        if (n > 0) {
            struct span before = span_cut(*in, 0, at);
            *in = span_from(*in, at + n);
            m->matched = n;
            return give(m, before) && (n < m->delimiter_n || delimiter_found(m));
        }
        at++;
    }
    struct span all = *in;
    *in = span_from(*in, in->n);
    return give(m, all);
}

/* ---- behind a delimiter ---- */

/* "--" ends all parts, CR LF begins one; blanks may stand before the CR LF (RFC 2046 5.1.1). */
static bool take_behind(struct multipart *m, struct span *in)
{
    char c = in->p[0];
    *in = span_from(*in, 1);
    if (m->behind_n == 0 && (c == ' ' || c == '\t')) {
        m->padded = true;
        return true;
    }
    m->behind[m->behind_n++] = c;
    bool closes = m->behind[0] == '-' && !m->padded;
    if (c != (closes ? '-' : m->behind_n == 1 ? '\r' : '\n'))
        return malformed(m, "Something follows a boundary on its line (RFC 2046 5.1.1).");
    if (m->behind_n < 2)
        return true;
    m->state = closes ? MULTIPART_EPILOGUE : MULTIPART_HEAD;
    if (closes)
        return true;
    if (++m->parts > m->max_parts)
        return stop(m, MULTIPART_PARTS);
    buf_clear(&m->head);
    return true;
}

/* ---- fields ---- */

static bool add_field(struct multipart *m, struct headers *fields, struct span line)
{
    size_t colon = span_find(line, 0, ':');
    struct span name = span_cut(line, 0, colon), value = span_trim(span_from(line, colon + 1));
    if (colon == line.n || !http_is_token(name) || !http_is_field_value(value))
        return malformed(m, "A field of a part is malformed (RFC 7578 4).");
    return headers_add_copy(fields, m->arena, name, value) || stop(m, MULTIPART_NO_MEMORY);
}

/* m->head is complete, with the empty line. */
static bool head_complete(struct multipart *m)
{
    struct headers fields = {.v = NULL};
    struct span rest = buf_span(&m->head);
    while (rest.n > 2) {
        size_t end = span_find(rest, 0, '\n');
        if (!add_field(m, &fields, span_cut(rest, 0, end - 1)))
            return false;
        rest = span_from(rest, end + 1);
    }
    m->state = MULTIPART_BODY;
    m->matched = m->borrowed = 2; /* a part without content may end with the empty line's CR LF */
    return m->sink.begin(m->sink.arg, &fields) || stop(m, MULTIPART_STOPPED);
}

/* Lines end with exactly CR LF; one byte at a time, for there are few. */
static bool take_head(struct multipart *m, struct span *in)
{
    char c = in->p[0], last = '\n', before = '\r';
    size_t n = buf_len(&m->head);
    *in = span_from(*in, 1);
    if (n > 0)
        last = buf_data(&m->head)[n - 1];
    if ((c == '\n') != (last == '\r'))
        return malformed(m, "A line of a part's fields does not end with CR LF (RFC 2046 5.1).");
    if (n >= m->max_header_size)
        return stop(m, MULTIPART_HEADER_SIZE);
    if (!buf_append(&m->head, &c, 1))
        return stop(m, MULTIPART_NO_MEMORY);
    if (c != '\n')
        return true;
    if (n >= 2)
        before = buf_data(&m->head)[n - 2];
    bool empty_line = n == 1 || (n >= 3 && before == '\n');
    return !empty_line || head_complete(m);
}

/* ---- all of it ---- */

enum multipart_verdict multipart_feed(struct multipart *m, struct span in)
{
    bool ok = m->verdict == MULTIPART_OK;
    while (ok && in.n > 0) {
        switch (m->state) {
        case MULTIPART_PREAMBLE:
        case MULTIPART_BODY:
            ok = take_content(m, &in);
            break;
        case MULTIPART_BEHIND:
            ok = take_behind(m, &in);
            break;
        case MULTIPART_HEAD:
            ok = take_head(m, &in);
            break;
        case MULTIPART_EPILOGUE:
            return MULTIPART_OK;
        }
    }
    return m->verdict;
}

enum multipart_verdict multipart_finish(struct multipart *m)
{
    if (m->verdict == MULTIPART_OK && m->state != MULTIPART_EPILOGUE)
        malformed(m, "The multipart body ends before its last boundary (RFC 2046 5.1.1).");
    return m->verdict;
}
