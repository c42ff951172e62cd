/* SPDX-License-Identifier: Apache-2.0
 * What a tested request was answered. Looked at on the thread that ran it, after the end: nobody changes
 * it any more. */
#include "testkit/testkit_priv.h"

/* NULL: there is no answer yet. */
static const struct response *answer(const struct cs_test_request *q)
{
    return q && q->ran && q->ended ? &q->x->res : NULL;
}

int cs_test_status(cs_test_request *q)
{
    const struct response *r = answer(q);
    return r && r->committed ? r->status : 0;
}

const char *cs_test_header(cs_test_request *q, const char *name)
{
    const struct response *r = answer(q);
    return r && r->committed ? headers_find(&r->headers, span_of(name), 0).p : NULL;
}

int cs_test_header_at(cs_test_request *q, uint32_t i, cs_str *name, cs_str *value)
{
    const struct response *r = answer(q);
    if (!r || !r->committed || i >= r->headers.n)
        return CS_ENOENT;
    const struct header *h = &r->headers.v[i];
    *name = (cs_str){h->name.p, h->name.n};
    *value = (cs_str){h->value.p, h->value.n};
    return CS_OK;
}

cs_str cs_test_body(cs_test_request *q)
{
    const char *text = answer(q) ? buf_cstr(&q->got) : NULL;
    return text ? (cs_str){text, buf_len(&q->got)} : (cs_str){"", 0};
}

const char *cs_test_text(cs_test_request *q)
{
    return cs_test_body(q).ptr;
}

const char *cs_test_detail(cs_test_request *q)
{
    const struct response *r = answer(q);
    return r && r->failure.n > 0 ? r->failure.p : NULL;
}

int cs_test_complete(cs_test_request *q)
{
    return answer(q) && q->complete;
}
