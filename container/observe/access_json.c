/* SPDX-License-Identifier: Apache-2.0
 * The JSON form of an access log: the codes of a pattern become members of one object, those with a
 * name members of a group in it. It is the same list of elements, with other literals between them.
 * Also the encoding of literals. Called by access_pattern.c. */
#include <strings.h>
#include "base/json.h"
#include "observe/access_priv.h"

static const enum access_code groups[] = {ACCESS_CODE_cookie, ACCESS_CODE_request_field,
                                          ACCESS_CODE_response_field, ACCESS_CODE_request_attribute,
                                          ACCESS_CODE_session_attribute};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static bool in_group(enum access_code code)
{
    for (int i = 0; i < GROUPS; i++)
        if (groups[i] == code)
            return true;
    return false;
}

/* "name": with what stands before it. A code with an argument outside the groups is key-argument. */
static bool member(struct access_pattern *p, const struct access_element *e, const char *before,
                   struct err *err)
{
    struct buf name = BUF_EMPTY, text = BUF_EMPTY;
    struct json j = json_begin(&text);
    const char *key = access_rows[e->code].key;
    bool grouped = in_group(e->code);
    bool ok = grouped     ? buf_append_span(&name, e->text)
              : e->text.p ? buf_printf(&name, "%s-%.*s", key, SPAN_ARG(e->text))
                          : buf_append_str(&name, key);
    ok = ok && buf_append_str(&text, before);
    json_string(&j, NULL, buf_span(&name));
    ok = ok && j.ok && buf_append_str(&text, ":\"");
    ok = ok ? access_pattern_literal(p, buf_span(&text), err)
            : err_set(err, "out of memory for an access log's pattern");
    buf_free(&name);
    buf_free(&text);
    return ok && access_pattern_add(p, *e, err);
}

/* Whether V[I] was there before: an object has each name once. */
static bool repeated(const struct access_element *v, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (v[k].code == v[i].code && span_eq(v[k].text, v[i].text))
            return true;
    return false;
}

static bool plain_members(struct access_pattern *p, const struct access_element *v, uint32_t count,
                          struct err *err)
{
    const char *before = "{";
    for (uint32_t i = 0; i < count; i++) {
        if (v[i].code == ACCESS_CODE_literal || in_group(v[i].code) || repeated(v, i))
            continue;
        if (!member(p, &v[i], before, err))
            return false;
        before = "\",";
    }
    return true;
}

/* The members of one group; FIRST: nothing stands before it in the object. */
static bool group_members(struct access_pattern *p, const struct access_element *v, uint32_t count,
                          enum access_code code, struct err *err)
{
    const char *before = NULL;
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) {
        if (v[i].code != code || repeated(v, i))
            continue;
        if (!before) {
            const char *open = p->count == 0                       ? "{\""
                               : in_group(p->v[p->count - 1].code) ? "\"},\""
                                                                   : "\",\"";
            ok = access_pattern_literal(p, span_of(open), err) &&
                 access_pattern_literal(p, span_of(access_rows[code].key), err);
        }
        ok = ok && member(p, &v[i], before ? before : "\":{", err);
        before = "\",";
    }
    return ok;
}

bool access_json_make(struct access_pattern *p, const struct access_element *v, uint32_t count,
                      struct err *err)
{
    if (!plain_members(p, v, count, err))
        return false;
    for (int i = 0; i < GROUPS; i++)
        if (!group_members(p, v, count, groups[i], err))
            return false;
    return access_pattern_literal(
        p, in_group(p->v[p->count - 1].code) ? SPAN_LIT("\"}}") : SPAN_LIT("\"}"), err);
}

/* ---- encodings ---- */

/* The bytes of TEXT, which are UTF-8, as bytes up to HIGHEST. False: some character is above. */
static bool narrow(struct span *text, unsigned highest)
{
    char *out = (char *)(uintptr_t)text->p; /* in the pattern's own arena, and it only shrinks */
    size_t n = 0;
    for (struct span s = *text; s.n > 0;) {
        size_t length = json_utf8_length(s);
        unsigned char c = (unsigned char)s.p[0];
        unsigned point = length == 1   ? c
                         : length == 2 ? (c & 0x1fu) << 6 | ((unsigned char)s.p[1] & 0x3fu)
                                       : highest + 1;
        if (point > highest)
            return false;
        out[n++] = (char)(unsigned char)point;
        s = span_from(s, length);
    }
    text->n = n;
    return true;
}

bool access_encode_literals(struct access_pattern *p, const char *encoding, struct err *err)
{
    unsigned highest = 0;
    if (strcasecmp(encoding, "ISO-8859-1") == 0)
        highest = 0xff;
    else if (strcasecmp(encoding, "US-ASCII") == 0)
        highest = 0x7f;
    else if (strcasecmp(encoding, "UTF-8") == 0)
        return true;
    if (highest == 0 || p->json) {
        err_set(err, "an access log%s cannot be written in the encoding %s",
                p->json ? " in JSON" : "", encoding);
        return err_hint(err, "It is UTF-8%s", p->json ? "" : ", US-ASCII or ISO-8859-1");
    }
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->v[i].code == ACCESS_CODE_literal && !narrow(&p->v[i].text, highest))
            return err_set(err, "the pattern has a character that %s does not have", encoding);
    }
    return true;
}
