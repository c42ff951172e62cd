/* SPDX-License-Identifier: Apache-2.0
 * See conditions.h. */
#include "conditions.h"

#include <string.h>

static bool is_weak(cs_str etag)
{
    return etag.len >= 2 && etag.ptr[0] == 'W' && etag.ptr[1] == '/';
}

/* Takes one entity tag off the front. False: there is none. */
static bool take_etag(cs_str *rest, cs_str *etag)
{
    size_t n = is_weak(*rest) ? 2 : 0;
    if (n >= rest->len || rest->ptr[n] != '"')
        return false;
    for (n++; n < rest->len && rest->ptr[n] != '"'; n++) {
        unsigned char c = (unsigned char)rest->ptr[n];
        if (c <= ' ' || c == 0x7f)
            return false;
    }
    if (n == rest->len)
        return false;
    *etag = (cs_str){rest->ptr, n + 1};
    *rest = (cs_str){rest->ptr + n + 1, rest->len - n - 1};
    return true;
}

static bool same_etag(cs_str a, cs_str b, bool strong)
{
    if (strong && (is_weak(a) || is_weak(b)))
        return false;
    size_t skip_a = is_weak(a) ? 2 : 0, skip_b = is_weak(b) ? 2 : 0;
    return a.len - skip_a == b.len - skip_b &&
           memcmp(a.ptr + skip_a, b.ptr + skip_b, a.len - skip_a) == 0;
}

static bool skip_to_element(cs_str *rest)
{
    while (rest->len > 0 && (*rest->ptr == ' ' || *rest->ptr == '\t' || *rest->ptr == ',')) {
        rest->ptr++;
        rest->len--;
    }
    return rest->len > 0;
}

bool etag_listed(cs_str list, cs_str etag, bool strong)
{
    cs_str one;
    if (!etag.ptr)
        return false;
    if (list.len == 1 && *list.ptr == '*')
        return true;
    while (skip_to_element(&list) && take_etag(&list, &one)) {
        if (same_etag(one, etag, strong))
            return true;
    }
    return false;
}

enum conditions_verdict conditions_judge(const struct conditions *c, const struct validators *v,
                                         bool reads)
{
    bool exists = v->etag.ptr != NULL;
    if (c->if_match.ptr) {
        if (!etag_listed(c->if_match, v->etag, true))
            return CONDITIONS_FAILED;
    } else if (c->if_unmodified_since != CONDITIONS_NO_DATE) {
        if (!exists || v->modified > c->if_unmodified_since)
            return CONDITIONS_FAILED;
    }
    if (c->if_none_match.ptr) {
        if (etag_listed(c->if_none_match, v->etag, false))
            return reads ? CONDITIONS_NOT_MODIFIED : CONDITIONS_FAILED;
    } else if (reads && c->if_modified_since != CONDITIONS_NO_DATE && exists &&
               v->modified <= c->if_modified_since) {
        return CONDITIONS_NOT_MODIFIED;
    }
    return CONDITIONS_PERFORM;
}

bool conditions_allow_range(const struct conditions *c, const struct validators *v, int64_t now)
{
    cs_str rest = c->if_range, etag;
    if (!c->range.ptr || !v->etag.ptr)
        return false;
    if (!c->if_range.ptr)
        return true;
    if (take_etag(&rest, &etag))
        return rest.len == 0 && same_etag(etag, v->etag, true);
    /* A date is a strong validator when the second it names is over (8.8.2.2). */
    return c->if_range_date != CONDITIONS_NO_DATE && c->if_range_date == v->modified &&
           now > v->modified;
}
